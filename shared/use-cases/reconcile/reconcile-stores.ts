import type { SecretPointer } from '../../domain/connection.ts'
import { parseSecretId } from '../../domain/secret-id.ts'
import { figuresOf } from '../../ports/log.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  RECOVERY_WINDOW_DAYS,
  type SecretDescription,
  type SecretVersionDescription,
} from '../../ports/secret-store.ts'
import { LeftoverTokens } from './leftover-tokens.ts'
import { findOwnedSecret, findSecretOwner, type SecretOwner } from './secret-owners.ts'
import { forgetSighting, isSecondSighting } from './sightings.ts'

const DAY_MS = 24 * 3600_000
/** Nothing younger is removed: an operation that is still under way is minutes old at most. */
const MIN_AGE_MS = DAY_MS
/** A mistake of this comparison, or of whoever damaged the rows, must not empty the secret store in one night. */
const MAX_REMOVALS_A_RUN = 100
/** Each costs a write; what is over is seen the next day. */
const MAX_SIGHTINGS_A_RUN = 1000
const PAGE_ITEMS = 100
/** Between two pages others get their turn: in an embedded vault the row store answers within the same thread. */
const PAUSE_MS = 2

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
}

type Counts = { -readonly [Name in keyof ComparisonReport]: number }
type ComparisonPorts = Pick<Ports, 'items' | 'secrets' | 'clock' | 'log'>

interface Pointed {
  readonly secret: SecretPointer
  readonly tenant: string
  readonly ownerId: string
  readonly isLive: boolean
}

/**
 * Compares both stores in both directions, without reading a value. A secret or version that nothing points at is
 * removed after two sightings about a day apart and an age of 24 h: a secret is scheduled for deletion first and
 * destroyed a recovery window later. A pointer to nothing is logged as an error and left as it is. Rows are read
 * before secrets: a version is put before it is pointed at, so whatever a row named is there, or was replaced.
 */
export async function reconcileStores(ports: ComparisonPorts): Promise<ComparisonReport> {
  const comparison = new Comparison(ports)
  await comparison.readPointers()
  await comparison.readSecrets()
  await comparison.removeLeftoverTokens()
  await comparison.tellDanglingPointers()
  const { counts } = comparison
  ports.log.info('compared both stores', figuresOf(counts))
  return counts
}

class Comparison {
  readonly counts: Counts = {
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
  }
  readonly #ports: ComparisonPorts
  readonly #nowMs: number
  readonly #pointed = new Map<string, Pointed>()
  readonly #seenSecrets = new Set<string>()
  readonly #seenVersions = new Set<string>()
  readonly #tokens: LeftoverTokens
  #listsVersions = false
  #sightings = 0
  #removals = 0

  constructor(ports: ComparisonPorts) {
    this.#ports = ports
    this.#nowMs = ports.clock.nowMs()
    this.#tokens = new LeftoverTokens(ports)
  }

  async readPointers(): Promise<void> {
    let nextToken: string | undefined
    do {
      const page = await this.#ports.items.scan({ limit: PAGE_ITEMS, ...(nextToken && { nextToken }) })
      for (const item of page.items) {
        this.#tokens.note(item)
        const pointed = findOwnedSecret(item)
        if (pointed !== undefined) this.#pointed.set(pointed.secret.secretId, pointed)
      }
      nextToken = page.nextToken
      await this.#ports.clock.sleep(PAUSE_MS)
    } while (nextToken !== undefined)
    this.counts.pointers = this.#pointed.size
  }

