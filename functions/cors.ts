import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import {
  CORS_ANSWER_HEADERS,
  CORS_MAX_AGE_SECONDS,
  CORS_METHODS,
  CORS_REQUEST_HEADERS,
} from '../shared/settings/cors-terms.ts'
import type { HttpEvent } from './middleware/request-state.ts'

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

/**
 * The headers that let the page of a listed origin read a refusal which no function made; none for any other answer,
 * and for one that has them.
 */
export function corsOfRefusal(
  origins: readonly string[],
  origin: string | undefined,
  answer: Answer,
): Record<string, string> {
  const isMade = String(answer.headers?.['vary'] ?? '').includes('origin')
  if (origins.length === 0 || (answer.statusCode ?? 500) < 400 || isMade) return {}
  return answerHeaders(answer, origin !== undefined && origins.includes(origin) ? origin : undefined)
}

function isPreflight({ headers, requestContext }: Pick<HttpEvent, 'headers' | 'requestContext'>): boolean {
  return requestContext.http.method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

function preflightAnswer(origin: string): Answer {
  return {
    statusCode: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': CORS_METHODS.join(', '),
      'access-control-allow-headers': CORS_REQUEST_HEADERS.join(', '),
      'access-control-max-age': String(CORS_MAX_AGE_SECONDS),
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
    'access-control-expose-headers': CORS_ANSWER_HEADERS.join(', '),
  }
}
