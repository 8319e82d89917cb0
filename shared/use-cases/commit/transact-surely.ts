import { VaultError } from '../../domain/errors.ts'
import { StoreUnavailableError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'

/** Waits between tries to learn the outcome of a commit; about 3 s in all, then the answer is 503. */
const RESOLVE_WAITS_MS = [50, 150, 400, 900, 1500]

/** Applies one transaction and, when its outcome is unknown, asks `isApplied` until the store tells. */
export async function transactSurely(
  ports: Ports,
  writes: readonly Write[],
  isApplied: () => Promise<boolean>,
): Promise<void> {
  try {
    await ports.items.transact(writes)
  } catch (error) {
    if (!isOfUnknownOutcome(error)) throw failureOf(error)
    const isThere = await withPatience(ports, isApplied).catch((silence: unknown) => {
      throw silence instanceof StoreUnavailableError ? doubtOf(error) : silence
    })
    if (!isThere) throw failureOf(error)
  }
}

/**
 * Does what may be repeated until the store answers; then throws its last failure, and everything else at once. `failed`
 * hears of each try that failed.
 */
export async function withPatience<T>(
  { clock }: Pick<Ports, 'clock'>,
  act: () => Promise<T>,
  { waitsMs = RESOLVE_WAITS_MS, failed }: { waitsMs?: readonly number[]; failed?(error: unknown): void } = {},
): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await act()
    } catch (error) {
      if (storeFailureIn(error) === undefined) throw error
      failed?.(error)
      await clock.sleep(waitMs)
    }
  }
  return act()
}

/** A store's failure in the caller's words; everything else as it is. */
export function failureOf(error: unknown): unknown {
  if (!(error instanceof StoreUnavailableError)) return error
  return new VaultError(
    'store-unavailable',
    'The vault could not reach its store; nothing was changed. Try again.',
    { retryAfterSeconds: 1, cause: error },
  )
}

/**
 * For a write that may or may not be there. It names no time to come back at, which clients obey without looking: one
 * that repeats it blindly may make a second one.
 */
export function doubtOf(error: unknown): VaultError {
  return new VaultError(
    'store-unavailable',
    'The vault lost its store while it was writing. Look whether the change is there before you send it again.',
    { cause: error instanceof VaultError ? error.cause : error },
  )
}

/** For a read whose store did not answer: asking again does nothing twice. */
export function askAgain(cause?: unknown): VaultError {
  return new VaultError('store-unavailable', 'The vault could not reach its store. Try again.', {
    retryAfterSeconds: 1,
    cause,
  })
}

/** The store's own failure, as it is or behind the words of a use case; undefined for every other error. */
export function storeFailureIn(error: unknown): StoreUnavailableError | undefined {
  const failure = error instanceof VaultError ? error.cause : error
  return failure instanceof StoreUnavailableError ? failure : undefined
}

/** Whether a write that failed this way may have been applied. */
export function isOfUnknownOutcome(error: unknown): boolean {
  return storeFailureIn(error)?.outcome === 'unknown'
}
