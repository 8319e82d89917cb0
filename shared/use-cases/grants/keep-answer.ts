import type { ConnectionRow } from '../../domain/connection.ts'
import type { StoreUnavailableError, Write } from '../../ports/item-store.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import type { Rescue } from '../../rows/rescue-row.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { rescueWrite } from '../commit/rescue-item.ts'
import { sealedRemoval } from '../commit/sealed-removal.ts'
import { storeFailureIn } from '../commit/transact-surely.ts'
import type { GrantPorts } from './grant-ports.ts'
import { persistently } from './persistently.ts'
import type { SealedTokens } from './sealed-tokens.ts'

/** An answer on its way into the row. */
export interface AnswerToKeep {
  readonly row: ConnectionRow
  readonly sealed: SealedTokens
  /**
   * The one transaction: row, sealed items, event. Answers the row as it is then, or undefined when somebody has
   * taken it, and throws what the stores throw.
   */
  commit(beside: readonly Write[]): Promise<ConnectionRow | undefined>
  /** True to leave the old tokens where they are: something else ends them. */
  readonly keepsOld?: boolean
  /** What stands for the answer when the row cannot be had. */
  readonly rescue: Rescue
}

/** `kept`: the row points at it · `rescued`: it waits beside the row · `lost`: the store did not answer in time. */
export type Kept =
  | { readonly kind: 'kept'; readonly row: ConnectionRow }
  | { readonly kind: 'rescued' }
  | { readonly kind: 'lost'; readonly error: StoreUnavailableError }

/**
 * Keeps an answer first, whatever comes after: in the transaction that moves the row to it, tried until the hold
 * ends, or with a rescue beside the row in one transaction of its own. What cannot be had again is never dropped.
 */
export async function keepAnswer(ports: GrantPorts, answer: AnswerToKeep): Promise<Kept> {
  const { row, sealed } = answer
  const old = answer.keepsOld === true ? [] : sealedRemoval(row, row.grant, sealed.pointer)
  const beside = ports.sealer.removesAtOnce ? [...sealed.writes, ...old] : sealed.writes
  try {
    const committed = await persistently(ports, 'keep a new grant', () => answer.commit(beside))
    const kept = committed ?? (await alreadyKept(ports, answer))
    if (kept !== undefined) {
      ports.opened.rememberAccess(row, sealed.pointer.access, sealed.accessText)
      if (!ports.sealer.removesAtOnce) await removeQuietly(ports, old)
      return { kind: 'kept', row: kept }
    }
    const isLeft = await leaveRescue(ports, sealed.writes, answer.rescue, ports.clock.nowMs())
    const late = isLeft ? undefined : await alreadyKept(ports, answer)
    if (late !== undefined) return { kind: 'kept', row: late }
    ports.log.warn('left a new grant to be rescued', { connection_id: row.id })
    return { kind: 'rescued' }
  } catch (error) {
    const failure = storeFailureIn(error)
    if (failure === undefined) throw error
    ports.log.error('a new grant could not be stored and is lost', { connection_id: row.id })
    return { kind: 'lost', error: failure }
  }
}

/**
 * Leaves sealed tokens beside the row, with what stands for them. False where an item is there already: nobody else has
 * its mark, so a transaction whose outcome nobody heard has put it there, the commit or this one.
 */
export async function leaveRescue(
  ports: GrantPorts,
  sealed: readonly Write[],
  rescue: Rescue,
  dueAtMs: number,
): Promise<boolean> {
  const writes = [...sealed, rescueWrite(rescue, dueAtMs)]
  return persistently(ports, 'leave a rescue', () => tryTransact(ports.items, ...writes))
}

/** The transaction may have been done although the store did not say so. */
async function alreadyKept(
  ports: GrantPorts,
  { row, sealed }: AnswerToKeep,
): Promise<ConnectionRow | undefined> {
  const current = await persistently(ports, 'look at a row', () => findConnection(ports, row.tenant, row.id))
  return current?.grant?.access === sealed.pointer.access ? current : undefined
}

/** Removes what nothing names any more; a failure is only logged, and the daily comparison removes what is left. */
export async function removeQuietly(
  ports: Pick<GrantPorts, 'items' | 'log'>,
  removal: readonly Write[],
): Promise<void> {
  if (removal.length === 0) return
  try {
    await ports.items.transact(removal)
  } catch (error) {
    if (storeFailureIn(error) === undefined) throw error
    ports.log.warn('left sealed tokens that nothing names to the daily comparison', { op: 'remove-tokens' })
  }
}
