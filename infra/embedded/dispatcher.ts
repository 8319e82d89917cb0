import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { withCors } from '../../functions/cors.ts'
import { CREDENTIALS_ROUTES } from '../../functions/credentials/routes.ts'
import type { HttpHandler } from '../../functions/http-handler.ts'
import { SECURITY_HEADERS, vaultProblem } from '../../functions/middleware/problem-response.ts'
import {
  budgetHolder,
  rateLimitHeaders,
  rateLimitState,
  tooManyRequests,
} from '../../functions/middleware/rate-limit.ts'
import type { HttpEvent } from '../../functions/middleware/request-state.ts'
import { type Route, routeKeyOf } from '../../functions/route.ts'
import { allRoutes } from '../../functions/route-table.ts'
import { addressHolder, BODY_BYTES_A_UNIT, chargeForAnswer } from '../../shared/domain/charges.ts'
import type { Budgets, Standing } from '../../shared/ports/budgets.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Log } from '../../shared/ports/log.ts'
import type { TokenVerifier } from '../../shared/ports/token-verifier.ts'
import type { RequestHolder } from './http/body-budget.ts'
import { FairTurns, TURN_WEIGHTS } from './http/fair-turns.ts'
import type { ServerAnswer } from './http/gateway-answer.ts'
import type { RouteFinder } from './http/gateway-event.ts'
import { HeldRefusals } from './http/held-refusals.ts'
import { createRouteFinder } from './http/match-path.ts'
import { METRICS_ROUTE } from './http/metrics-route.ts'
import type { Admission } from './http/node-exchange.ts'
import type { ReferencePages } from './http/reference-pages.ts'
import type { LocalRoute } from './issuer/issuer-routes.ts'
import { requestHolder } from './request-holder.ts'

const TOO_MANY_REQUESTS = 429

/** How a request finds who answers it. */
export interface Dispatcher {
  readonly handle: (event: APIGatewayProxyEventV2) => Promise<ServerAnswer>
  readonly route: RouteFinder
  /** Whose a request is, before its body is read; or its answer, when no token lets its body be looked at. */
  readonly admit: (event: APIGatewayProxyEventV2) => Promise<Admission>
}

/** One dispatch for all: the functions' handlers by route, and what only the embedded server answers. */
export function createDispatcher(options: {
  handlerOf(route: Route<never>): HttpHandler
  elsewhere: HttpHandler
  metrics: HttpHandler
  reference: ReferencePages
  local: readonly LocalRoute[]
  /** Routes of this server's own that pass the chain of the functions, and what answers them. */
  own?: { readonly routes: readonly Route<never>[]; readonly handler: HttpHandler } | undefined
  verifier: TokenVerifier
  budgets: Budgets
  corsOrigins: readonly string[]
  log: Log
  clock: Clock
}): Dispatcher {
  const { local, own } = options
  const ofFunctions = allRoutes()
  const routes = [...ofFunctions, ...(own?.routes ?? [])]
  const byKey = new Map<string, (event: HttpEvent) => Promise<ServerAnswer>>(
    ofFunctions.map((route) => [routeKeyOf(route), options.handlerOf(route)]),
  )
  for (const route of own?.routes ?? []) byKey.set(routeKeyOf(route), own!.handler)
  byKey.set(routeKeyOf(METRICS_ROUTE), options.metrics)
  const pages = pageRoutes(options)
  // Over those of functions: a page is ready here, and made anew by a function.
  for (const { answer, ...route } of [...local, ...pages])
    byKey.set(routeKeyOf(route), (event) => answerWithinBudget(options, event, answer))
  const serve = createServing(options, (event) => (byKey.get(event.routeKey) ?? options.elsewhere)(event))
  return {
    route: createRouteFinder([
      ...routes,
      ...local,
      ...pages.filter(({ path }) => !routes.some((route) => route.path === path)),
      METRICS_ROUTE,
    ]),
    admit: createAdmission({ ...options, routes, serve }),
    handle: async (event) => serve(event, await requestHolder(event, options)),
  }
}

type Serve = (event: HttpEvent, holder: RequestHolder) => Promise<ServerAnswer>

