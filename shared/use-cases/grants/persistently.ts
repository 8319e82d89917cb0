import { errorFields } from '../../ports/error-fields.ts'
import type { Ports } from '../../ports/ports.ts'
import { withPatience } from '../commit/transact-surely.ts'

/** Waits between tries to store an answer: 28 s in all, which the hold has left after the longest request. */
const WAITS_MS = [100, 400, 1000, 2500, 4000, 5000, 7000, 8000]

/**
 * Does what a grant depends on, again and again while a store does not answer; for calls that may be repeated.
 * Throws its last failure when it never did, and everything else at once.
 */
export function persistently<T>(
  ports: Pick<Ports, 'clock' | 'log'>,
  what: string,
  act: () => Promise<T>,
): Promise<T> {
  const failed = (error: unknown) => ports.log.warn(`could not ${what} yet`, errorFields(error))
  return withPatience(ports, act, { waitsMs: WAITS_MS, failed })
}
