import { VaultError } from '../../domain/errors.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { askAgain } from '../commit/transact-surely.ts'

/** Whether it is a store that failed, or what rotates has no place for one more call. */
export function isStoreAway(error: unknown): boolean {
  if (error instanceof VaultError) return error.code === 'store-unavailable'
  return error instanceof StoreUnavailableError
}

/**
 * The failure in the words of a read, with when to ask again. For flows, which asked for no change: whatever a write of
 * the rotation came to, asking once more does nothing twice.
 */
export function asOfRead(error: unknown): unknown {
  const isInDoubt = isStoreAway(error) && error instanceof VaultError
  return isInDoubt && error.detail.retryAfterSeconds === undefined ? askAgain(error.cause) : error
}
