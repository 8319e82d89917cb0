import { inspect } from 'node:util'

const REDACTED = '[redacted]'

/**
 * Plaintext that must never be printed. JSON, template strings, `util.inspect` and string concatenation
 * all give `[redacted]`; only `.reveal()` gives the text, and `test/tidy.test.ts` lists the files that may call it.
 */
export class SecretText {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The plaintext itself. */
  reveal(): string {
    return this.#text
  }

  /** The length of the plaintext in UTF-8 bytes, which is what stores and limits count. */
  get byteLength(): number {
    return Buffer.byteLength(this.#text, 'utf8')
  }

  /** Whether both are the same text; who compares sees neither. */
  isSame(other: SecretText): boolean {
    return this.#text === other.#text
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.toPrimitive](): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}
