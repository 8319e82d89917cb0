import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { type ErrorCode, errorsOf, VaultError } from '../../shared/domain/errors.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import { StoreUnavailableError } from '../../shared/ports/item-store.ts'
import type { Log } from '../../shared/ports/log.ts'
import { askAgain, doubtOf } from '../../shared/use-cases/commit/transact-surely.ts'
import { rateLimitHeaders } from './rate-limit.ts'
import { type HttpEvent, type HttpRequest, stateOf } from './request-state.ts'

interface Problem {
  readonly status: number
  readonly error: string
  readonly errorCode?: string
}

/** The HTTP status and Auth0's `error` and `errorCode` of each of our codes; nobody else knows them. */
const PROBLEMS: Readonly<Record<ErrorCode, Problem>> = {
  'invalid-body': { status: 400, error: 'Bad Request', errorCode: 'invalid_body' },
  'invalid-query': { status: 400, error: 'Bad Request', errorCode: 'invalid_query_string' },
  'invalid-path': { status: 400, error: 'Bad Request', errorCode: 'invalid_uri' },
  'invalid-header': { status: 400, error: 'Bad Request', errorCode: 'invalid_headers' },
  'unsupported-media-type': {
    status: 415,
    error: 'Unsupported Media Type',
    errorCode: 'unsupported_media_type',
  },
  'body-too-large': { status: 413, error: 'Payload Too Large', errorCode: 'payload_too_large' },
  unauthenticated: { status: 401, error: 'Unauthorized' },
  'insufficient-scope': { status: 403, error: 'Forbidden', errorCode: 'insufficient_scope' },
  'not-found': { status: 404, error: 'Not Found' },
  'events-expired': { status: 410, error: 'Gone', errorCode: 'events_expired' },
  'precondition-failed': { status: 412, error: 'Precondition Failed', errorCode: 'precondition_failed' },
  conflict: { status: 409, error: 'Conflict', errorCode: 'conflict' },
  'idempotency-in-progress': { status: 409, error: 'Conflict', errorCode: 'idempotency_in_progress' },
  'idempotency-mismatch': { status: 422, error: 'Unprocessable Entity', errorCode: 'idempotency_mismatch' },
  'too-many-requests': { status: 429, error: 'Too Many Requests', errorCode: 'too_many_requests' },
  'connection-empty': { status: 409, error: 'Conflict', errorCode: 'connection_empty' },
  'authorization-pending': { status: 409, error: 'Conflict', errorCode: 'authorization_pending' },
  'reauthorization-required': { status: 409, error: 'Conflict', errorCode: 'reauthorization_required' },
  'connection-frozen': { status: 409, error: 'Conflict', errorCode: 'connection_frozen' },
  'credential-unavailable': {
    status: 503,
    error: 'Service Unavailable',
    errorCode: 'credential_unavailable',
  },
  'provider-refused': { status: 400, error: 'Bad Request', errorCode: 'provider_refused' },
  'provider-unavailable': { status: 503, error: 'Service Unavailable', errorCode: 'provider_unavailable' },
  'store-unavailable': { status: 503, error: 'Service Unavailable', errorCode: 'store_unavailable' },
}

/** Auth0 words the three kinds of validation error differently. */
const VALIDATION_PREFIXES: Partial<Record<ErrorCode, string>> = {
  'invalid-body': 'Payload validation error',
  'invalid-query': 'Query validation error',
  'invalid-path': 'Path validation error',
  'invalid-header': 'Header validation error',
}

/** On every answer: nothing of it is to be kept or guessed at, and our addresses are nobody's business. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const

/**
 * Attached first, so that its hooks run last: turns an error into Auth0's shape, puts the headers that every
 * answer carries on it, errors included, and writes the access line. The cause of a 500 goes to the log by name
 * only: an error of a library may hold the request body or a token.
 */
export function problemResponse(
  log: Log,
  clock: { monotonicMs(): number },
  commonHeaders: Readonly<Record<string, string>> = {},
): MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2> {
  const finish = (request: HttpRequest, reason?: string): void => {
    const answer = request.response!
    const state = stateOf(request)
    answer.headers = {
      ...SECURITY_HEADERS,
      ...commonHeaders,
      ...(state.rateLimit === undefined ? {} : rateLimitHeaders(state.rateLimit)),
      'x-request-id': state.requestId,
      ...answer.headers,
    }
    log.access({
      request_id: state.requestId,
      tenant: state.caller?.tenant,
      client: state.caller?.clientId,
      route: state.route?.name ?? 'unknown',
      status: answer.statusCode ?? 500,
      ms: Math.round((clock.monotonicMs() - state.startedAtMs) * 10) / 10,
      reason,
    })
  }
  return {
    after: (request) => finish(request),
    onError: (request) => {
      request.response = problemOf(request.error, log, {
        requestId: stateOf(request).requestId,
        isRead: READ_METHODS.has(request.event.requestContext.http.method),
      })
      finish(request, request.error instanceof VaultError ? request.error.detail.logReason : undefined)
    },
  }
}

/** Nothing is written twice by asking again. */
const READ_METHODS = new Set(['GET', 'HEAD'])

function problemOf(
  error: unknown,
  log: Log,
  { requestId, isRead }: { readonly requestId: string; readonly isRead: boolean },
): APIGatewayProxyStructuredResultV2 {
  // A use case that undid its work says so to the caller; what was wrong with the store is for the operator.
  const storeFailure = error instanceof VaultError ? error.cause : error
  if (storeFailure instanceof StoreUnavailableError) {
    log.error('a store did not answer', {
      request_id: requestId,
      outcome: storeFailure.outcome,
      ...errorFields(storeFailure),
    })
  }
  if (error instanceof VaultError) return vaultProblem(error)
  if (error instanceof StoreUnavailableError) {
    return vaultProblem(error.outcome === 'unknown' && !isRead ? doubtOf(error) : askAgain(error))
  }
  log.error('a request failed unexpectedly', {
    request_id: requestId,
    ...errorFields(error),
  })
  return json(500, {
    statusCode: 500,
    error: 'Internal Server Error',
    message: 'An internal error occurred; the request id names it in the log.',
  })
}

/** An expected failure as the answer the API gives to it, but for the headers that every answer carries. */
export function vaultProblem(error: VaultError): APIGatewayProxyStructuredResultV2 {
  const problem = PROBLEMS[error.code]
  const errorCode = error.detail.errorCode ?? problem.errorCode
  const headers: Record<string, string> = { ...error.detail.headers }
  if (error.detail.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(error.detail.retryAfterSeconds)
  const errors = VALIDATION_PREFIXES[error.code] === undefined ? [] : errorsOf(error)
  const body = {
    statusCode: problem.status,
    error: problem.error,
    message: messageOf(error),
    errorCode,
    ...(errors.length === 0 ? {} : { errors }),
  }
  return json(problem.status, body, headers)
}

function messageOf(error: VaultError): string {
  const prefix = VALIDATION_PREFIXES[error.code]
  const { field, allowed } = error.detail
  if (prefix === undefined) {
    return allowed === undefined ? error.message : `${error.message} Allowed: ${allowed}.`
  }
  const where = field === undefined ? '' : ` on property ${field}`
  return `${prefix}: '${error.message}'${where}${allowed === undefined ? '' : ` (${allowed})`}.`
}

function json(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  }
}
