import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { createHttpHandler, type HttpHandler, type HttpPorts } from '../../functions/http-handler.ts'
import type { HttpEvent } from '../../functions/middleware/request-state.ts'
import { type Route, routeKeyOf } from '../../functions/route.ts'
import { LocalBudgets } from '../../shared/adapters/memory/local-budgets.ts'
import { VaultError } from '../../shared/domain/errors.ts'
import type { Scope } from '../../shared/domain/scopes.ts'
import type { LogFields } from '../../shared/ports/log.ts'
import type { Caller } from '../../shared/ports/token-verifier.ts'
import { ManualClock } from './manual-clock.ts'
import { NoMetrics } from './no-metrics.ts'

/** A function of one or several routes, called as API Gateway would, on a clock that stands still. */
export interface HttpFunction {
  readonly clock: ManualClock
  /** Access lines and errors, in the order they were logged. */
  readonly logged: (LogFields & { message: string })[]
  call(request?: HttpCall): Promise<HttpAnswer>
}

/** A request; without a token it has no Authorization header, and the route is the first one. */
export interface HttpCall {
  readonly route?: string
  readonly method?: string
  /** `tenant scope scope`: what the caller's token stands for. */
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  /** The caller's address. */
  readonly from?: string
  readonly cookies?: readonly string[]
  readonly body?: string
  readonly isBase64Encoded?: boolean
}

/** An answer with its body parsed, when it is JSON. */
export interface HttpAnswer extends APIGatewayProxyStructuredResultV2 {
  readonly headers: Readonly<Record<string, string>>
  readonly json: Record<string, unknown> | undefined
}

export const REQUEST_ID = 'request-1'

/** The function under test, with ports beside those of every function. Its tokens are readable: `tenant scope scope`; the token `bad` is refused. */
export function httpFunction(
  routes: readonly Route<never>[],
  perSecond = 1000,
  more: object = {},
): HttpFunction {
  return httpFunctionOf(
    (ports) =>
      createHttpHandler(routes as unknown as readonly Route<object>[] as never, { ...more, ...ports }),
    { perSecond, firstRouteKey: routeKeyOf(routes[0]!) },
  )
}

/** The same over a handler that is made of these ports. */
export function httpFunctionOf(
  create: (ports: HttpPorts) => HttpHandler,
  { perSecond = 1000, firstRouteKey }: { perSecond?: number; firstRouteKey: string },
): HttpFunction {
  const clock = new ManualClock()
  const logged: (LogFields & { message: string })[] = []
  const log = (message: string, fields: LogFields = {}): void => {
    logged.push({ message, ...fields })
  }
  const handler = create({
    clock,
    log: { debug: log, info: log, warn: log, error: log, access: (fields) => log('request', fields) },
    verifier: { verify: async (token) => callerOf(token, clock.nowMs()) },
    metrics: new NoMetrics(),
    permits: { find: async () => undefined },
    budgets: new LocalBudgets({ requestsPerSecond: perSecond, clock }),
  })
  return {
    clock,
    logged,
    async call(request = {}) {
      const answer = await handler(eventOf(request, firstRouteKey))
      const json = answer.body?.startsWith('{') ? JSON.parse(answer.body) : undefined
      return { ...answer, headers: (answer.headers ?? {}) as Record<string, string>, json }
    },
  }
}

function callerOf(token: string, nowMs: number): Caller {
  if (token === 'bad') throw new VaultError('unauthenticated', 'Invalid token')
  const [tenant, ...scopes] = token.split(' ')
  return {
    tenant: tenant!,
    clientId: 'client',
    scopes: new Set(scopes as Scope[]),
    expiresAtMs: nowMs + 1000,
  }
}

function eventOf(request: HttpCall, firstRouteKey: string): HttpEvent {
  const routeKey = request.route ?? firstRouteKey
  return {
    version: '2.0',
    routeKey,
    rawPath: '/',
    rawQueryString: '',
    headers: {
      host: 'vault.test',
      ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
      ...request.headers,
    },
    requestContext: {
      requestId: REQUEST_ID,
      routeKey,
      domainName: 'vault.test',
      http: { method: request.method ?? routeKey.split(' ')[0], sourceIp: request.from ?? '192.0.2.1' },
    } as HttpEvent['requestContext'],
    isBase64Encoded: request.isBase64Encoded === true,
    ...(request.cookies === undefined ? {} : { cookies: [...request.cookies] }),
    ...(request.path === undefined ? {} : { pathParameters: { ...request.path } }),
    ...(request.query === undefined ? {} : { queryStringParameters: { ...request.query } }),
    ...(request.body === undefined ? {} : { body: request.body }),
  }
}
