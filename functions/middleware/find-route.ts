import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { VaultError } from '../../shared/domain/errors.ts'
import { type Route, routeKeyOf } from '../route.ts'
import { type HttpEvent, stateOf } from './request-state.ts'

/** Finds the route by API Gateway's route key; a path or method that no route has is Auth0's plain 404. */
export function findRoute<Ports>(
  routes: readonly Route<Ports>[],
): MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2> {
  const byKey = new Map(routes.map((route) => [routeKeyOf(route), route as Route<unknown>]))
  return {
    before: (request) => {
      const route = byKey.get(request.event.routeKey.replace(/^HEAD /, 'GET '))
      if (route === undefined) throw new VaultError('not-found', 'Not Found')
      stateOf(request).route = route
    },
  }
}
