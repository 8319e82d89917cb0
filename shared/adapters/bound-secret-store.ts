import type { SecretText } from '../domain/secret-text.ts'
import { SECRET_STORE_KEY } from '../domain/store-keys.ts'
import {
  type Attributes,
  type ItemStore,
  type ScanQuery,
  StoreUnavailableError,
  type Write,
} from '../ports/item-store.ts'
import type { SecretPage, SecretStore, StagedVersion } from '../ports/secret-store.ts'
import { tryTransact } from '../ports/try-transact.ts'
import { hasStoreFormat, SECRET_STORE_ROWS, STORE_FORMAT } from '../rows/vault-rows.ts'

/** What a secret store is bound by. */
interface Binding {
  readonly items: Pick<ItemStore, 'get' | 'transact'>
  readonly secrets: SecretStore
  /** The kind of `secrets`, as the setting names it. */
  readonly kind: string
  /** Whether this process may say which kind it is, where nobody has: the one that stores first. */
  readonly mayBegin: boolean
}

/**
 * The secret store that the rows were begun with, and no other: their pointers lead nowhere in any other, a secret
 * that is absent there may be taken for one that was never stored, and a deletion would destroy nothing. The kind is
 * kept beside the rows with the first secret. It is compared once in a process, with the first call, so that a warm
 * fetch costs nothing; until it agrees every call throws `StoreUnavailableError` (`not-applied`).
 */
export class BoundSecretStore implements SecretStore {
  readonly #binding: Binding
  #agrees = false

  constructor(binding: Binding) {
    this.#binding = binding
  }

  get deployment(): string {
    return this.#binding.secrets.deployment
  }

  get staging(): SecretStore['staging'] {
    return this.#binding.secrets.staging
  }

  async stage(...args: Parameters<SecretStore['stage']>): Promise<StagedVersion> {
    return (await this.#proved({ begins: true })).stage(...args)
  }

  async create(secretId: string): Promise<void> {
    return (await this.#proved({ begins: true })).create(secretId)
  }

  discarding(secretId: string, versionId: string): readonly Write[] {
    return this.#binding.secrets.discarding(secretId, versionId)
  }

  async get(secretId: string, versionId: string): Promise<SecretText> {
    return (await this.#proved()).get(secretId, versionId)
  }

  async discard(secretId: string, versionId: string): Promise<void> {
    return (await this.#proved()).discard(secretId, versionId)
  }

  async scheduleDeletion(secretId: string): Promise<void> {
    return (await this.#proved()).scheduleDeletion(secretId)
  }

  async restore(secretId: string): Promise<void> {
    return (await this.#proved()).restore(secretId)
  }

  async purge(secretId: string): Promise<void> {
    return (await this.#proved()).purge(secretId)
  }

  async has(secretId: string, versionId: string): Promise<boolean> {
    return (await this.#proved()).has(secretId, versionId)
  }

  async list(query: ScanQuery): Promise<SecretPage> {
    return (await this.#proved()).list(query)
  }

  async #proved(options: { begins?: boolean } = {}): Promise<SecretStore> {
    await this.prove(options)
    return this.#binding.secrets
  }

  /**
   * Resolves when the rows were begun with this kind of store, or hold no secret yet; throws as said above. `afresh`
   * asks the row store in any case, `begins` says that a secret is to be stored next.
   */
  async prove({ afresh = false, begins = false } = {}): Promise<void> {
    if (this.#agrees && !afresh) return
    const kept =
      (await this.#binding.items.get(SECRET_STORE_KEY)) ??
      (begins && this.#binding.mayBegin ? await this.#begin() : undefined)
    if (kept === undefined) return
    if (!hasStoreFormat(kept)) throw otherFormat()
    const { kind } = SECRET_STORE_ROWS.decode(kept)
    if (kind !== this.#binding.kind) throw otherStore(kind, this.#binding.kind)
    this.#agrees = true
  }

  async #begin(): Promise<Attributes | undefined> {
    const { items, kind } = this.#binding
    const attributes = SECRET_STORE_ROWS.encode({ kind, format: STORE_FORMAT })
    const when = [{ kind: 'item-absent' }] as const
    const begins = await tryTransact(items, { op: 'put', key: SECRET_STORE_KEY, attributes, when })
    return begins ? attributes : items.get(SECRET_STORE_KEY)
  }
}

function otherFormat(): StoreUnavailableError {
  return new StoreUnavailableError(
    'the table holds data in a format that this release does not read: use the release that wrote it, or another stage',
    'not-applied',
  )
}

function otherStore(kept: string, set: string): StoreUnavailableError {
  return new StoreUnavailableError(
    `the secrets of this table are in ${kept}, and secretStore=${set} is set: nothing is read or written until it is ${kept} again`,
    'not-applied',
  )
}
