import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { HttpEvent } from './middleware/request-state.ts'
import type { HttpMethod } from './route.ts'

/** All that our routes have, so that a page learns from their own answer which of them a path takes. */
const METHODS: readonly HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
/** What our routes read, beyond what a page may send without asking (Fetch standard, CORS-safelisted). */
const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'x-flow-id',
]
/** What our answers tell in headers alone. */
const ANSWER_HEADERS = [
  ...['etag', 'idempotency-replayed', 'location', 'retry-after', 'www-authenticate', 'x-request-id'],
  ...['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
]
/** Browsers keep a permission for two hours at most (Chromium); a page that lost it learns so within one. */
const MAX_AGE_SECONDS = 3_600

type Answer = APIGatewayProxyStructuredResultV2

/**
 * Lets the pages of these origins call what `handle` answers (Fetch standard, "CORS protocol"). No credentials go
 * along: a token is the only key, and a cookie opens nothing here. Another origin's preflight is answered like any
 * request that no route has, without a word on who may.
 */
export function withCors<Event extends Pick<HttpEvent, 'headers' | 'requestContext'>, Result extends Answer>(
  origins: readonly string[],
  handle: (event: Event) => Promise<Result>,
): (event: Event) => Promise<Result | Answer> {
  if (origins.length === 0) return handle
  return async (event) => {
    const origin = event.headers['origin']
    const isAllowed = origin !== undefined && origins.includes(origin)
    if (isAllowed && isPreflight(event)) return preflightAnswer(origin)
    const answer = await handle(event)
    return {
      ...answer,
      headers: { ...answer.headers, ...answerHeaders(answer, isAllowed ? origin : undefined) },
    }
  }
}

function isPreflight({ headers, requestContext }: Pick<HttpEvent, 'headers' | 'requestContext'>): boolean {
  return requestContext.http.method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

function preflightAnswer(origin: string): Answer {
  return {
    statusCode: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': METHODS.join(', '),
      'access-control-allow-headers': REQUEST_HEADERS.join(', '),
      'access-control-max-age': String(MAX_AGE_SECONDS),
      vary: 'origin, access-control-request-method, access-control-request-headers',
      'cache-control': 'no-store',
    },
  }
}

/** Whoever keeps an answer has to know that it is another one for another origin, also where it allows none. */
function answerHeaders({ headers }: Answer, origin: string | undefined): Record<string, string> {
  const vary = [headers?.['vary'], 'origin'].filter((value) => value !== undefined).join(', ')
  if (origin === undefined) return { vary }
  return {
    vary,
    'access-control-allow-origin': origin,
    'access-control-expose-headers': ANSWER_HEADERS.join(', '),
  }
}
