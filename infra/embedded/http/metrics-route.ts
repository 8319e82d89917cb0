import { createHttpHandler, type HttpHandler, type HttpPorts } from '../../../functions/http-handler.ts'
import { defineRoute } from '../../../functions/route.ts'
import { PROMETHEUS_CONTENT_TYPE } from '../../../shared/adapters/metrics/prometheus-metrics.ts'
import type { Settings } from '../settings.ts'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/

/** Where a monitoring system scrapes the figures. */
export const METRICS_ROUTE = { name: 'get-metrics', method: 'GET', path: '/metrics' } as const

/**
 * The figures hold no secret and no tenant, but tell outsiders how busy the vault is and with which apps. So they
 * are open only where nobody but this machine can ask: on the plain listener, while that listens on loopback, and
 * no proxy is announced (FLOW_VAULT_PUBLIC_URL) that would hand on requests from elsewhere. Everywhere else they
 * ask for a token that may read events; Prometheus gets one by its own `oauth2` settings.
 */
export function createMetricsHandler(
  ports: HttpPorts,
  options: { settings: Pick<Settings, 'host' | 'publicUrl'>; text(): Promise<string> },
): HttpHandler {
  const guarded = createHttpHandler([metricsRoute(options.text, ['read:flows_vault_events'])], ports)
  if (!isPrivate(options.settings)) return guarded
  const open = createHttpHandler([metricsRoute(options.text, undefined)], ports)
  return (event) => (isFromHere(event.headers) ? open : guarded)(event)
}

/**
 * The server itself says by which listener a request came and, with `via`, that somebody passed it on. Another name in
 * Host is how a page elsewhere would read it, by a name that it has lead to this machine.
 */
function isFromHere(headers: Readonly<Record<string, string | undefined>>): boolean {
  const host = (headers['host'] ?? '').replace(/:\d+$/, '')
  return headers['x-forwarded-proto'] === 'http' && headers['via'] === undefined && LOOPBACK.test(host)
}

function isPrivate({ host, publicUrl }: Pick<Settings, 'host' | 'publicUrl'>): boolean {
  if (!LOOPBACK.test(host)) return false
  return publicUrl === undefined || LOOPBACK.test(new URL(publicUrl).hostname)
}

function metricsRoute(text: () => Promise<string>, scopes: readonly ['read:flows_vault_events'] | undefined) {
  return defineRoute({
    ...METRICS_ROUTE,
    function: 'api',
    ...(scopes === undefined ? {} : { scopes }),
    tag: 'Operation',
    summary: 'Figures for a monitoring system',
    responses: {
      200: { description: 'Prometheus text format 0.0.4.', contentType: PROMETHEUS_CONTENT_TYPE },
    },
    handle: async () => ({
      status: 200,
      body: await text(),
      headers: { 'content-type': PROMETHEUS_CONTENT_TYPE },
    }),
  })
}
