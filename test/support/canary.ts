import { randomBytes } from 'node:crypto'

/** Secrets to look for, each under a name that a failure shows in its place. */
export type Secrets = ReadonlyMap<string, string>

const CANARY_LENGTH = 48

/** Values that occur nowhere else. All begin with one marker, so that a single search finds any of them. */
export class Canaries {
  /** Lower case and digits, which no encoding but base64 and hex changes. */
  readonly marker = `cnry${randomBytes(8).toString('hex')}`
  #planted = 0

  /** The next value, 48 characters, long enough for every field. */
  next(): string {
    this.#planted += 1
    return `${this.marker}n${this.#planted}`.padEnd(CANARY_LENGTH, 'z')
  }

  get planted(): number {
    return this.#planted
  }
}

/** The names of the secrets that the text or bytes hold: as they are, or in base64, hex, URL or JSON encoding. */
export function leaksIn(content: string | Buffer, secrets: Secrets): string[] {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const leaked = [...secrets].filter(([, secret]) => formsOf(secret).some((form) => bytes.includes(form)))
  return leaked.map(([name]) => name)
}

/** A secret in every encoding; base64 at each of the three alignments it can have inside something larger. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const forms = [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams([['', secret]]).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ]
  for (const shift of [0, 1, 2]) {
    const inside = Buffer.concat([Buffer.alloc(shift), bytes])
    // The characters at the ends mix with the neighbours' bits and are left out.
    const first = Math.ceil((shift * 8) / 6)
    const end = Math.floor((inside.length * 8) / 6)
    forms.push(inside.toString('base64').slice(first, end), inside.toString('base64url').slice(first, end))
  }
  return [...new Set(forms)]
}
