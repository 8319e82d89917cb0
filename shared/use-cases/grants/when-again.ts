import { defined } from '../../domain/defined.ts'
import type { RotationFailure } from '../../domain/rotation.ts'
import { retryAtMs } from '../../domain/rotation-policy.ts'
import type { FailureTold } from '../../ports/grant-runner.ts'

const MINUTE_MS = 60_000
/** What was refused will be refused the same next time: it is asked again this seldom, and not all at once. */
const REFUSED_RETRY_MS = 5 * MINUTE_MS
const REFUSED_SPREAD_MS = 5 * MINUTE_MS
/** A look whether there is an application now asks no provider. */
const APPLICATION_LOOK_MS = MINUTE_MS

/** What decides when to come again, beside the failure itself. */
export interface TryFacts {
  readonly nowMs: number
  /** Failures in a row, this one included. */
  readonly count: number
  /** Chance, from 0 to 1. */
  readonly fraction: number
  /** When the access token ends that is served meanwhile; absent where none is, or it does not end. */
  readonly accessEndMs?: number | undefined
  /** True while a code waits, which its provider forgets within minutes. */
  readonly hasCode?: boolean
  /** When what was sent may be sent again, after an end that nobody knows; `back` is the usual pause. */
  afterUnknownMs(backMs: number): number | undefined
}

/**
 * When the provider is asked again after a failure, in epoch ms, for renewals, first grants and codes alike; undefined
 * when that waits for a person, or for nothing.
 *
 * | next | then |
 * |---|---|
 * | `retry` | back-off with full jitter, never before what the provider asked for |
 * | `retry-seldom`, `way-blocked` | 5 to 10 min, or when the access token ends; where a code waits, within a minute |
 * | `client-refused` | 5 to 10 min; where a code waits, within a minute |
 * | `at-expiry` | when the access token ends |
 * | `wait-for-application` | a look each minute |
 * | `wait-for-operator` | a look after 5 to 10 min |
 * | `unknown` | when sending again harms nothing |
 * | `stop`, `end` | never by itself |
 */
export function nextTryMs(
  failure: Pick<FailureTold, 'next' | 'retryAfterMs'>,
  facts: TryFacts,
): number | undefined {
  const { accessEndMs, fraction, hasCode, nowMs } = facts
  const backMs = () => {
    const { count } = facts
    return retryAtMs({ nowMs, count, fraction, ...defined({ retryAfterMs: failure.retryAfterMs }) })
  }
  const seldomMs = nowMs + (hasCode === true ? MINUTE_MS : REFUSED_RETRY_MS + fraction * REFUSED_SPREAD_MS)
  switch (failure.next) {
    case 'retry':
      return backMs()
    case 'retry-seldom':
    case 'way-blocked':
      return Math.floor(accessEndMs === undefined ? seldomMs : Math.min(seldomMs, accessEndMs))
    case 'client-refused':
    case 'wait-for-operator':
      return Math.floor(seldomMs)
    case 'at-expiry':
      return accessEndMs
    case 'wait-for-application':
      return nowMs + APPLICATION_LOOK_MS
    case 'unknown':
      return facts.afterUnknownMs(backMs())
    case 'stop':
    case 'end':
      return undefined
  }
}

/** The failure as the row keeps it, after those before it. */
export function failureMember(
  before: RotationFailure | undefined,
  failure: FailureTold,
  at: { nowMs: number; retryAtMs: number | undefined },
): RotationFailure {
  const { application, code, description, message } = failure
  return {
    class: failure.class,
    code,
    message,
    ...(description === undefined ? {} : { description }),
    ...(failure.class === 'app-broken' && application !== undefined ? { application } : {}),
    count: (before?.count ?? 0) + 1,
    firstAtMs: before?.firstAtMs ?? at.nowMs,
    lastAtMs: at.nowMs,
    ...(at.retryAtMs === undefined ? {} : { retryAtMs: at.retryAtMs }),
  }
}
