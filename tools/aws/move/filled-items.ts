import type { Move } from '../../../shared/domain/restored-store.ts'
import {
  type Attributes,
  ConditionFailedError,
  type DuePage,
  type DueQuery,
  type ItemKey,
  type ItemPage,
  type ItemQuery,
  type ItemStore,
  type ScanQuery,
  type Write,
} from '../../../shared/ports/item-store.ts'
import { findMark } from '../../../shared/use-cases/grants/restored-mark.ts'
import { ToolError } from '../../tool-command.ts'
import { isFilling } from './moved-store.ts'

/**
 * The rows of a target as one run fills them: once another run has begun, or the target is in service, nothing more is
 * written, whatever this run still has in hand. Throws `ToolError` then.
 */
export class FilledItems implements ItemStore {
  readonly #items: ItemStore
  readonly #move: Move
  readonly #name: string

  constructor(items: ItemStore, move: Move, name: string) {
    this.#items = items
    this.#move = move
    this.#name = name
  }

  get(key: ItemKey, options?: { consistent?: boolean }): Promise<Attributes | undefined> {
    return this.#items.get(key, options)
  }

  query(query: ItemQuery): Promise<ItemPage> {
    return this.#items.query(query)
  }

  queryDue(query: DueQuery): Promise<DuePage> {
    return this.#items.queryDue(query)
  }

  scan(query: ScanQuery): Promise<ItemPage> {
    return this.#items.scan(query)
  }

  /**
   * For writes that many lanes make at once, with conditions of their own: the mark is read before them, because
   * transactions that check one item get in each other's way.
   */
  async transact(writes: readonly Write[]): Promise<void> {
    const move = (await findMark(this.#items))?.move
    const isMine = move?.side === 'target' && move.startedAtMs === this.#move.startedAtMs
    if (!isMine || move.givenUpAtMs !== undefined) throw this.#taken()
    await this.#items.transact(writes)
  }

  /** For at most `MAX_TRANSACTION_WRITES` less one, one such call at a time: the mark is checked with them. */
  async transactInTurn(writes: readonly Write[]): Promise<void> {
    try {
      await this.#items.transact([...writes, isFilling(this.#move)])
    } catch (error) {
      throw error instanceof ConditionFailedError ? this.#taken() : error
    }
  }

  #taken(): ToolError {
    return new ToolError(
      `Another run fills ${this.#name} by now, has put it into service, or gives the move up: this one stopped. Look which, and go on with that.`,
    )
  }
}
