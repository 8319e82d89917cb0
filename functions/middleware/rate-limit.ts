import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { addressHolder, type BudgetHolder, chargeForBody } from '../../shared/domain/charges.ts'
import { VaultError } from '../../shared/domain/errors.ts'
import type { Budgets, Standing } from '../../shared/ports/budgets.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Route } from '../route.ts'
import { type HttpEvent, type HttpRequest, type RateLimitState, stateOf } from './request-state.ts'

/**
 * Takes each request from a budget: the tenant's of the route's kind, or the address's where no valid token says
 * whose it is. Every answer carries how it stands; past it the answer is Auth0's 429 with `Retry-After`. Only what
 * tells a monitor that the vault lives is never refused.
 */
export function rateLimit(
  budgets: Budgets,
  clock: Pick<Clock, 'nowMs'>,
): MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2> {
  const take = async (request: HttpRequest): Promise<VaultError | undefined> => {
    const state = stateOf(request)
    const holder = budgetHolder(request.event, { tenant: state.caller?.tenant, route: state.route })
    const isFree = state.route?.budget === 'none'
    const { overBudget } = request.event
    const standing = overBudget ?? (await (isFree ? budgets.look(holder) : budgets.take(holder)))
    const units = chargeForBody(request.event.body?.length ?? 0)
    if (standing.isAllowed && units > 0) budgets.charge(holder, units)
    state.rateLimit = rateLimitState(standing, clock.nowMs())
    return isFree || standing.isAllowed ? undefined : tooManyRequests(standing)
  }
  return {
    before: async (request) => {
      const refusal = await take(request)
      if (refusal !== undefined) throw refusal
    },
    onError: async (request) => {
      // What was refused before it came here (no route, no token, no scope) is counted too.
      if (stateOf(request).rateLimit !== undefined) return
      request.error = (await take(request)) ?? request.error
    },
  }
}

/** The 429 of who has used up a budget. */
export function tooManyRequests(standing: Pick<Standing, 'secondsToNext'>): VaultError {
  return new VaultError('too-many-requests', 'Global limit has been reached', {
    retryAfterSeconds: Math.max(1, Math.ceil(standing.secondsToNext)),
  })
}

/** The headers that tell a caller its budget: requests a second, those left, and when all are back (Unix s). */
export function rateLimitHeaders(limit: RateLimitState): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit.limit),
    'x-ratelimit-remaining': String(limit.remaining),
    'x-ratelimit-reset': String(limit.resetAtS),
  }
}

/** How a budget stands, as answers tell it. */
export function rateLimitState(
  { limit, remaining, secondsToFull }: Omit<Standing, 'isAllowed' | 'secondsToNext'>,
  nowMs: number,
): RateLimitState {
  return { limit, remaining, resetAtS: Math.ceil(nowMs / 1000 + secondsToFull) }
}

/** The state an answer carries that nothing was counted for. */
export function uncounted(perSecond: number, nowMs: number): RateLimitState {
  return rateLimitState({ limit: perSecond, remaining: perSecond, secondsToFull: 0 }, nowMs)
}

/** Whose budget a request is taken from: its tenant's of the route's kind, its address's without a valid token. */
export function budgetHolder(
  { requestContext }: Pick<HttpEvent, 'requestContext'>,
  of: { tenant: string | undefined; route: Pick<Route<never>, 'budget'> | undefined },
): BudgetHolder {
  if (of.tenant === undefined) return addressHolder(requestContext.http.sourceIp)
  const budget = of.route?.budget
  return { budget: budget === undefined || budget === 'none' ? 'requests' : budget, of: of.tenant }
}
