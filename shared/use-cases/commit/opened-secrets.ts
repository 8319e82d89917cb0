import { LRUCache } from 'lru-cache'
import type { SecretPointer } from '../../domain/connection.ts'
import { InvariantError } from '../../domain/errors.ts'
import type { StoredGrant } from '../../domain/grant.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { SecretStore } from '../../ports/secret-store.ts'
import type { SecretContent } from './secret-content.ts'
import { SingleFlight } from './single-flight.ts'

/**
 * 64 MiB of plaintext: about 60,000 API keys, or 10,000 grants. The least recently used go first; what is
 * superseded is never asked for again and ages out.
 */
const MAX_OPENED_BYTES = 64 * 1024 * 1024
/** What an entry costs beside its text: the parsed object and the cache's own links. */
const ENTRY_OVERHEAD_BYTES = 512

/** One opened secret version: the setup and the grants, and what was last rendered from them. */
export interface OpenedSecret {
  readonly content: SecretContent
  rendered?: { readonly key: string; readonly body: SecretText }
}

/**
 * Opened values by version, in memory only. Versions are immutable, so an entry is never stale: a changed
 * connection points at another version. Opening costs 15 µs of AES on one machine and a network call on AWS,
 * and this cache is why a warm fetch pays neither. Secret ids begin with the tenant, and so does every key here.
 */
export class OpenedSecrets {
  readonly #secrets: SecretStore
  readonly #cache: LRUCache<string, OpenedSecret>
  readonly #opening = new SingleFlight<OpenedSecret>()

  constructor(secrets: SecretStore, maxBytes: number = MAX_OPENED_BYTES) {
    this.#secrets = secrets
    this.#cache = new LRUCache({ maxSize: maxBytes })
  }

  /** The value in memory, or undefined. */
  peek(pointer: SecretPointer): OpenedSecret | undefined {
    return this.#cache.get(cacheKey(pointer))
  }

  /** The value, opened once however many ask at the same time. Throws what the store throws. */
  async open(pointer: SecretPointer): Promise<OpenedSecret> {
    const key = cacheKey(pointer)
    const cached = this.#cache.get(key)
    if (cached !== undefined) return cached
    return this.#opening.run(key, () => this.#openNow(key, pointer))
  }

  /** Keeps the value of a version that this process has just stored, so that it is not opened to be handed out. */
  remember(pointer: SecretPointer, text: SecretText): void {
    this.#keep(cacheKey(pointer), text)
  }

  async #openNow(key: string, pointer: SecretPointer): Promise<OpenedSecret> {
    return this.#keep(key, await this.#secrets.get(pointer.secretId, pointer.versionId))
  }

  #keep(key: string, text: SecretText): OpenedSecret {
    const opened: OpenedSecret = { content: parseContent(text) }
    this.#cache.set(key, opened, { size: text.byteLength + ENTRY_OVERHEAD_BYTES })
    return opened
  }
}

/** A secret version as what it holds. Throws `InvariantError` when somebody else wrote it. */
export function parseContent(text: SecretText): SecretContent {
  try {
    return JSON.parse(text.reveal()) as { setup: JsonObject; grants?: Record<string, StoredGrant> }
  } catch {
    // The parser's own message quotes the text, and would be logged.
    throw new InvariantError('a secret does not hold what the vault stores')
  }
}

function cacheKey(pointer: SecretPointer): string {
  return `${pointer.secretId} ${pointer.versionId}`
}
