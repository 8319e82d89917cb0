import {
  META_SORT,
  metaKey,
  secretIdOfPartition,
  secretPartition,
  VERSION_PREFIX,
  versionKey,
  versionOfKey,
} from '../../domain/sealed-keys.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  type Attributes,
  ConditionFailedError,
  type ItemKey,
  type ItemStore,
  type ScanQuery,
  type Write,
} from '../../ports/item-store.ts'
import type { KeyWrapper } from '../../ports/key-wrapper.ts'
import type { Random } from '../../ports/random.ts'
import {
  RECOVERY_WINDOW_DAYS,
  type SecretDescription,
  SecretNotFoundError,
  type SecretPage,
  type SecretStore,
  type SecretVersionDescription,
  type StagedVersion,
} from '../../ports/secret-store.ts'
import { UnreadableItemError } from '../../rows/row-codec.ts'
import { SEALED_VERSION_ROWS, SECRET_META_ROWS } from '../../rows/sealed-rows.ts'
import { assertStorableSecret } from '../secret-value-limits.ts'
import { envelopeOf, openText, sealText } from './envelope.ts'
import { type RewrapOutcome, type RewrapPage, rewrapItem, rewrapPage } from './rewrap.ts'
import { placeOf } from './sealed-places.ts'

const RECOVERY_WINDOW_MS = RECOVERY_WINDOW_DAYS * 24 * 60 * 60 * 1000

/**
 * Versions removed in one transaction. DynamoDB limits the items of one to 4 MB together and does not say that those
 * it deletes are left out; a version of 64 KiB is an item of 88 KB.
 */
const PURGED_TOGETHER = 40

/** What the sealed store is made of: rows, keys, time and chance. */
export interface SealedSecretStorePorts {
  /** What the deployment is called in the names of its secrets. */
  readonly deployment: string
  readonly items: ItemStore
  readonly keys: KeyWrapper
  readonly clock: Pick<Clock, 'nowMs'>
  readonly random: Random
  /**
   * Whether a replaced version goes in the transaction that replaces it: in one file that is a durable write less,
   * and in DynamoDB, where a delete costs twice as much in a transaction, it is not worth it.
   */
  readonly discardsAtOnce?: boolean
}

/**
 * Secrets in the row store, each version sealed under a data key of its own that the key wrapper wraps. A
 * version is one item and is read by one `get`. A secret that waits for its deletion is still readable here: the
 * row that points at it refuses first, and asking twice would double the cost of every fetch.
 */
export class SealedSecretStore implements SecretStore {
  readonly staging = 'with-the-row'
  readonly deployment: string
  readonly #ports: SealedSecretStorePorts

  constructor(ports: SealedSecretStorePorts) {
    this.#ports = ports
    this.deployment = ports.deployment
  }

