import { RESTORED_KEY } from '../../domain/restored-store.ts'
import type { Clock } from '../../ports/clock.ts'
import { ConditionFailedError, type ItemStore } from '../../ports/item-store.ts'
import { SingleFlight } from '../commit/single-flight.ts'

/** An operator who lifts the mark is obeyed this soon by every process. */
const MARK_MAX_AGE_MS = 10_000

/**
 * Whether the store carries the mark of a restored one, no older than `MARK_MAX_AGE_MS`. When the store does not
 * answer, so does this: what must not be sent is not sent because nobody could look.
 */
export class RestoredMark {
  readonly #items: Pick<ItemStore, 'get'>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #reading = new SingleFlight<boolean>()
  #known: { readonly isSet: boolean; readonly readAtMs: number } | undefined

  constructor(items: Pick<ItemStore, 'get'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#items = items
    this.#clock = clock
  }

  async isSet(): Promise<boolean> {
    const known = this.#known
    if (known !== undefined && this.#clock.monotonicMs() - known.readAtMs < MARK_MAX_AGE_MS)
      return known.isSet
    return this.#reading.run('mark', async () => {
      const readAtMs = this.#clock.monotonicMs()
      const isSet = (await this.#items.get(RESTORED_KEY)) !== undefined
      this.#known = { isSet, readAtMs }
      return isSet
    })
  }
}

/** Marks the store as restored; one that is marked stays so. */
export async function markRestored(
  { items }: { items: Pick<ItemStore, 'transact'> },
  nowMs: number,
): Promise<void> {
  try {
    await items.transact([
      {
        op: 'put',
        key: RESTORED_KEY,
        attributes: { restoredAt: new Date(nowMs).toISOString() },
        when: [{ kind: 'item-absent' }],
      },
    ])
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error
  }
}

/** Takes the mark away: the original is gone. Answers whether there was one. */
export async function liftRestored({
  items,
}: {
  items: Pick<ItemStore, 'get' | 'transact'>
}): Promise<boolean> {
  if ((await items.get(RESTORED_KEY)) === undefined) return false
  await items.transact([{ op: 'delete', key: RESTORED_KEY }])
  return true
}
