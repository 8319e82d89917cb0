import type { Move } from '../../domain/restored-store.ts'
import { RESTORED_KEY } from '../../domain/store-keys.ts'
import { ConditionFailedError, type ItemStore } from '../../ports/item-store.ts'
import { RESTORED_ROWS } from '../../rows/vault-rows.ts'
import { findMark } from './restored-mark.ts'

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
  const restoredAt = new Date(nowMs).toISOString()
  const attributes = RESTORED_ROWS.encode({ restoredAt, move })
  try {
    await items.transact([{ op: 'put', key: RESTORED_KEY, attributes, when: [{ kind: 'item-absent' }] }])
    return move
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error
  }
  const found = (await findMark(items))?.move
  return found?.side === side && found.other === other ? found : undefined
}

/** Says of the source that it is gone, for ever: the other one has its grants. A second time changes nothing. */
export async function sayMoved(items: MarkedItems, nowMs: number): Promise<void> {
  const move = (await findMark(items))?.move
  if (move === undefined || move.goneAtMs !== undefined) return
  const when = [{ kind: 'equals', attribute: 'move.startedAtMs', value: move.startedAtMs }] as const
  await items.transact([
    {
      op: 'update',
      key: RESTORED_KEY,
      set: RESTORED_ROWS.members({ move: { ...move, goneAtMs: nowMs } }),
      when,
    },
  ])
}

/** Takes the mark of a move away: the target is in service, or the source goes on as if nothing had been. */
export async function endMove(items: MarkedItems, side: Move['side']): Promise<void> {
  const move = (await findMark(items))?.move
  if (move?.side !== side || move.goneAtMs !== undefined) return
  const when = [{ kind: 'equals', attribute: 'move.startedAtMs', value: move.startedAtMs }] as const
  await items.transact([{ op: 'delete', key: RESTORED_KEY, when }])
}