  /** Seals the value and writes nothing: what is answered makes the item that `list` shows, or checks it. */
  async stage(
    secretId: string,
    versionId: string,
    value: SecretText,
    options: { isNew?: boolean } = {},
  ): Promise<StagedVersion> {
    assertStorableSecret(value)
    const envelope = await sealText(value, placeOf(secretId, versionId), this.#ports)
    const createdAtMs = this.#ports.clock.nowMs()
    const key = metaKey(secretId)
    const meta: Write = options.isNew
      ? {
          op: 'put',
          key,
          attributes: SECRET_META_ROWS.encode({ createdAtMs }),
          when: [{ kind: 'item-absent' }],
        }
      : { op: 'check', key, when: [{ kind: 'item-present' }, { kind: 'absent', attribute: 'deletedAtMs' }] }
    const version: Write = {
      op: 'put',
      key: versionKey(secretId, versionId),
      attributes: SEALED_VERSION_ROWS.encode({ ...envelope, createdAtMs }),
      when: [{ kind: 'item-absent' }],
    }
    return { versionId, writes: [meta, version] }
  }

  /** Nothing to do: the first version brings the secret along. */
  async create(): Promise<void> {}

  discarding(secretId: string, versionId: string): readonly Write[] {
    return this.#ports.discardsAtOnce === true ? [{ op: 'delete', key: versionKey(secretId, versionId) }] : []
  }

  async get(secretId: string, versionId: string): Promise<SecretText> {
    const version = SEALED_VERSION_ROWS.find(await this.#ports.items.get(versionKey(secretId, versionId)))
    if (version === undefined) throw new SecretNotFoundError('there is no such version of the secret')
    return openText(envelopeOf(version), placeOf(secretId, versionId), this.#ports.keys)
  }

  async discard(secretId: string, versionId: string): Promise<void> {
    await this.#ports.items.transact([{ op: 'delete', key: versionKey(secretId, versionId) }])
  }

  async scheduleDeletion(secretId: string): Promise<void> {
    await this.#changeMeta({
      op: 'update',
      key: metaKey(secretId),
      set: SECRET_META_ROWS.members({ deletedAtMs: this.#ports.clock.nowMs() }),
      when: [{ kind: 'item-present' }, { kind: 'absent', attribute: 'deletedAtMs' }],
    })
  }

  async restore(secretId: string): Promise<void> {
    const meta = SECRET_META_ROWS.find(await this.#ports.items.get(metaKey(secretId)))
    if (meta === undefined) throw new SecretNotFoundError('there is no such secret')
    const { deletedAtMs } = meta
    if (deletedAtMs === undefined) return
    if (this.#ports.clock.nowMs() - deletedAtMs >= RECOVERY_WINDOW_MS) {
      throw new SecretNotFoundError('the recovery window of the secret is over')
    }
    const restored = await this.#changeMeta({
      op: 'update',
      key: metaKey(secretId),
      remove: ['deletedAtMs'],
      when: [{ kind: 'equals', attribute: 'deletedAtMs', value: deletedAtMs }],
    })
    // Another caller restored or purged it meanwhile: the next look tells which.
    if (!restored) await this.restore(secretId)
  }

  /**
   * The mark goes first, so that no version can join a secret that is being destroyed, and the item that `list`
   * shows goes last, so that a purge which crashed half-way is still found.
   */
  async purge(secretId: string): Promise<void> {
    const { items } = this.#ports
    await this.scheduleDeletion(secretId)
    const partition = secretPartition(secretId)
    for (;;) {
      const page = await items.query({ partition, sortPrefix: VERSION_PREFIX, limit: PURGED_TOGETHER })
      if (page.items.length === 0) break
      await items.transact(page.items.map(({ key }) => ({ op: 'delete', key })))
    }
    await items.transact([{ op: 'delete', key: metaKey(secretId) }])
  }

  async has(secretId: string, versionId: string): Promise<boolean> {
    return (await this.#ports.items.get(versionKey(secretId, versionId))) !== undefined
  }

  async list(query: ScanQuery): Promise<SecretPage> {
    const page = await this.#ports.items.scan(query)
    const items: SecretDescription[] = []
    const versions: SecretVersionDescription[] = []
    const unreadable: { key: ItemKey; error: unknown }[] = []
    for (const { key, attributes } of page.items) {
      try {
        items.push(...describe(key, attributes))
        versions.push(...describeVersion(key, attributes))
      } catch (error) {
        if (!(error instanceof UnreadableItemError)) throw error
        unreadable.push({ key, error })
      }
    }
    return {
      items,
      versions,
      unreadable,
      ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }),
    }
  }

  /**
   * Has the active key wrap this version's data key; its ciphertext is not touched. Answers `contended` when the
   * item changed meanwhile. Throws `SecretNotFoundError`, and `KeyUnavailableError` when the old key is gone.
   */
  async rewrapVersion(secretId: string, versionId: string): Promise<RewrapOutcome> {
    const key = versionKey(secretId, versionId)
    const attributes = await this.#ports.items.get(key)
    if (attributes === undefined) throw new SecretNotFoundError('there is no such version of the secret')
    return rewrapItem({ key, attributes }, placeOf(secretId, versionId).context, this.#ports)
  }

  /**
   * One page of `rewrapVersion` over everything sealed, the key check included; go on with `nextToken`, and start
   * over after a crash. A key may be dropped once a whole pass counted nothing but `current`.
   */
  async rewrapAll(query: { limit: number; nextToken?: string }): Promise<RewrapPage> {
    return rewrapPage(query, this.#ports)
  }

  /** Whether the condition held. */
  async #changeMeta(write: Write): Promise<boolean> {
    try {
      await this.#ports.items.transact([write])
      return true
    } catch (error) {
      if (error instanceof ConditionFailedError) return false
      throw error
    }
  }
}

/** What `list` says of an item: something of a secret's `meta`, nothing of any other item in the store. */
function describe(key: ItemKey, attributes: Attributes): SecretDescription[] {
  const secretId = key.sort === META_SORT ? secretIdOfPartition(key.partition) : undefined
  if (secretId === undefined) return []
  const { createdAtMs, deletedAtMs } = SECRET_META_ROWS.decode(attributes)
  if (typeof createdAtMs !== 'number')
    throw new UnreadableItemError('the meta item of a secret has no createdAtMs')
  return [
    typeof deletedAtMs === 'number' ? { secretId, createdAtMs, deletedAtMs } : { secretId, createdAtMs },
  ]
}

function describeVersion(key: ItemKey, attributes: Attributes): SecretVersionDescription[] {
  const version = versionOfKey(key)
  if (version === undefined) return []
  return [{ ...version, createdAtMs: SEALED_VERSION_ROWS.decode(attributes).createdAtMs }]
}
