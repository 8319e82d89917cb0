import { errorFields } from '../shared/ports/error-fields.ts'
import type { Log } from '../shared/ports/log.ts'

/**
 * Logs why a run failed and answers the error to throw, so that Lambda counts the failure. The runtime writes
 * message, stack and cause of what is thrown to the log, so this one has nothing of the error it stands for.
 */
export function failedRun(log: Log, what: string, error: unknown): Error {
  log.error(`${what} failed; it goes on at its next turn`, errorFields(error))
  return new Error(`${what} failed; the line before says why`)
}
