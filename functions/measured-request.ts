import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { Clock } from '../shared/ports/clock.ts'
import type { Metrics } from '../shared/ports/metrics.ts'
import type { HttpEvent } from './middleware/request-state.ts'

/** The route whose answers are counted by their meaning too: the one that flows live on. */
export const FETCH_ROUTE = 'fetch-credential'

/** The 409s of a fetch, by their `errorCode`. */
const NOT_USABLE = new Set([
  'connection_empty',
  'authorization_pending',
  'reauthorization_required',
  'connection_frozen',
])

/**
 * Counts and times a request that was answered, by route and class of status; a fetch by its meaning too. On AWS
 * that is one line of log for each, so both figures of a request have the same dimensions.
 */
export function measureRequest(
  ports: { readonly metrics: Metrics; readonly clock: Pick<Clock, 'monotonicMs'> },
  event: HttpEvent,
  answer: APIGatewayProxyStructuredResultV2,
): void {
  const { metrics, clock } = ports
  const route = event.state?.route?.name ?? 'unknown'
  const tookMs = clock.monotonicMs() - (event.state?.startedAtMs ?? clock.monotonicMs())
  const status = `${Math.floor((answer.statusCode ?? 500) / 100)}xx`
  metrics.count('http_requests', 1, { route, status })
  metrics.observe('http_request_duration', tookMs, { route, status })
  if (route !== FETCH_ROUTE) return
  const outcome = fetchOutcomeOf(answer)
  metrics.count('fetches', 1, { outcome })
  metrics.observe('fetch_duration', tookMs, { outcome })
}

function fetchOutcomeOf({ statusCode = 500, body }: APIGatewayProxyStructuredResultV2): string {
  switch (statusCode) {
    case 200:
      return 'served'
    case 304:
      return 'not-modified'
    case 404:
      return 'not-found'
    case 409:
      return notUsableCode(body)
    case 503:
      return 'unavailable'
  }
  return statusCode >= 500 ? 'failed' : 'refused'
}

/** Only codes of the list become a metric: anything else could be a new time series each time. */
function notUsableCode(body: string | undefined): string {
  const { errorCode } = JSON.parse(body ?? '{}') as { errorCode?: string }
  return errorCode !== undefined && NOT_USABLE.has(errorCode) ? errorCode.replaceAll('_', '-') : 'conflict'
}
