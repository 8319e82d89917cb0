import type { Move, StoreMark } from '../../domain/restored-store.ts'
import { RESTORED_KEY } from '../../domain/store-keys.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ItemStore } from '../../ports/item-store.ts'
import { RecentReads } from '../../ports/recent-reads.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import { RESTORED_ROWS } from '../../rows/vault-rows.ts'

/** An operator who sets or lifts the mark is obeyed this soon by every process. */
export const MARK_MAX_AGE_MS = 10_000

/** The mark that says of a store that another vault may have the same refresh tokens; undefined where there is none. */
export async function findMark(items: Pick<ItemStore, 'get'>): Promise<StoreMark | undefined> {
  return RESTORED_ROWS.find(await items.get(RESTORED_KEY))
}

/** A vault that is being moved, or was: its mark is no operator's to lift. */
export class MovedVaultError extends Error {
  override readonly name = 'MovedVaultError'
}

/**
 * The mark of a restored store, no older than `MARK_MAX_AGE_MS`. When the store does not answer, so does this: what
 * must not be sent is not sent because nobody could look.
 */
export class RestoredMark {
  readonly #marks: RecentReads<StoreMark | undefined>

  constructor(items: Pick<ItemStore, 'get'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#marks = new RecentReads({ clock, maxAgeMs: MARK_MAX_AGE_MS, read: () => findMark(items) })
  }

  /** Whether another vault may have the same refresh tokens: this one was restored from a copy, or is moved. */
  async isSet(): Promise<boolean> {
    return (await this.#marks.get('mark')) !== undefined
  }

  /** The move that this vault is part of, if it is. */
  async move(): Promise<Move | undefined> {
    return (await this.#marks.get('mark'))?.move
  }
}

/** Marks the store as restored; one that is marked stays so. */
export async function markRestored(
  { items }: { items: Pick<ItemStore, 'transact'> },
  nowMs: number,
): Promise<void> {
  await setMark(items, { restoredAt: new Date(nowMs).toISOString() })
}

/** Marks a store that carries no mark; false, and nothing was changed, where it does. */
export async function setMark(items: Pick<ItemStore, 'transact'>, mark: StoreMark): Promise<boolean> {
  const attributes = RESTORED_ROWS.encode(mark)
  return tryTransact(items, { op: 'put', key: RESTORED_KEY, attributes, when: [{ kind: 'item-absent' }] })
}

/** Takes the mark away: the original is gone. Answers whether there was one. Throws `MovedVaultError`. */
export async function liftRestored({
  items,
}: {
  items: Pick<ItemStore, 'get' | 'transact'>
}): Promise<boolean> {
  const mark = await findMark(items)
  if (mark === undefined) return false
  if (mark.move !== undefined) throw new MovedVaultError(wordsOf(mark.move))
  await items.transact([{ op: 'delete', key: RESTORED_KEY, when: [{ kind: 'absent', attribute: 'move' }] }])
  return true
}

function wordsOf({ side, other, goneAtMs, givenUpAtMs }: Move): string {
  if (goneAtMs !== undefined)
    return `This vault was moved to ${other}, which has its grants now. Nothing was changed.`
  if (givenUpAtMs !== undefined)
    return `The move from ${other} to this vault was given up: npm run migrate with --copy begins it anew. Nothing was changed.`
  return side === 'source'
    ? `This vault is being moved to ${other}: end the move with npm run migrate, --switch or --give-up. Nothing was changed.`
    : `This vault is being filled from ${other}: npm run migrate with --switch puts it into service. Nothing was changed.`
}