  async readSecrets(): Promise<void> {
    let nextToken: string | undefined
    do {
      const page = await this.#ports.secrets.list({ limit: PAGE_ITEMS, ...(nextToken && { nextToken }) })
      await Promise.all(page.items.map((secret) => this.#lookAtSecret(secret)))
      if (page.versions !== undefined) this.#listsVersions = true
      await Promise.all((page.versions ?? []).map((version) => this.#lookAtVersion(version)))
      nextToken = page.nextToken
      await this.#ports.clock.sleep(PAUSE_MS)
    } while (nextToken !== undefined)
  }

  async removeLeftoverTokens(): Promise<void> {
    Object.assign(this.counts, await this.#tokens.settle(this.#nowMs))
    this.counts.missingTokens = await this.#tokens.tellMissing()
  }

  async tellDanglingPointers(): Promise<void> {
    for (const pointed of this.#pointed.values()) {
      const { secretId, versionId } = pointed.secret
      const isThere =
        this.#seenSecrets.has(secretId) &&
        (!this.#listsVersions || this.#seenVersions.has(versionName(pointed.secret)))
      if (isThere) continue
      const owner = await findSecretOwner(this.#ports, secretId, this.#nowMs)
      // Replaced or deleted since it was read: then it was there, for as long as it was pointed at.
      if (owner.kind === 'unknown' || !owner.pointers.some((pointer) => pointer.versionId === versionId))
        continue
      this.counts.danglingPointers++
      this.#ports.log.error('a pointer names a secret version that is not there', {
        tenant: pointed.tenant,
        owner: pointed.ownerId,
        secret_id: secretId,
        version_id: versionId,
      })
    }
  }

  async #lookAtSecret(secret: SecretDescription): Promise<void> {
    this.counts.secrets++
    this.#seenSecrets.add(secret.secretId)
    const { deletedAtMs } = secret
    const isMarked = deletedAtMs !== undefined
    const pointed = this.#pointed.get(secret.secretId)
    if (pointed !== undefined && !(pointed.isLive && isMarked)) return
    const owner = await findSecretOwner(this.#ports, secret.secretId, this.#nowMs)
    if (owner.kind === 'unknown') {
      this.counts.unknownOwners++
      this.#ports.log.warn('left a secret alone whose kind of owner is not known', {
        secret_id: secret.secretId,
      })
      return
    }
    if (isPointedAt(owner, secret.secretId)) {
      if (pointed !== undefined && isMarked) await this.#restoreLive(pointed)
      return
    }
    this.counts.orphanSecrets++
    const isWaiting = isMarked && this.#nowMs - deletedAtMs < RECOVERY_WINDOW_DAYS * DAY_MS
    if (isWaiting || !(await this.#mayRemove(secret.secretId, secret.secretId, secret.createdAtMs))) return
    await this.#removeSecret(secret)
  }

  /** A deletion that ended late may have marked a secret whose connection had just been restored. */
  async #restoreLive({ secret: { secretId } }: Pointed): Promise<void> {
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

  async #lookAtVersion(version: SecretVersionDescription): Promise<void> {
    const { secretId, versionId, createdAtMs } = version
    this.#seenVersions.add(versionName(version))
    const pointed = this.#pointed.get(secretId)
    if (pointed?.secret.versionId === versionId) return
    const owner = await findSecretOwner(this.#ports, secretId, this.#nowMs)
    // A secret without an owner goes as a whole, and one of an unknown kind not at all.
    if (owner.kind === 'unknown' || !isPointedAt(owner, secretId)) return
    if (owner.pointers.some((pointer) => pointer.versionId === versionId)) return
    if (owner.kept.some((kept) => kept.versionId === versionId)) return
    this.counts.orphanVersions++
    const what = versionName(version)
    if (!(await this.#mayRemove(secretId, what, createdAtMs))) return
    await this.#ports.secrets.discard(secretId, versionId)
    this.counts.discarded++
    await forgetSighting(this.#ports, { tenant: parseSecretId(secretId).tenant, what })
  }

  async #mayRemove(secretId: string, what: string, createdAtMs: number): Promise<boolean> {
    if (this.#sightings >= MAX_SIGHTINGS_A_RUN) return false
    this.#sightings++
    const { tenant } = parseSecretId(secretId)
    const isSecond = await isSecondSighting(this.#ports, { tenant, what }, this.#nowMs)
    if (!isSecond || this.#nowMs - createdAtMs < MIN_AGE_MS) return false
    if (this.#removals >= MAX_REMOVALS_A_RUN) {
      this.counts.postponed++
      return false
    }
    this.#removals++
    return true
  }
}

function isPointedAt(owner: SecretOwner, secretId: string): boolean {
  if (owner.kind === 'unknown') return false
  return [...owner.pointers, ...owner.kept].some((pointer) => pointer.secretId === secretId)
}

function versionName({ secretId, versionId }: { secretId: string; versionId: string }): string {
  return `${secretId}#${versionId}`
}
