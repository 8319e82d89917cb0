import type { ChangeEvent } from '../../../shared/domain/change-event.ts'
import { eventKey, isAuthorizationKey } from '../../../shared/domain/keys.ts'
import { heldUntilMs } from '../../../shared/domain/rotation-policy.ts'
import type { Item, ItemStore } from '../../../shared/ports/item-store.ts'
import { everyPage } from '../../../shared/ports/pages-of.ts'
import { AUTHORIZATION_ROWS } from '../../../shared/rows/authorization-row.ts'
import { CONNECTION_ROWS } from '../../../shared/rows/connection-row.ts'
import { DELIVERY_ROWS } from '../../../shared/rows/delivery-row.ts'
import { FREEZE_ROWS } from '../../../shared/rows/freeze-row.ts'
import { RESCUE_ROWS } from '../../../shared/rows/rescue-row.ts'
import { TOMBSTONE_ROWS } from '../../../shared/rows/tombstone-row.ts'
import { isUndoneCreation } from '../../../shared/rows/undone-row.ts'
import { isInUse, rowWayOf, wayOf } from './moved-kinds.ts'
import type { MovedVault } from './moved-vault.ts'

const PAGE_ITEMS = 100

/** What there is to move, and what has to end first. */
export interface Survey {
  /** How many items of each kind that is moved row by row. */
  readonly counts: Readonly<Record<string, number>>
  readonly tenants: ReadonlySet<string>
  /** Whose grants were imported, by tenant and connection. */
  readonly imported: ReadonlySet<string>
  /** Events that some subscription has not had yet, by the partition and sort key of the outbox. */
  readonly untold: ReadonlySet<string>
  /** What is under way, in words; a move waits for its end. */
  readonly underWay: readonly string[]
  /** What stays behind, in words. */
  readonly stays: readonly string[]
}

/** Every item of the row store, page by page. */
export function itemsIn(items: Pick<ItemStore, 'scan'>): AsyncGenerator<readonly Item[]> {
  return everyPage((from) => items.scan({ limit: PAGE_ITEMS, ...from }))
}

/** Whether somebody has used this vault. */
export async function hasData({ items }: Pick<MovedVault, 'items'>): Promise<boolean> {
  for await (const page of itemsIn(items)) if (page.some(({ key }) => isInUse(key))) return true
  return false
}

/** Looks at all that a vault holds, and opens nothing. */
export async function survey(
  { items, isAlone }: Pick<MovedVault, 'items' | 'isAlone'>,
  nowMs: number,
): Promise<Survey> {
  const found = { counts: {} as Record<string, number>, tenants: new Set<string>() }
  const imported = new Set<string>()
  const untold = new Set<string>()
  const open: Record<string, number> = {}
  const left: Record<string, number> = {}
  const add = (figures: Record<string, number>, name: string) => {
    figures[name] = (figures[name] ?? 0) + 1
  }
  for await (const page of itemsIn(items)) {
    for (const item of page) {
      const place = wayOf(item.key)
      const reason = reasonToWait(item, { kind: place?.kind, nowMs, isAlone })
      if (reason !== undefined) add(open, reason)
      if (place === undefined) continue
      const { tenant, kind } = place
      found.tenants.add(tenant)
      if (rowWayOf(item.key) !== undefined) add(found.counts, kind)
      if (kind === 'IMPORTED') imported.add(`${tenant} ${item.attributes['connectionId']}`)
      const event = kind === 'DELIVERIES' ? untoldBy(item) : undefined
      if (event !== undefined) untold.add(event)
      const staying = kindOfStaying(item, kind)
      if (staying !== undefined) add(left, staying)
    }
  }
  return { ...found, imported, untold, underWay: wordsOf(open), stays: wordsOf(left) }
}

/** The name by which an event of the outbox is found again. */
export function nameOf({ partition, sort }: Item['key']): string {
  return `${partition} ${sort}`
}

/**
 * Why an item keeps a move waiting. Where nothing else works on the rows there is no waiting for what runs, only for
 * what a killed process left, which its next start puts right.
 */
function reasonToWait(
  { key, attributes }: Item,
  { kind, nowMs, isAlone }: { kind: string | undefined; nowMs: number; isAlone: boolean },
): string | undefined {
  if (isAuthorizationKey(key)) {
    const { phase, expiresAtMs } = AUTHORIZATION_ROWS.decode(attributes)
    return !isAlone && phase !== 'done' && nowMs < expiresAtMs ? 'people are authorizing' : undefined
  }
  switch (kind) {
    case 'INTENTS':
      return isUndoneCreation(attributes) ? undefined : 'operations are not finished'
    case 'RESCUES':
      return RESCUE_ROWS.decode(attributes).of === 'revoke' ? undefined : 'renewed grants are not stored yet'
    case 'TOMBSTONES':
      return TOMBSTONE_ROWS.decode(attributes).state === 'deleting' ? 'deletions are not finished' : undefined
    case 'FREEZES':
      return FREEZE_ROWS.decode(attributes).job.state === 'running'
        ? 'freezes are still being carried out'
        : undefined
    case 'CONNECTIONS':
      return !isAlone && nowMs < (heldUntilMs(CONNECTION_ROWS.decode(attributes)) ?? 0)
        ? 'grants are being renewed'
        : undefined
    default:
      return undefined
  }
}

function kindOfStaying({ attributes }: Item, kind: string): string | undefined {
  if (kind === 'TOMBSTONES') return 'deleted connections that could be restored here'
  if (kind === 'RESCUES' && RESCUE_ROWS.decode(attributes).of === 'revoke')
    return 'replaced grants that are not revoked yet'
  return undefined
}

function untoldBy({ attributes }: Item): string | undefined {
  const { event, status, tenant } = DELIVERY_ROWS.decode(attributes)
  const { connection_id, sequence } = event as Partial<ChangeEvent>
  if (status !== 'pending' || connection_id === undefined || sequence === undefined) return undefined
  return nameOf(eventKey(tenant, connection_id, sequence))
}

function wordsOf(figures: Readonly<Record<string, number>>): string[] {
  return Object.entries(figures).map(([words, count]) => `${count} ${words}`)
}
