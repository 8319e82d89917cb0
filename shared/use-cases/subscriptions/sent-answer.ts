import { DELIVERY_LIFE_MS } from '../../domain/delivery.ts'
import type { SendResult } from '../../ports/grant-runner.ts'
import type { OutgoingOutcome } from '../../ports/outgoing-fetch.ts'
import { retryAfterMs } from '../../ports/retry-after.ts'

/** What a receiver's answer says: its status, however the rest of it ended, and the wait that it asks for. */
export function sentAnswer(outcome: OutgoingOutcome, nowMs: number): SendResult {
  if (outcome.kind !== 'answer') {
    // The status says all there is to know, however long the answer behind it is.
    return outcome.status === undefined
      ? { kind: 'failed', code: outcome.code }
      : { kind: 'answered', status: outcome.status }
  }
  const waitMs = retryAfterMs(outcome.headers['retry-after'], nowMs, DELIVERY_LIFE_MS)
  return {
    kind: 'answered',
    status: outcome.status,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  }
}
