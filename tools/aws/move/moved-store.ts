import type { Move } from '../../../shared/domain/restored-store.ts'
import { RESTORED_KEY } from '../../../shared/domain/store-keys.ts'
import { type Condition, type ItemStore, sameAs, type Write } from '../../../shared/ports/item-store.ts'
import { tryTransact } from '../../../shared/ports/try-transact.ts'
import { RESTORED_ROWS } from '../../../shared/rows/vault-rows.ts'
import { findMark, setMark } from '../../../shared/use-cases/grants/restored-mark.ts'

type MarkedItems = Pick<ItemStore, 'get' | 'transact'>

/**
 * Marks a store as one of the two of a move: no refresh token that may change is sent from it, and no change is taken.
 * Answers the move as it is marked, which may have begun before; undefined, and nothing was changed, where the store is
 * part of another one, or carries the mark of a restored one.
 */
export async function beginMove(
  items: MarkedItems,
  { side, other }: Pick<Move, 'side' | 'other'>,
  nowMs: number,
): Promise<Move | undefined> {
  const move: Move = { side, other, startedAtMs: nowMs }
  if (await setMark(items, { restoredAt: new Date(nowMs).toISOString(), move })) return move
  const found = (await findMark(items))?.move
  return found?.side === side && found.other === other ? found : undefined
}

/**
 * Has a target filled by this run and by no earlier one: whoever wrote there before stops at `isFilling`, however long
 * its process had been away. Answers the move as `beginMove` does; undefined also where two begin in one moment.
 */
export async function beginFilling(
  items: MarkedItems,
  other: string,
  nowMs: number,
): Promise<Move | undefined> {
  const found = await beginMove(items, { side: 'target', other }, nowMs)
  if (found === undefined) return undefined
  const { givenUpAtMs: _ended, ...goesOn } = found
  const move = { ...goesOn, startedAtMs: Math.max(nowMs, found.startedAtMs + 1) }
  return (await changeMark(items, found, move)) ? move : undefined
}

/**
 * Says of a target that it takes no change any more and holds nothing: what is there from now on came by the move.
 * Answers the move as it is marked; undefined, and nothing was changed, where the mark is another one by now.
 */
export async function sayEmpty(items: MarkedItems, move: Move, nowMs: number): Promise<Move | undefined> {
  const empty = { ...move, emptyAtMs: nowMs }
  return (await changeMark(items, move, empty)) ? empty : undefined
}

/** That a target is being filled by this very run, and is not in service. */
export function isFilling(move: Move): Extract<Write, { op: 'check' }> {
  return { op: 'check', key: RESTORED_KEY, when: isThis(move) }
}

/**
 * Says of the source that it is gone: the other one has its grants. Answers whether it is, by this move, now
 * or since before; false, and nothing was changed, where the move was given up meanwhile.
 */
export async function sayMoved(items: MarkedItems, move: Move, nowMs: number): Promise<boolean> {
  if (await changeMark(items, move, { ...move, goneAtMs: nowMs })) return true
  const found = (await findMark(items))?.move
  return found?.startedAtMs === move.startedAtMs && found.goneAtMs !== undefined
}

/**
 * Says of a target that it is not to be put into service: whoever fills it stops, and no run switches to it. Answers
 * whether it is; false, and nothing was changed, where the mark is another one by now.
 */
export async function sayGivenUp(items: MarkedItems, move: Move, nowMs: number): Promise<boolean> {
  return changeMark(items, move, { ...move, givenUpAtMs: nowMs })
}

/**
 * Takes the mark of a move away: the target is in service, or the source goes on as if nothing had been. Answers
 * whether it did; false, and nothing was changed, where the mark is another one by now.
 */
export async function endMove(items: MarkedItems, move: Move): Promise<boolean> {
  return tryTransact(items, { op: 'delete', key: RESTORED_KEY, when: isThis(move) })
}

function changeMark(items: MarkedItems, from: Move, to: Move): Promise<boolean> {
  const set = RESTORED_ROWS.members({ move: to })
  return tryTransact(items, { op: 'update', key: RESTORED_KEY, set, when: isThis(from) })
}

/** The very state of a move that was read, so that of two who change it one does. */
function isThis({ side, other, startedAtMs, goneAtMs, givenUpAtMs }: Move): Condition[] {
  return [
    sameAs('move.side', side),
    sameAs('move.other', other),
    sameAs('move.startedAtMs', startedAtMs),
    sameAs('move.goneAtMs', goneAtMs),
    sameAs('move.givenUpAtMs', givenUpAtMs),
  ]
}
