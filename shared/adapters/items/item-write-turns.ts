import { writesKey } from '../../domain/limit-keys.ts'
import type { Clock } from '../../ports/clock.ts'
import { ConditionFailedError, type ItemStore, StoreUnavailableError } from '../../ports/item-store.ts'
import type { Random } from '../../ports/random.ts'
import { WRITE_TURNS_ROWS } from '../../rows/limit-rows.ts'
import { WRITES_PER_SECOND, type WriteKind, type WriteTurns } from '../secrets-manager/write-budget.ts'

/** Who finds a second used up comes in the next one, and not all at its first instant. */
const SPREAD_MS = 250
/** A second's count is looked at for that second alone. */
const KEPT_S = 60

interface TurnPorts {
  readonly items: Pick<ItemStore, 'transact'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly random: Pick<Random, 'fraction'>
}

/**
 * The turns of all processes together: a count in the table for each kind of write and each second. It is raised and
 * compared in one step, so that of any number who come at one instant nobody loses a race. One by one, and not in
 * shares: the process that takes a share seldom has a second write to use it for.
 */
export class ItemWriteTurns implements WriteTurns {
  readonly #ports: TurnPorts

  constructor(ports: TurnPorts) {
    this.#ports = ports
  }

  async take(kind: WriteKind): Promise<number | undefined> {
    const { clock, items, random } = this.#ports
    const nowMs = clock.nowMs()
    const second = Math.floor(nowMs / 1000)
    try {
      await items.transact([
        {
          op: 'update',
          key: writesKey(kind, second),
          set: { ...WRITE_TURNS_ROWS.encode({}), expires_at_s: second + KEPT_S },
          add: { taken: 1 },
          when: [{ kind: 'absent-or-at-most', attribute: 'taken', value: WRITES_PER_SECOND - 1 }],
        },
      ])
      return 0
    } catch (error) {
      if (error instanceof ConditionFailedError)
        return (second + 1) * 1000 - nowMs + random.fraction() * SPREAD_MS
      if (error instanceof StoreUnavailableError) return undefined
      throw error
    }
  }
}
