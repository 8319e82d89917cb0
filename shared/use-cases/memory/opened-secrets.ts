import { LRUCache } from 'lru-cache'
import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { InvariantError } from '../../domain/errors.ts'
import type { GrantTokens } from '../../domain/grant.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { GrantSealer } from '../../ports/grant-sealer.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { SecretNotFoundError, type SecretStore } from '../../ports/secret-store.ts'
import { SingleFlight } from '../../ports/single-flight.ts'

/**
 * 64 MiB of plaintext: about 60,000 API keys, or 10,000 grants. The least recently used go first; what is
 * superseded is never asked for again and ages out.
 */
const MAX_OPENED_BYTES = 64 * 1024 * 1024
/** What an entry costs beside its text: the parsed object and the cache's own links. */
const ENTRY_OVERHEAD_BYTES = 512

/** What a flow sends, as it was last rendered from an opened value. */
interface Rendered {
  rendered?: { readonly key: string; readonly body: SecretText }
}

/** One opened secret version: a setup, and what was last rendered from it. */
export interface OpenedSecret extends Rendered {
  readonly setup: JsonObject
}

/** One opened item of access tokens, by grant name, and what was last rendered from it. */
export interface OpenedAccess extends Rendered {
  readonly tokens: Readonly<Record<string, GrantTokens>>
}

type Owner = Pick<ConnectionRow, 'tenant' | 'id'>

/**
 * Opened values in memory only: setups by secret and version, access tokens by owner and mark. Both are immutable, so
 * an entry is never stale: a changed connection points at another. Opening costs 15 µs of AES on one machine and a
 * network call on AWS, and this cache is why a warm fetch pays neither. Every key begins with the tenant or with a
 * secret's name, which does.
 */
export class OpenedSecrets {
  readonly #secrets: Pick<SecretStore, 'get'>
  readonly #sealer: Pick<GrantSealer, 'open'>
  readonly #cache: LRUCache<string, OpenedSecret | OpenedAccess>
  readonly #opening = new SingleFlight<OpenedSecret | OpenedAccess>()
  readonly #metrics: Metrics | undefined

  /** With `metrics` each lookup is counted: a `hit` in memory, or a `miss` that asks the store. */
  constructor(
    secrets: Pick<SecretStore, 'get'>,
    sealer: Pick<GrantSealer, 'open'>,
    { maxBytes = MAX_OPENED_BYTES, metrics }: { maxBytes?: number; metrics?: Metrics } = {},
  ) {
    this.#secrets = secrets
    this.#sealer = sealer
    this.#cache = new LRUCache({ maxSize: maxBytes })
    this.#metrics = metrics
  }

  /** The setup in memory, or undefined: a miss is counted by the `open` that follows it. */
  peek(pointer: SecretPointer): OpenedSecret | undefined {
    return this.#cached(secretKey(pointer)) as OpenedSecret | undefined
  }

  /** The access tokens in memory, or undefined. */
  peekAccess(owner: Owner, mark: string): OpenedAccess | undefined {
    return this.#cached(accessKey(owner, mark)) as OpenedAccess | undefined
  }

  /** The setup, opened once however many ask at the same time. Throws what the store throws. */
  open(pointer: SecretPointer): Promise<OpenedSecret> {
    const { secretId, versionId } = pointer
    const get = () => this.#secrets.get(secretId, versionId)
    return this.#once(secretKey(pointer), get, (text) => ({ setup: parseSetup(text) }))
  }

  /** The setup; undefined where there is none, or it is not to be seen. Throws what else the store throws. */
  async find(pointer: SecretPointer): Promise<JsonObject | undefined> {
    try {
      return (await this.open(pointer)).setup
    } catch (error) {
      if (error instanceof SecretNotFoundError) return undefined
      throw error
    }
  }

  /** The access tokens under that mark, opened once however many ask at the same time. Throws what the sealer throws. */
  openAccess(owner: Owner, mark: string): Promise<OpenedAccess> {
    const place = { tenant: owner.tenant, ownerId: owner.id, part: 'access', mark } as const
    return this.#once(accessKey(owner, mark), () => this.#sealer.open(place), parseAccess)
  }

  /** Keeps access tokens that this process has just stored, so that they are not opened to be handed out. */
  rememberAccess(owner: Owner, mark: string, text: SecretText): void {
    this.#keep(accessKey(owner, mark), text, parseAccess(text))
  }

  async #once<T extends OpenedSecret | OpenedAccess>(
    key: string,
    open: () => Promise<SecretText>,
    parse: (text: SecretText) => T,
  ): Promise<T> {
    const cached = this.#cached(key)
    if (cached !== undefined) return cached as T
    this.#metrics?.count('secret_lookups', 1, { outcome: 'miss' })
    const opened = await this.#opening.run(key, async () => {
      const text = await open()
      return this.#keep(key, text, parse(text))
    })
    return opened as T
  }

  #cached(key: string): OpenedSecret | OpenedAccess | undefined {
    const cached = this.#cache.get(key)
    if (cached !== undefined) this.#metrics?.count('secret_lookups', 1, { outcome: 'hit' })
    return cached
  }

  #keep<T extends OpenedSecret | OpenedAccess>(key: string, text: SecretText, opened: T): T {
    this.#cache.set(key, opened, { size: text.byteLength + ENTRY_OVERHEAD_BYTES })
    return opened
  }
}

/** The setup that a secret version holds. Throws `InvariantError` when somebody else wrote it. */
export function parseSetup(text: SecretText): JsonObject {
  return (parsed(text) as { setup: JsonObject }).setup
}

/** Refresh tokens by grant name, out of their sealed text. Throws `InvariantError` when somebody else wrote it. */
export function parseRefreshTokens(text: SecretText): Readonly<Record<string, string>> {
  return parsed(text) as Readonly<Record<string, string>>
}

function parseAccess(text: SecretText): OpenedAccess {
  return { tokens: parsed(text) as OpenedAccess['tokens'] }
}

function parsed(text: SecretText): unknown {
  try {
    return JSON.parse(text.reveal())
  } catch {
    // The parser's own message quotes the text, and would be logged.
    throw new InvariantError('a secret does not hold what the vault stores')
  }
}

function secretKey(pointer: SecretPointer): string {
  return `${pointer.secretId} ${pointer.versionId}`
}

function accessKey(owner: Owner, mark: string): string {
  return `${owner.tenant} ${owner.id} ${mark}`
}
