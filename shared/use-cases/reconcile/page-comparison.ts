import type { ConnectionRow } from '../../domain/connection.ts'
import { InvariantError } from '../../domain/errors.ts'
import { connectionKey, findPartitionParts } from '../../domain/keys.ts'
import { findSealedGrant } from '../../domain/sealed-keys.ts'
import { findSecretIdParts, parseSecretId } from '../../domain/secret-id.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { SealedPlace } from '../../ports/grant-sealer.ts'
import type { Item, ItemKey } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  RECOVERY_WINDOW_DAYS,
  type SecretDescription,
  type SecretPage,
  type SecretVersionDescription,
} from '../../ports/secret-store.ts'
import { CONNECTION_ROWS } from '../../rows/connection-row.ts'
import { UnreadableItemError } from '../../rows/row-codec.ts'
import { forgetEndedSecret } from './ended-secrets.ts'
import { isLeftover, removeLeftover, tellMissingTokens } from './leftover-tokens.ts'
import { findOwnedSecret, findSecretOwner, type SecretOwner } from './secret-owners.ts'
import { forgetSighting, isSecondSighting } from './sightings.ts'

const DAY_MS = 24 * 3600_000
/** Nothing younger is removed: an operation that is still under way is minutes old at most. */
const MIN_AGE_MS = DAY_MS
/** A mistake of this comparison, or of whoever damaged the rows, must not empty the secret store in one night. */
const MAX_REMOVALS = 100
/** Each costs a write or a line; what is over is seen the next day. */
const MAX_SIGHTINGS = 1000

/** What one comparison of both stores found, and what it did about it. */
export interface ComparisonReport {
  readonly secrets: number
  readonly pointers: number
  /** Secrets that nothing points at, and versions of a live secret that nothing points at. */
  readonly orphanSecrets: number
  readonly orphanVersions: number
  /** Pointers to a secret or version that is not there: for people to look at, never repaired. */
  readonly danglingPointers: number
  /** Secrets whose kind of owner this release does not know; left alone. */
  readonly unknownOwners: number
  /** Secrets in use that waited for their deletion, and do not any more. */
  readonly restored: number
  readonly scheduled: number
  readonly purged: number
  readonly discarded: number
  /** Sealed tokens that nothing names, and how many of them went. */
  readonly leftoverTokens: number
  readonly tokensRemoved: number
  /** Sealed tokens that are not there although a row points at them: its grant is minted anew, or asked for again. */
  readonly missingTokens: number
  /** What would have been removed but for the cap. */
  readonly postponed: number
  /** Looks that ended at an item which is not what its key says: it is left alone, with all that it may point at. */
  readonly unreadable: number
}

/** What says that an item is of another format, or is damaged; everything else is trouble of a store. */
const UNREADABLE = [UnreadableItemError, InvariantError, TypeError]

/** What was counted so far. */
export type ComparisonCounts = { -readonly [Name in keyof ComparisonReport]: number }

export type ComparisonPorts = Pick<Ports, 'items' | 'secrets' | 'clock' | 'log'>

/** Nothing counted yet. */
export function noCounts(): ComparisonCounts {
  return {
    secrets: 0,
    pointers: 0,
    orphanSecrets: 0,
    orphanVersions: 0,
    danglingPointers: 0,
    unknownOwners: 0,
    restored: 0,
    scheduled: 0,
    purged: 0,
    discarded: 0,
    leftoverTokens: 0,
    tokensRemoved: 0,
    missingTokens: 0,
    postponed: 0,
    unreadable: 0,
  }
}

/**
 * Compares a page of one store with the other, item by item, and remembers nothing but counts: so a vault of any size
 * is compared in parts, by whoever goes on with them. No value is read. What a page says may be a moment old, so
 * whatever looks amiss is asked for again, strongly, before it counts.
 */
export class PageComparison {
  readonly counts: ComparisonCounts
  readonly #ports: ComparisonPorts
  readonly #nowMs: number
  #parts: number
  /** How many removals were allowed: more than are counted, while some are under way. */
  #granted: number

  /** `parts` is how many share what one comparison may remove. */
  constructor(ports: ComparisonPorts, { counts, parts }: { counts: ComparisonCounts; parts: number }) {
    this.#ports = ports
    this.#nowMs = ports.clock.nowMs()
    this.#parts = parts
    this.counts = { ...counts }
    this.#granted = counts.scheduled + counts.purged + counts.discarded
  }

