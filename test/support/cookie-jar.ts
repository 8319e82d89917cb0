/** The cookies of one browser at one host. */
export class CookieJar {
  readonly #cookies = new Map<string, string>()

  /** Keeps what an answer sets. */
  take(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.#cookies.set(name, value)
    }
  }

  /** The `Cookie` header of the next request. */
  cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }
}