/** Has requests answered in turn, and those that are refused told when it is time. */
function createServing(
  ports: OwnPorts & { clock: Pick<Clock, 'monotonicMs' | 'sleep'> },
  answer: (event: HttpEvent) => Promise<ServerAnswer>,
): Serve {
  const turns = new FairTurns()
  const refusals = new HeldRefusals(ports.clock)
  const inTurn: Serve = async (event, { name }) => {
    const leave = await turns.enter(name, weightOf(event))
    if (leave === undefined) return logged(ports, event, async () => refusalOf({ secondsToNext: 1 }))
    try {
      return await answer(event)
    } finally {
      leave()
    }
  }
  return async (event, holder) => {
    const answered = await inTurn(event, holder)
    if (answered.statusCode === TOO_MANY_REQUESTS) await refusals.untilTold(holder.name)
    return answered
  }
}

const FETCHES = new Set(CREDENTIALS_ROUTES.map(routeKeyOf))

function weightOf({ routeKey, body = '' }: APIGatewayProxyEventV2): number {
  if (body.length > BODY_BYTES_A_UNIT) return TURN_WEIGHTS.long
  return FETCHES.has(routeKey) ? TURN_WEIGHTS.fetch : TURN_WEIGHTS.request
}

/** The pages of the reference, which pages of other origins may read like the API itself. */
function pageRoutes({
  reference,
  corsOrigins,
}: {
  reference: ReferencePages
  corsOrigins: readonly string[]
}) {
  return reference.paths.map((path) => ({
    method: 'GET' as const,
    path,
    answer: withCors(corsOrigins, (event: APIGatewayProxyEventV2) => reference.answer(path, event)),
  }))
}

/** A body is read for who may send it and has something left to send it with, on the routes that take one. */
function createAdmission(options: {
  routes: readonly Route<never>[]
  serve: Serve
  verifier: TokenVerifier
  budgets: Budgets
  clock: Pick<Clock, 'nowMs'>
}): Dispatcher['admit'] {
  const routes = new Map(options.routes.map((route) => [routeKeyOf(route), route]))
  return async (event) => {
    const holder = await requestHolder(event, options)
    const { tenant } = holder
    const route = routes.get(event.routeKey)
    // The handler finds that there is no such route, or no valid token, and says what is wrong.
    const isRefused = event.routeKey === '$default' || (route?.scopes !== undefined && tenant === undefined)
    if (isRefused) return { answer: await options.serve(event, holder) }
    const standing = await options.budgets.look(budgetHolder(event, { tenant, route }))
    if (standing.isAllowed || route?.budget === 'none') return { holder }
    return { answer: await options.serve({ ...event, overBudget: standing }, holder) }
  }
}

/** What needs no token is taken from its address's budget. */
function answerWithinBudget(
  ports: OwnPorts & { budgets: Budgets },
  event: HttpEvent,
  answerOf: (event: APIGatewayProxyEventV2) => Promise<ServerAnswer>,
): Promise<ServerAnswer> {
  return logged(ports, event, async () => {
    const address = addressHolder(event.requestContext.http.sourceIp)
    const standing = event.overBudget ?? (await ports.budgets.take(address))
    const answer = standing.isAllowed ? await answerOf(event) : refusalOf(standing)
    ports.budgets.charge(address, chargeForAnswer(answer.bytes?.length ?? answer.body?.length ?? 0))
    const budget = rateLimitHeaders(rateLimitState(standing, ports.clock.nowMs()))
    return { ...answer, headers: { ...budget, ...answer.headers } }
  })
}

interface OwnPorts {
  readonly log: Log
  readonly clock: Pick<Clock, 'monotonicMs' | 'nowMs'>
}

/** An answer of the server itself, logged and named like one of a function. */
async function logged(
  { log, clock }: OwnPorts,
  event: APIGatewayProxyEventV2,
  answerOf: () => Promise<ServerAnswer>,
): Promise<ServerAnswer> {
  const { requestId } = event.requestContext
  const startedAtMs = clock.monotonicMs()
  const answer = await answerOf()
  const { statusCode: status } = answer
  const ms = Math.round((clock.monotonicMs() - startedAtMs) * 10) / 10
  log.access({ request_id: requestId, route: event.routeKey, status, ms })
  return { ...answer, headers: { 'x-request-id': requestId, ...answer.headers } }
}

function refusalOf(standing: Pick<Standing, 'secondsToNext'>): ServerAnswer {
  const problem = vaultProblem(tooManyRequests(standing))
  return { ...problem, headers: { ...SECURITY_HEADERS, ...problem.headers } }
}