  /** Rows: whether what they point at is there. Sealed tokens: whether a row names them. */
  async ofRows(items: readonly Item[]): Promise<void> {
    await Promise.all(items.map((item) => this.#stepOver(nameOf(item.key), () => this.#lookAtItem(item))))
  }

  /** Secrets and their versions: whether something points at them. */
  async ofSecrets({ items, versions = [], unreadable = [], isUnsegmented }: SecretPage): Promise<void> {
    if (isUnsegmented) this.#parts = 1
    const rows: RowsOfPage = new Map()
    for (const { key, error } of unreadable) this.#tellUnreadable(nameOf(key), error)
    const look = (one: { secretId: string }, act: () => Promise<void>) => this.#stepOver(one.secretId, act)
    await Promise.all(items.map((secret) => look(secret, () => this.#lookAtSecret(secret, rows))))
    await Promise.all(versions.map((version) => look(version, () => this.#lookAtVersion(version, rows))))
  }

  /** One item that cannot be read must not keep all others of its segment from being looked at, today and ever. */
  async #stepOver(what: string, look: () => Promise<void>): Promise<void> {
    try {
      await look()
    } catch (error) {
      if (!UNREADABLE.some((kind) => error instanceof kind)) throw error
      this.#tellUnreadable(what, error)
    }
  }

  #tellUnreadable(item: string, error: unknown): void {
    this.counts.unreadable++
    if (this.counts.unreadable > this.#share(MAX_SIGHTINGS)) return
    this.#ports.log.error('an item is not what its key says: it is left alone, and so is what it points at', {
      item,
      ...errorFields(error),
    })
  }

  async #lookAtItem(item: Item): Promise<void> {
    const token = findSealedGrant(item.key)
    if (token !== undefined) return this.#lookAtToken(token)
    const pointed = findOwnedSecret(item)
    if (pointed !== undefined) await this.#lookAtPointer(pointed)
    const parts = findPartitionParts(item.key.partition)
    if (parts?.kind === 'OAUTH_APPS') return forgetEndedSecret(this.#ports, item, this.#nowMs)
    if (parts?.kind !== 'CONNECTIONS') return
    const { grant } = CONNECTION_ROWS.decode(item.attributes)
    const owner = { tenant: parts.tenant, id: item.key.sort }
    this.counts.missingTokens += await tellMissingTokens(this.#ports, owner, grant)
  }

  async #lookAtPointer(pointed: NonNullable<ReturnType<typeof findOwnedSecret>>): Promise<void> {
    this.counts.pointers++
    const { secretId, versionId } = pointed.secret
    if (await this.#ports.secrets.has(secretId, versionId)) return
    const owner = await findSecretOwner(this.#ports, secretId, this.#nowMs)
    // Replaced or deleted since it was read: then it was there, for as long as it was pointed at.
    if (owner.kind === 'unknown' || !owner.pointers.some((pointer) => pointer.versionId === versionId)) return
    this.counts.danglingPointers++
    this.#ports.log.error('a pointer names a secret version that is not there', {
      tenant: pointed.tenant,
      owner: pointed.ownerId,
      secret_id: secretId,
      version_id: versionId,
    })
  }

  async #lookAtToken(place: SealedPlace): Promise<void> {
    if (!(await isLeftover(this.#ports, place))) return
    this.counts.leftoverTokens++
    if (this.counts.leftoverTokens > this.#share(MAX_SIGHTINGS)) return
    if (await removeLeftover(this.#ports, place, this.#nowMs)) this.counts.tokensRemoved++
  }

  async #lookAtSecret(secret: SecretDescription, rows: RowsOfPage): Promise<void> {
    this.counts.secrets++
    const { deletedAtMs } = secret
    const isMarked = deletedAtMs !== undefined
    if (!isMarked && (await this.#isInUse(secret, rows))) return
    const owner = await findSecretOwner(this.#ports, secret.secretId, this.#nowMs)
    if (owner.kind === 'unknown') {
      this.counts.unknownOwners++
      this.#ports.log.warn('left a secret alone whose kind of owner is not known', {
        secret_id: secret.secretId,
      })
      return
    }
    if (isPointedAt(owner, secret.secretId)) {
      const isLive = owner.live.some((pointer) => pointer.secretId === secret.secretId)
      if (isLive && isMarked) await this.#restoreLive(secret)
      return
    }
    this.counts.orphanSecrets++
    const isWaiting = isMarked && this.#nowMs - deletedAtMs < RECOVERY_WINDOW_DAYS * DAY_MS
    if (isWaiting || !(await this.#mayRemove(secret.secretId, secret.secretId, secret.createdAtMs))) return
    await this.#removeSecret(secret)
  }

  /** A deletion that ended late may have marked a secret whose connection had just been restored. */
  async #restoreLive({ secretId }: SecretDescription): Promise<void> {
    await this.#ports.secrets.restore(secretId)
    this.counts.restored++
    this.#ports.log.warn('a secret in use waited for its deletion, and does not any more', {
      secret_id: secretId,
    })
  }

  async #removeSecret({ secretId, deletedAtMs }: SecretDescription): Promise<void> {
    this.#ports.log.warn('removes a secret that nothing points at', { secret_id: secretId })
    if (deletedAtMs === undefined) {
      await this.#ports.secrets.scheduleDeletion(secretId)
      this.counts.scheduled++
      return
    }
    await this.#ports.secrets.purge(secretId)
    this.counts.purged++
    await forgetSighting(this.#ports, { tenant: parseSecretId(secretId).tenant, what: secretId })
  }

  async #lookAtVersion(version: SecretVersionDescription, rows: RowsOfPage): Promise<void> {
    const { secretId, versionId, createdAtMs } = version
    if (await this.#isInUse(version, rows)) return
    const owner = await findSecretOwner(this.#ports, secretId, this.#nowMs)
    // A secret without an owner goes as a whole, and one of an unknown kind not at all.
    if (owner.kind === 'unknown' || !isPointedAt(owner, secretId)) return
    if ([...owner.pointers, ...owner.kept].some((pointer) => pointer.versionId === versionId)) return
    this.counts.orphanVersions++
    const what = `${secretId}#${versionId}`
    if (!(await this.#mayRemove(secretId, what, createdAtMs))) return
    await this.#ports.secrets.discard(secretId, versionId)
    this.counts.discarded++
    await forgetSighting(this.#ports, { tenant: parseSecretId(secretId).tenant, what })
  }

  /**
   * Whether a connection's row points at it: one look, which may be a moment old and serves a whole page, finds nearly
   * all that is in order.
   */
  async #isInUse(
    { secretId, versionId }: { secretId: string; versionId?: string },
    rows: RowsOfPage,
  ): Promise<boolean> {
    const parts = findSecretIdParts(secretId)
    if (parts === undefined || !parts.ownerId.startsWith('ac_')) return false
    const name = `${parts.tenant} ${parts.ownerId}`
    const reading =
      rows.get(name) ??
      this.#ports.items
        .get(connectionKey(parts.tenant, parts.ownerId), { consistent: false })
        .then((found) => CONNECTION_ROWS.find(found))
    rows.set(name, reading)
    const pointer = (await reading)?.secret
    return pointer?.secretId === secretId && (versionId === undefined || pointer.versionId === versionId)
  }

  async #mayRemove(secretId: string, what: string, createdAtMs: number): Promise<boolean> {
    const { counts } = this
    const seen = counts.orphanSecrets + counts.orphanVersions
    if (seen > this.#share(MAX_SIGHTINGS)) return false
    const { tenant } = parseSecretId(secretId)
    const isSecond = await isSecondSighting(this.#ports, { tenant, what }, this.#nowMs)
    if (!isSecond || this.#nowMs - createdAtMs < MIN_AGE_MS) return false
    if (this.#granted >= this.#share(MAX_REMOVALS)) {
      counts.postponed++
      return false
    }
    this.#granted++
    return true
  }

  #share(most: number): number {
    return Math.ceil(most / this.#parts)
  }
}

function nameOf({ partition, sort }: ItemKey): string {
  return `${partition} ${sort}`
}

/** Rows that a page of secrets asked for: a secret and its versions lie side by side and belong to one. */
type RowsOfPage = Map<string, Promise<ConnectionRow | undefined>>

function isPointedAt(owner: SecretOwner, secretId: string): boolean {
  if (owner.kind === 'unknown') return false
  return [...owner.pointers, ...owner.kept].some((pointer) => pointer.secretId === secretId)
}
