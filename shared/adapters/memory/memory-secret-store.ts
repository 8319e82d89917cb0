import { LOCAL_DEPLOYMENT } from '../../domain/secret-id.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ScanQuery, Write } from '../../ports/item-store.ts'
import { decodePageToken, encodePageToken } from '../../ports/page-token.ts'
import {
  RECOVERY_WINDOW_DAYS,
  SecretConflictError,
  type SecretDescription,
  SecretNotFoundError,
  type SecretPage,
  type SecretStore,
  type StagedVersion,
} from '../../ports/secret-store.ts'
import { assertStorableSecret } from '../secret-value-limits.ts'

const RECOVERY_WINDOW_MS = RECOVERY_WINDOW_DAYS * 24 * 3600_000
/** Page tokens of `list` are good for `list` and for nothing else. */
const LIST_IDENTITY = ['memory-secrets']

interface StoredSecret {
  readonly createdAtMs: number
  readonly versions: Map<string, SecretText>
  deletedAtMs?: number
}

/**
 * Secrets in this process's memory, lost with it: for tests and simulations. Every call is done when its promise
 * is made. A secret that waits for its deletion takes no new version and is still readable.
 */
export class MemorySecretStore implements SecretStore {
  readonly staging = 'at-once'
  readonly deployment = LOCAL_DEPLOYMENT
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #secrets = new Map<string, StoredSecret>()

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  async stage(secretId: string, versionId: string, value: SecretText): Promise<StagedVersion> {
    assertStorableSecret(value)
    const secret: StoredSecret = this.#secrets.get(secretId) ?? {
      createdAtMs: this.#clock.nowMs(),
      versions: new Map(),
    }
    if (secret.deletedAtMs !== undefined) throw new SecretNotFoundError('the secret waits for its deletion')
    const earlier = secret.versions.get(versionId)
    if (earlier !== undefined && earlier.reveal() !== value.reveal()) {
      throw new SecretConflictError('the version is there already, with another value')
    }
    secret.versions.set(versionId, value)
    this.#secrets.set(secretId, secret)
    return { versionId, writes: [] }
  }

  async get(secretId: string, versionId: string): Promise<SecretText> {
    const value = this.#secrets.get(secretId)?.versions.get(versionId)
    if (value === undefined) throw new SecretNotFoundError('there is no such version of the secret')
    return value
  }

  async create(secretId: string): Promise<void> {
    if (this.#secrets.has(secretId)) return
    this.#secrets.set(secretId, { createdAtMs: this.#clock.nowMs(), versions: new Map() })
  }

  discarding(): readonly Write[] {
    return []
  }

  async discard(secretId: string, versionId: string): Promise<void> {
    this.#secrets.get(secretId)?.versions.delete(versionId)
  }

  async scheduleDeletion(secretId: string): Promise<void> {
    const secret = this.#secrets.get(secretId)
    if (secret !== undefined) secret.deletedAtMs ??= this.#clock.nowMs()
  }

  async restore(secretId: string): Promise<void> {
    const secret = this.#secrets.get(secretId)
    if (secret === undefined) throw new SecretNotFoundError('there is no such secret')
    const { deletedAtMs } = secret
    if (deletedAtMs !== undefined && this.#clock.nowMs() - deletedAtMs >= RECOVERY_WINDOW_MS) {
      throw new SecretNotFoundError('the recovery window of the secret is over')
    }
    delete secret.deletedAtMs
  }

  async purge(secretId: string): Promise<void> {
    this.#secrets.delete(secretId)
  }

  async has(secretId: string, versionId: string): Promise<boolean> {
    return this.#secrets.get(secretId)?.versions.has(versionId) ?? false
  }

  async list(query: ScanQuery): Promise<SecretPage> {
    if ((query.segment?.index ?? 0) > 0) return { items: [] }
    const after = decodePageToken(LIST_IDENTITY, query.nextToken, [''] as [string])?.[0] ?? ''
    const left = [...this.#secrets.keys()].filter((secretId) => secretId > after).sort()
    const page = left.slice(0, query.limit)
    const items = page.map((secretId) => this.#describe(secretId))
    const last = page.at(-1)
    if (last === undefined || left.length <= query.limit) return { items }
    return { items, nextToken: encodePageToken(LIST_IDENTITY, [last]) }
  }

  #describe(secretId: string): SecretDescription {
    const { createdAtMs, deletedAtMs } = this.#secrets.get(secretId)!
    return deletedAtMs === undefined ? { secretId, createdAtMs } : { secretId, createdAtMs, deletedAtMs }
  }
}
