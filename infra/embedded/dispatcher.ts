import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { HttpHandler } from '../../functions/http-handler.ts'
import type { HttpEvent } from '../../functions/middleware/request-state.ts'
import { type Route, routeKeyOf } from '../../functions/route.ts'
import { allRoutes } from '../../functions/route-table.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Log } from '../../shared/ports/log.ts'
import type { RouteFinder } from './http/gateway-event.ts'
import { createRouteFinder } from './http/match-path.ts'
import { METRICS_ROUTE } from './http/metrics-route.ts'
import { REFERENCE_PATHS, referencePage } from './http/reference-pages.ts'
import type { LocalRoute } from './issuer/issuer-routes.ts'

/** How a request finds who answers it. */
export interface Dispatcher {
  readonly handle: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>
  readonly route: RouteFinder
}

/** One dispatch for all: the functions' handlers by route, and what only the embedded server answers. */
export function createDispatcher(options: {
  handlerOf(route: Route<never>): HttpHandler
  elsewhere: HttpHandler
  metrics: HttpHandler
  local: readonly LocalRoute[]
  budgetHeaders(): Record<string, string>
  log: Log
  clock: Pick<Clock, 'monotonicMs'>
}): Dispatcher {
  const { local } = options
  const routes = allRoutes()
  const byKey = new Map(routes.map((route) => [routeKeyOf(route), options.handlerOf(route)]))
  byKey.set(routeKeyOf(METRICS_ROUTE), options.metrics)
  const localByKey = new Map(local.map((route) => [routeKeyOf(route), route.answer]))
  const pages = REFERENCE_PATHS.map((page) => ({ method: 'GET' as const, path: page }))
  const pageByKey = new Map(pages.map((page) => [routeKeyOf(page), page.path]))
  const ownHeaders = (event: APIGatewayProxyEventV2) => ({
    ...options.budgetHeaders(),
    'x-request-id': event.requestContext.requestId,
  })
  return {
    route: createRouteFinder([...routes, ...local, ...pages, METRICS_ROUTE]),
    handle: async (event) => {
      const handler = byKey.get(event.routeKey)
      if (handler !== undefined) return handler(event as HttpEvent)
      const startedAtMs = options.clock.monotonicMs()
      const page = pageByKey.get(event.routeKey)
      const answer =
        page === undefined ? await localByKey.get(event.routeKey)?.(event) : await referencePage(page)
      if (answer === undefined) return options.elsewhere(event as HttpEvent)
      options.log.access({
        request_id: event.requestContext.requestId,
        route: event.routeKey,
        status: answer.statusCode,
        ms: Math.round((options.clock.monotonicMs() - startedAtMs) * 10) / 10,
      })
      return { ...answer, headers: { ...ownHeaders(event), ...answer.headers } }
    },
  }
}
