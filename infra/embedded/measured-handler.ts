import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { fetchCredentialRoute } from '../../functions/credentials/routes/fetch-credential.ts'
import type { HttpHandler } from '../../functions/http-handler.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Metrics } from '../../shared/ports/metrics.ts'

/** The 409s of a fetch, by their `errorCode`. */
const NOT_USABLE = new Set([
  'connection_empty',
  'authorization_pending',
  'reauthorization_required',
  'connection_frozen',
])

/** The handler, with its answers counted and timed under the route's name; those of a fetch by their meaning too. */
export function measuredHandler(
  handler: HttpHandler,
  route: string,
  ports: { readonly metrics: Metrics; readonly clock: Pick<Clock, 'monotonicMs'> },
): HttpHandler {
  const { metrics, clock } = ports
  const isFetch = route === fetchCredentialRoute.name
  return async (event) => {
    const startedMs = clock.monotonicMs()
    const answer = await handler(event)
    const tookMs = clock.monotonicMs() - startedMs
    metrics.count('http_requests', 1, { route, status: String(answer.statusCode ?? 500) })
    metrics.observe('http_request_duration', tookMs, { route })
    if (isFetch) {
      metrics.count('fetches', 1, { outcome: fetchOutcomeOf(answer) })
      metrics.observe('fetch_duration', tookMs)
    }
    return answer
  }
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
