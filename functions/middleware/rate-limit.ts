import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { VaultError } from '../../shared/domain/errors.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { type HttpEvent, type RateLimitState, stateOf } from './request-state.ts'

/** Buckets of tenants not seen for a while are dropped past this many. */
const MAX_BUCKETS = 10_000
/** Callers without a valid token share a bucket: it carries the headers and limits nobody else. */
const ANONYMOUS = ''

interface Bucket {
  tokens: number
  filledAtMs: number
}

/**
 * A token bucket a tenant, on management routes: `perSecond` requests a second, and as many at once. Every answer
 * carries the bucket's state; past it the answer is Auth0's 429 with `Retry-After`. One tenant's flood leaves the
 * others' buckets alone. Fetching credentials is counted in the headers and never refused.
 */
export function rateLimit(options: {
  perSecond: number
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
}): MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2> {
  const { perSecond, clock } = options
  const buckets = new Map<string, Bucket>()
  return {
    before: (request) => {
      const state = stateOf(request)
      const bucket = refill(buckets, state.caller?.tenant ?? ANONYMOUS, perSecond, clock.monotonicMs())
      const limited = state.caller !== undefined && state.route?.function === 'api'
      const allowed = bucket.tokens >= 1
      if (limited && allowed) bucket.tokens -= 1
      const secondsToFull = (perSecond - bucket.tokens) / perSecond
      state.rateLimit = {
        limit: perSecond,
        remaining: Math.max(0, Math.floor(bucket.tokens)),
        resetAtS: Math.ceil(clock.nowMs() / 1000 + secondsToFull),
      }
      if (!limited || allowed) return
      throw new VaultError('too-many-requests', 'Global limit has been reached', {
        retryAfterSeconds: Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond)),
      })
    },
    onError: (request) => {
      // An error before this middleware (no route, no token) still answers with the headers.
      const state = stateOf(request)
      state.rateLimit ??= uncounted(perSecond, clock.nowMs())
    },
  }
}

/** The headers that tell a caller its budget: requests a second, those left, and when all are back (Unix s). */
export function rateLimitHeaders(limit: RateLimitState): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit.limit),
    'x-ratelimit-remaining': String(limit.remaining),
    'x-ratelimit-reset': String(limit.resetAtS),
  }
}

/** The state an answer carries whose caller is not known: nothing was counted. */
export function uncounted(perSecond: number, nowMs: number): RateLimitState {
  return { limit: perSecond, remaining: perSecond, resetAtS: Math.ceil(nowMs / 1000) }
}

function refill(buckets: Map<string, Bucket>, tenant: string, perSecond: number, nowMs: number): Bucket {
  const known = buckets.get(tenant)
  if (known !== undefined) {
    known.tokens = Math.min(perSecond, known.tokens + ((nowMs - known.filledAtMs) / 1000) * perSecond)
    known.filledAtMs = nowMs
    return known
  }
  // A forgotten bucket counts as full, so dropping all of them only ever errs on the tenants' side.
  if (buckets.size >= MAX_BUCKETS) buckets.clear()
  const bucket = { tokens: perSecond, filledAtMs: nowMs }
  buckets.set(tenant, bucket)
  return bucket
}
