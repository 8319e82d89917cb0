/** Lines wait this long at most: an operator who watches them does not notice. A process that is killed loses them. */
const FLUSH_AFTER_MS = 200
/** A batch is written early at this size, so that memory stays flat under load. */
const FLUSH_AT_CHARACTERS = 64 * 1024

/**
 * Lines in batches: one write for many, because a synchronous line a request costs more than all the rest of the
 * request. `flush` writes what waits; call it before the process ends. What `write` refuses, with false, goes on
 * waiting.
 */
export class LineBatch {
  readonly #write: (text: string) => boolean
  #waiting = ''
  #timer: NodeJS.Timeout | undefined

  constructor(write: (text: string) => boolean) {
    this.#write = write
  }

  /** In characters, of what waits. */
  get length(): number {
    return this.#waiting.length
  }

  add(line: string): void {
    this.#waiting += line
    if (this.#waiting.length >= FLUSH_AT_CHARACTERS) this.flush()
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS).unref()
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting !== '' && this.#write(this.#waiting)) this.#waiting = ''
  }
}
