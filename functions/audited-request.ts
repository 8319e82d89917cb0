import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { FLOW_ID } from '../shared/domain/ids.ts'
import type { AuditEntry, AuditKind, AuditTrail } from '../shared/ports/audit-trail.ts'
import type { HttpEvent } from './middleware/request-state.ts'

/** Ids in paths are ours, or of nobody: another text is no id and is not kept. */
const ANY_ID = /^[A-Za-z0-9_-]{1,55}$/
const CONNECTION_PATH = /\/connections\/\{id\}/

/**
 * Notes what a caller did or was refused: each fetch, and each request that changes something. What only looks, and
 * requests without a token, are in the access log.
 */
export function auditRequest(
  audit: AuditTrail,
  event: HttpEvent,
  answer: APIGatewayProxyStructuredResultV2,
): void {
  const { route, caller, requestId, done } = event.state ?? {}
  if (route === undefined || caller === undefined) return
  const kind = kindOf(route)
  if (kind === undefined) return
  const id = done?.id ?? event.pathParameters?.['id']
  const named = id !== undefined && ANY_ID.test(id) ? id : undefined
  const isOfConnection = CONNECTION_PATH.test(route.path) || route.name === 'create-connection'
  const flow = event.headers['x-flow-id']
  audit.note({
    kind,
    act: route.name,
    outcome: outcomeOf(kind, answer),
    tenant: caller.tenant,
    client: caller.clientId,
    person: caller.person,
    ...(flow !== undefined && FLOW_ID.test(flow) ? { flow } : {}),
    ...(isOfConnection ? { connection_id: named } : { object_id: named }),
    credential_version: done?.credentialVersion,
    request_id: requestId,
  } satisfies AuditEntry)
}

function kindOf(route: { function: string; method: string; path: string }): AuditKind | undefined {
  if (route.function === 'credentials') return 'fetch'
  if (route.method === 'GET') return undefined
  return /\/vault\/connections(?:\/|$)/.test(route.path) ? 'change' : 'administration'
}

function outcomeOf(kind: AuditKind, { statusCode = 500, body }: APIGatewayProxyStructuredResultV2): string {
  if (statusCode === 304) return 'not_modified'
  if (statusCode < 400) return kind === 'fetch' ? 'served' : 'done'
  if (statusCode >= 500 && statusCode !== 503) return 'failed'
  const { errorCode } = JSON.parse(body ?? '{}') as { errorCode?: unknown }
  if (typeof errorCode === 'string') return errorCode
  return statusCode === 404 ? 'not_found' : `status_${statusCode}`
}
