import type { Request } from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { VaultError } from '../../shared/domain/errors.ts'
import type { JsonObject } from '../../shared/domain/json.ts'
import type { Standing } from '../../shared/ports/budgets.ts'
import type { Caller } from '../../shared/ports/token-verifier.ts'
import type { Route, RouteInput } from '../route.ts'

/** A caller's budget as an answer tells it; the instant all of it is back is in Unix seconds. */
export interface RateLimitState {
  readonly limit: number
  readonly remaining: number
  readonly resetAtS: number
}

/** What the middlewares of one request hand to each other. */
export interface RequestState {
  requestId: string
  startedAtMs: number
  route?: Route<unknown>
  caller?: Caller
  rateLimit?: RateLimitState
  /** A body that the route's schema refused; what else is wrong with it is looked for before that is answered. */
  refused?: { readonly error: VaultError; readonly body: JsonObject }
  /** What was done, by a route that succeeded. */
  done?: { readonly id?: string | undefined; readonly credentialVersion?: number | undefined }
  input?: RouteInput<unknown, unknown, unknown, unknown>
}

/** The event as this service reads it: API Gateway's payload format 2.0, with our request state beside it. */
export type HttpEvent = APIGatewayProxyEventV2 & {
  state?: RequestState
  /** How its budget stood when the server refused to read its body: it is refused, and nothing more is taken. */
  overBudget?: Standing
}

export type HttpRequest = Request<HttpEvent, APIGatewayProxyStructuredResultV2>

/** The state of the request; `problem-response`, attached first, makes it. */
export function stateOf(request: HttpRequest): RequestState {
  return request.event.state!
}
