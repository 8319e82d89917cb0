/** Runs one call a key at a time: whoever asks while it runs gets the same outcome. */
export class SingleFlight<Result> {
  readonly #running = new Map<string, Promise<Result>>()

  /** The outcome of `start`, or of the call for this key that is running already. */
  run(key: string, start: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const call = start().finally(() => this.#running.delete(key))
    this.#running.set(key, call)
    return call
  }
}
