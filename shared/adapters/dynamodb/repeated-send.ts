import { InvariantError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { ConditionFailedError, StoreUnavailableError } from '../../ports/item-store.ts'
import type { Random } from '../../ports/random.ts'
import { awsFailure, describeAwsFailure } from '../aws-failure.ts'
import { decodeAttributes } from './attribute-codec.ts'
import { classifyFailure } from './store-failure.ts'

/** Six tries with full jitter spread over up to 0.8 s; a transaction conflict or a throttle mostly passes in that. */
const MAX_ATTEMPTS = 6
const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 400

/** No new try after this: with a request timeout of 3 s it bounds a call to 8 s, within a fetch's 10 s. */
const RETRY_BUDGET_MS = 5_000

export interface SendOptions {
  /** The API operation, for messages. */
  readonly operation: string
  /**
   * `read`: nothing is written, so any failure may be repeated. `token`: a repetition with the same token is
   * recognised by DynamoDB. `once`: never sent again after an answer that was lost.
   */
  readonly repeat: 'read' | 'token' | 'once'
  readonly clock: Clock
  readonly random: Random
}

/**
 * Sends a request, again where that is safe. `send` is told whether an earlier try may still take effect.
 * Throws `ConditionFailedError`, `StoreUnavailableError` (a read's outcome is always `not-applied`), and
 * InvariantError when DynamoDB says that the request itself is wrong.
 */
export async function sendRepeatedly<Answer>(
  send: (earlierMayApply: boolean) => Promise<Answer>,
  { operation, repeat, clock, random }: SendOptions,
): Promise<Answer> {
  const startedAtMs = clock.monotonicMs()
  let mayBeApplied = false
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(mayBeApplied)
    } catch (error) {
      const failure = classifyFailure(error)
      const what = describeAwsFailure(`DynamoDB ${operation}`, awsFailure(error))
      if (failure.kind === 'condition') {
        throw new ConditionFailedError(failure.writeIndex, failure.item && decodeAttributes(failure.item))
      }
      if (failure.kind === 'invalid') throw new InvariantError(what)
      const lost = failure.kind === 'lost' || failure.kind === 'in-progress'
      if (lost && repeat !== 'read') mayBeApplied = true
      const spent = clock.monotonicMs() - startedAtMs >= RETRY_BUDGET_MS || attempt === MAX_ATTEMPTS
      if (failure.kind === 'refused' || spent || (lost && repeat === 'once')) {
        throw new StoreUnavailableError(what, mayBeApplied ? 'unknown' : 'not-applied')
      }
      const longestMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1))
      await clock.sleep(random.fraction() * longestMs)
    }
  }
}
