import type { Move, StoreMark } from '../../domain/restored-store.ts'
import { RESTORED_KEY } from '../../domain/store-keys.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ItemStore } from '../../ports/item-store.ts'
import { RESTORED_ROWS } from '../../rows/vault-rows.ts'
import { SingleFlight } from '../commit/single-flight.ts'
import { tryTransact } from '../commit/try-transact.ts'

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
  readonly #items: Pick<ItemStore, 'get'>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #reading = new SingleFlight<StoreMark | undefined>()
  #known: { readonly mark: StoreMark | undefined; readonly readAtMs: number } | undefined

  constructor(items: Pick<ItemStore, 'get'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#items = items
    this.#clock = clock
  }

  /** Whether another vault may have the same refresh tokens: this one was restored from a copy, or is moved. */
  async isSet(): Promise<boolean> {
    return (await this.#find()) !== undefined
  }

  /** The move that this vault is part of, if it is. */
  async move(): Promise<Move | undefined> {
    return (await this.#find())?.move
  }

  async #find(): Promise<StoreMark | undefined> {
    const known = this.#known
    if (known !== undefined && this.#clock.monotonicMs() - known.readAtMs < MARK_MAX_AGE_MS) return known.mark
    return this.#reading.run('mark', async () => {
      const readAtMs = this.#clock.monotonicMs()
      const mark = await findMark(this.#items)
      this.#known = { mark, readAtMs }
      return mark
    })
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

function wordsOf({ side, other, goneAtMs }: Move): string {
  if (goneAtMs !== undefined)
    return `This vault was moved to ${other}, which has its grants now. Nothing was changed.`
  return side === 'source'
    ? `This vault is being moved to ${other}: end the move with npm run migrate, --switch or --give-up. Nothing was changed.`
    : `This vault is being filled from ${other}: npm run migrate with --switch puts it into service. Nothing was changed.`
}
