import { newUuid } from '../../domain/ids.ts'
import { type Attributes, type ItemKey, sameAs } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import { isUndoneCreation, UNDONE_ROWS } from '../../rows/undone-row.ts'
import { doubtOf } from './transact-surely.ts'

/*
 * A transaction of unknown outcome may be on its way still, so a look does not tell what becomes of it. A write does:
 * it takes what the transaction is conditional on, so either it finds the commit there, or makes it impossible.
 */

interface Versioned {
  readonly version: number
  readonly op: string
}

/** How long a mark stays: far longer than a transaction is on its way, or a request that may still ask for it. */
const MARK_KEPT_S = 3600

/** What stands in the place of what is undone, or will never be: it goes by itself. */
export function undoneMark(nowMs: number): Attributes {
  return { ...UNDONE_ROWS.encode({ undoneAtMs: nowMs }), expires_at_s: Math.ceil(nowMs / 1000) + MARK_KEPT_S }
}

/**
 * Settles a creation of unknown outcome: whether it was applied, or never will be. `key` is of an item that it puts on
 * the condition that there is none, so a mark in its place makes the creation impossible.
 */
export async function settleCreation(ports: Pick<Ports, 'items' | 'clock'>, key: ItemKey): Promise<boolean> {
  const attributes = undoneMark(ports.clock.nowMs())
  if (await tryTransact(ports.items, { op: 'put', key, attributes, when: [{ kind: 'item-absent' }] }))
    return false
  const found = await ports.items.get(key)
  return found !== undefined && !isUndoneCreation(found)
}

/**
 * Settles a change of unknown outcome that is conditional on `seenOp`: a new `op` makes it impossible; where that comes
 * too late, somebody's change is there, and `isApplied` says whether it is this one.
 */
export async function settleChange(
  ports: Pick<Ports, 'items' | 'random'>,
  key: ItemKey,
  { seenOp, isApplied }: { seenOp: string; isApplied: () => Promise<boolean> },
): Promise<boolean> {
  const set = { op: newUuid(ports.random) }
  const isMade = await tryTransact(ports.items, { op: 'update', key, set, when: [sameAs('op', seenOp)] })
  return isMade ? false : isApplied()
}

/**
 * The same for an item that is put whole, conditional on the `op` of the one seen before. Throws `store-unavailable`
 * when others have changed the item since, and nobody can say whether on top of this change.
 */
export async function settleItem(
  ports: Pick<Ports, 'items' | 'clock' | 'random'>,
  key: ItemKey,
  { next, seen }: { next: Versioned; seen: Versioned | undefined },
): Promise<boolean> {
  if (seen === undefined) return settleCreation(ports, key)
  const isApplied = async (): Promise<boolean> => {
    const found = await ports.items.get(key)
    if (found?.['op'] === next.op) return true
    if (found?.['version'] === seen.version) return false
    throw doubtOf(undefined)
  }
  return settleChange(ports, key, { seenOp: seen.op, isApplied })
}
