import { type Credential, type CredentialBody, makeCredential } from './credential.ts'
import type { ElapsedClock } from './elapsed-clock.ts'

/** What the client holds of one connection. Instants are ms of the elapsed clock. */
export interface CachedCredential {
  readonly credential: Credential
  /** The credential as a settled promise: one object for all who ask while it lasts. */
  readonly settled: Promise<Credential>
  readonly etag: string | undefined
  readonly bytes: number
  /** Infinity when the vault knows of no end. */
  readonly endsAtMs: number
  /** When the request began whose answer last confirmed it. */
  checkedAtMs: number
  /** The place of that request in the order of requests and of news about the connection. */
  order: number
  /** The largest `min_ttl` that this answer was the vault's best for. */
  askedTtlMs: number
  /** The vault did not answer lately: until then nobody waits for it while the credential lasts. */
  patienceUntilMs: number
  /** Asked for since the cache last looked for room. */
  used: boolean
}

/** A request for a credential: when it began, its place in the order of things, and how long the flow needs it. */
export interface CredentialAsk {
  readonly startedAtMs: number
  readonly order: number
  readonly minTtlMs: number
}

/** An estimate of what an entry costs beside the text of its answer: objects, strings' heads, the map's slot. */
const ENTRY_OVERHEAD_BYTES = 600
/** Text is held as parsed strings and as the overlay: twice what came over the wire. */
const BYTES_PER_WIRE_BYTE = 2

/**
 * Credentials by connection id, in memory only, under a cap of bytes. Room is made by the second chance: the oldest
 * that nobody used since the last look goes first, which costs a hit one assignment.
 */
export class CredentialCache {
  readonly #entries = new Map<string, CachedCredential>()
  readonly #maxBytes: number
  readonly #clock: ElapsedClock
  #bytes = 0

  constructor(maxBytes: number, clock: ElapsedClock) {
    this.#maxBytes = maxBytes
    this.#clock = clock
  }

  get(id: string): CachedCredential | undefined {
    const entry = this.#entries.get(id)
    if (entry !== undefined) entry.used = true
    return entry
  }

  put(
    id: string,
    answer: { body: CredentialBody; etag: string | undefined; bytes: number },
    ask: CredentialAsk,
  ): CachedCredential {
    const usable = answer.body.usable_for_seconds
    const endsAtMs = usable === null ? Number.POSITIVE_INFINITY : ask.startedAtMs + usable * 1000
    const credential = makeCredential(answer.body, () => endsAtMs - this.#clock.nowMs())
    const entry: CachedCredential = {
      credential,
      settled: Promise.resolve(credential),
      etag: answer.etag,
      bytes: answer.bytes * BYTES_PER_WIRE_BYTE + ENTRY_OVERHEAD_BYTES,
      endsAtMs,
      checkedAtMs: ask.startedAtMs,
      order: ask.order,
      askedTtlMs: ask.minTtlMs,
      patienceUntilMs: 0,
      used: false,
    }
    this.delete(id)
    // One that is larger than the whole cap is handed out and not kept; no other makes room for it.
    if (entry.bytes <= this.#maxBytes) {
      this.#makeRoom(entry.bytes)
      this.#entries.set(id, entry)
      this.#bytes += entry.bytes
    }
    return entry
  }

  delete(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    this.#bytes -= entry.bytes
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }

  ids(): string[] {
    return [...this.#entries.keys()]
  }

  #makeRoom(bytes: number): void {
    for (const [id, entry] of this.#entries) {
      if (this.#bytes + bytes <= this.#maxBytes) return
      if (entry.used) {
        entry.used = false
        this.#entries.delete(id)
        this.#entries.set(id, entry)
      } else this.delete(id)
    }
    // Everything was in use: each had its second chance in the pass above, so the oldest go now.
    for (const id of this.#entries.keys()) {
      if (this.#bytes + bytes <= this.#maxBytes) return
      this.delete(id)
    }
  }
}
