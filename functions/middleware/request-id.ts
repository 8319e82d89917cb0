import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { HttpEvent } from './request-state.ts'

/** Starts the request's state with the id that API Gateway (or the embedded server) gave it. */
export function requestId(clock: {
  monotonicMs(): number
}): MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2> {
  return {
    before: (request) => {
      request.event.state = {
        requestId: request.event.requestContext.requestId,
        startedAtMs: clock.monotonicMs(),
      }
    },
  }
}
