import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { SECURITY_HEADERS, vaultProblem } from '../../../functions/middleware/problem-response.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import { ALL_SCOPES } from '../../../shared/domain/scopes.ts'
import type { AuditTrail } from '../../../shared/ports/audit-trail.ts'
import type { Clock } from '../../../shared/ports/clock.ts'
import type { Caller, TokenVerifier } from '../../../shared/ports/token-verifier.ts'
import { ClientRefusedError, type ClientRegistry, type RegisteredClient } from './client-registry.ts'
import type { LocalRoute } from './issuer-routes.ts'

const PATH = '/api/v2/flows/vault/clients'

/**
 * The clients of the built-in issuer, over HTTP. Whoever asks sees and makes those of their own tenant, and gives
 * none a scope that they lack; they need every scope there is to make or remove one, as the first client has.
 */
export function clientRoutes(ports: {
  clients: ClientRegistry
  verifier: TokenVerifier
  clock: Pick<Clock, 'nowMs'>
  audit: AuditTrail
}): LocalRoute[] {
  const { clients } = ports
  const note = ({ tenant, clientId, person }: Caller, act: string, id: string) => {
    const who = { tenant, client: clientId, person }
    ports.audit.note({ kind: 'administration', act, outcome: 'done', ...who, object_id: id })
  }
  const guarded =
    (handle: (caller: Caller, event: APIGatewayProxyEventV2) => APIGatewayProxyStructuredResultV2) =>
    async (event: APIGatewayProxyEventV2) => {
      try {
        return handle(await callerOf(ports, event), event)
      } catch (error) {
        return problem(error)
      }
    }
  const ofTenant = (caller: Caller): readonly RegisteredClient[] =>
    clients.list().filter(({ tenant }) => tenant === caller.tenant)
  return [
    { method: 'GET', path: PATH, answer: guarded((caller) => json(200, ofTenant(caller).map(shown))) },
    {
      method: 'POST',
      path: PATH,
      answer: guarded((caller, event) => {
        const { name, scopes } = bodyOf(event)
        const wanted = Array.isArray(scopes) ? scopes.map(String) : [...ALL_SCOPES]
        const added = clients.add({ name: String(name ?? ''), tenant: caller.tenant, scopes: wanted })
        note(caller, 'add-client', added.client.client_id)
        return json(201, { ...shown(added.client), client_secret: added.secret.reveal() })
      }),
    },
    {
      method: 'DELETE',
      path: `${PATH}/{id}`,
      answer: guarded((caller, event) => {
        const id = event.pathParameters?.['id'] ?? ''
        const isOurs = ofTenant(caller).some((client) => client.client_id === id)
        if (!isOurs || !clients.remove(id)) throw new VaultError('not-found', 'Client not found')
        note(caller, 'remove-client', id)
        return { statusCode: 204, headers: { ...SECURITY_HEADERS } }
      }),
    },
  ]
}

async function callerOf(
  { verifier, clock }: { verifier: TokenVerifier; clock: Pick<Clock, 'nowMs'> },
  event: APIGatewayProxyEventV2,
): Promise<Caller> {
  const [, token = ''] = /^bearer +(\S{1,8192})$/i.exec(event.headers['authorization'] ?? '') ?? []
  const caller = await verifier.verify(token, clock.nowMs())
  const lacked = ALL_SCOPES.find((scope) => !caller.scopes.has(scope))
  if (lacked === undefined) return caller
  throw new VaultError('insufficient-scope', `Insufficient scope, expected any of: ${lacked}`)
}

function bodyOf(event: APIGatewayProxyEventV2): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(event.body ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    throw new VaultError('invalid-body', 'The body is not JSON', { field: 'body', allowed: 'a JSON object' })
  }
}

function shown({ client_id, name, scopes, created_at }: RegisteredClient): Record<string, unknown> {
  return { client_id, name, scopes, created_at }
}

function problem(error: unknown): APIGatewayProxyStructuredResultV2 {
  if (error instanceof ClientRefusedError) {
    return problem(new VaultError('invalid-body', error.message, { field: 'name' }))
  }
  if (!(error instanceof VaultError)) throw error
  const answer = vaultProblem(error)
  return { ...answer, headers: { ...SECURITY_HEADERS, ...answer.headers } }
}

function json(status: number, body: unknown): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { ...SECURITY_HEADERS, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  }
}
