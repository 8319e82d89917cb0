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
  options: { settings: Pick<Settings, 'host' | 'publicUrl'>; text(): string },
): HttpHandler {
  const guarded = createHttpHandler([metricsRoute(options.text, ['read:flows_vault_events'])], ports)
  if (!isPrivate(options.settings)) return guarded
  const open = createHttpHandler([metricsRoute(options.text, undefined)], ports)
  // The server itself says by which listener a request came; a client's own header is overwritten.
  return (event) => (event.headers['x-forwarded-proto'] === 'http' ? open : guarded)(event)
}

function isPrivate({ host, publicUrl }: Pick<Settings, 'host' | 'publicUrl'>): boolean {
  if (!LOOPBACK.test(host)) return false
  return publicUrl === undefined || LOOPBACK.test(new URL(publicUrl).hostname)
}

function metricsRoute(text: () => string, scopes: readonly ['read:flows_vault_events'] | undefined) {
  return defineRoute({
    ...METRICS_ROUTE,
    function: 'api',
    ...(scopes === undefined ? {} : { scopes }),
    tag: 'Operation',
    summary: 'Figures for a monitoring system',
    responses: {
      200: { description: 'Prometheus text format 0.0.4.', contentType: PROMETHEUS_CONTENT_TYPE },
    },
    handle: async () => ({ status: 200, body: text(), headers: { 'content-type': PROMETHEUS_CONTENT_TYPE } }),
  })
}
