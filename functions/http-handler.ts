import middy from '@middy/core'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { Actor } from '../shared/domain/change-event.ts'
import { VaultError, withErrors } from '../shared/domain/errors.ts'
import { type AuditTrail, NO_AUDIT } from '../shared/ports/audit-trail.ts'
import type { Budgets } from '../shared/ports/budgets.ts'
import type { Clock } from '../shared/ports/clock.ts'
import type { Log } from '../shared/ports/log.ts'
import type { Metrics } from '../shared/ports/metrics.ts'
import type { Caller, TokenVerifier } from '../shared/ports/token-verifier.ts'
import type { PermitLookup } from '../shared/use-cases/permits/permit-watch.ts'
import { auditRequest } from './audited-request.ts'
import { chargedPorts } from './charged-items.ts'
import { withCors } from './cors.ts'
import { measureRequest } from './measured-request.ts'
import { authenticate } from './middleware/authenticate.ts'
import { findRoute } from './middleware/find-route.ts'
import { parseRequest } from './middleware/parse-request.ts'
import { problemResponse } from './middleware/problem-response.ts'
import { rateLimit } from './middleware/rate-limit.ts'
import { requestId } from './middleware/request-id.ts'
import type { HttpEvent, RequestState } from './middleware/request-state.ts'
import { permittedPorts } from './permitted-ports.ts'
import type { Answer, Route } from './route.ts'

/** What every HTTP function needs, whatever its routes. */
export interface HttpPorts {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Where it is noted what callers did; nowhere when absent. */
  readonly audit?: AuditTrail
  readonly verifier: TokenVerifier
  /** What narrows clients to some of the tenant's connections. */
  readonly permits: PermitLookup
  /** What each tenant, and each address without a token, may ask for. */
  readonly budgets: Budgets
  /** Origins whose pages may call what is answered here; none when absent. */
  readonly corsOrigins?: readonly string[]
  /** On every answer, where no server of ours adds them. */
  readonly commonHeaders?: Readonly<Record<string, string>>
}

export type HttpHandler = (event: HttpEvent) => Promise<APIGatewayProxyStructuredResultV2>

/** The handler of a function that answers `routes`: the same chain for each, in the order a request passes it. */
export function createHttpHandler<Ports extends HttpPorts>(
  routes: readonly Route<Ports>[],
  ports: Ports,
): HttpHandler {
  const handler = middy({ timeoutEarlyInMillis: 0 })
    .use(problemResponse(ports.log, ports.clock, ports.commonHeaders))
    .use(requestId(ports.clock))
    .use(findRoute(routes))
    .use(authenticate(ports.verifier, ports.clock))
    .use(rateLimit(ports.budgets, ports.clock))
    .use(parseRequest())
    .handler(async (event: HttpEvent) => {
      const { input, caller, refused } = event.state!
      const route = event.state!.route as Route<Ports>
      if (refused !== undefined) throw await refusalOf(event.state!, ports)
      const own =
        caller === undefined
          ? ports
          : await permittedPorts(chargedPorts(ports, caller), { caller, route, body: input!.body })
      const actor = caller === undefined ? undefined : actorOfCaller(caller)
      const answer = await route.handle(input!, { ...own, actor })
      event.state!.done = { id: idIn(answer.body), credentialVersion: answer.credentialVersion }
      return responseOf(answer)
    })
  const context = {} as Parameters<typeof handler>[1]
  return withCors(ports.corsOrigins ?? [], async (event) => {
    const answer: APIGatewayProxyStructuredResultV2 = await handler(event, context)
    measureRequest(ports, event, answer)
    auditRequest(ports.audit ?? NO_AUDIT, event, answer)
    ports.metrics.flush()
    return answer
  })
}

/** A refused body with all that is wrong with it, as far as the caller may know. */
async function refusalOf<Ports extends HttpPorts>(
  { refused, route, input, caller }: RequestState,
  ports: Ports,
): Promise<VaultError> {
  const { error, body } = refused!
  const { errorsBeside, ...rest } = route as Route<Ports>
  if (errorsBeside === undefined || caller === undefined) return error
  try {
    const appId = typeof body['app_id'] === 'string' ? body['app_id'] : undefined
    const own = await permittedPorts(chargedPorts(ports, caller), {
      caller,
      route: rest,
      body: { app_id: appId },
    })
    return withErrors(error, await errorsBeside({ path: input!.path, body, caller }, own))
  } catch (failure) {
    // What it is about is not there, or not for this caller: the body is refused all the same.
    if (failure instanceof VaultError) return error
    throw failure
  }
}

/** What a route has made, where its answer shows it. */
function idIn(body: unknown): string | undefined {
  const shown = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const id = shown['id'] ?? shown['client_id']
  return typeof id === 'string' ? id : undefined
}

function responseOf(answer: Answer): APIGatewayProxyStructuredResultV2 {
  const { body } = answer
  const head = {
    statusCode: answer.status,
    ...(answer.cookies === undefined ? {} : { cookies: [...answer.cookies] }),
  }
  if (body === undefined) return { ...head, headers: { ...answer.headers } }
  return {
    ...head,
    headers: { 'content-type': 'application/json; charset=utf-8', ...answer.headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

function actorOfCaller({ clientId, person }: Caller): Actor {
  return { id: clientId, ...(person === undefined ? {} : { name: person }) }
}
