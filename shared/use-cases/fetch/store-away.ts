import { VaultError } from '../../domain/errors.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'

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
  if (!isInDoubt || error.detail.retryAfterSeconds !== undefined) return error
  const { cause } = error
  return new VaultError('store-unavailable', 'The vault could not reach its store. Try again.', {
    retryAfterSeconds: 1,
    cause,
  })
}
