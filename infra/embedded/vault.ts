import path from 'node:path'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { createLocalJWKSet } from 'jose'
import { createHandler as createApiHandler } from '../../functions/api/handler.ts'
import { createHandler as createAuthorizeHandler } from '../../functions/authorize/handler.ts'
import { createHandler as createCredentialsHandler } from '../../functions/credentials/handler.ts'
import { LocalGrantRunner } from '../../functions/grants/local-grant-runner.ts'
import type { HttpHandler } from '../../functions/http-handler.ts'
import { rateLimitHeaders, uncounted } from '../../functions/middleware/rate-limit.ts'
import type { HttpEvent } from '../../functions/middleware/request-state.ts'
import { type FunctionName, type Route, routeKeyOf } from '../../functions/route.ts'
import { allRoutes } from '../../functions/route-table.ts'
import { JoseTokenVerifier } from '../../shared/adapters/jwt/jose-token-verifier.ts'
import { PowertoolsLog } from '../../shared/adapters/log/powertools-log.ts'
import { PrometheusMetrics } from '../../shared/adapters/metrics/prometheus-metrics.ts'
import { createGuardedFetch } from '../../shared/adapters/oauth/outgoing-guard.ts'
import { createUrlCheck } from '../../shared/adapters/oauth/outgoing-target.ts'
import { OAuth4WebApiClient } from '../../shared/adapters/oauth/provider-oauth-client.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import type { SqliteItemStore } from '../../shared/adapters/sqlite/sqlite-item-store.ts'
import { renderTemplate } from '../../shared/connectors/template.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import { figuresOf, type Log } from '../../shared/ports/log.ts'
import type { Ports } from '../../shared/ports/ports.ts'
import type { Random } from '../../shared/ports/random.ts'
import type { TokenVerifier } from '../../shared/ports/token-verifier.ts'
import { MeasuredOpenedSecrets } from '../../shared/use-cases/commit/measured-opened-secrets.ts'
import type { OpenedSecrets } from '../../shared/use-cases/commit/opened-secrets.ts'
import { SingleFlight } from '../../shared/use-cases/commit/single-flight.ts'
import { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { AttemptWatch } from '../../shared/use-cases/grants/attempt-watch.ts'
import { measureBreakers } from '../../shared/use-cases/grants/measured-breakers.ts'
import { measuredOAuthClient } from '../../shared/use-cases/grants/measured-oauth-client.ts'
import { ProviderBreaker } from '../../shared/use-cases/grants/provider-breaker.ts'
import { measuredComparison, measuredReconcile } from '../../shared/use-cases/reconcile/measured-reconcile.ts'
import { measuredGrantRunner } from '../../shared/use-cases/rotation/measured-rotation.ts'
import { measuredSweep } from '../../shared/use-cases/rotation/measured-sweep.ts'
import { doMeasuredWork } from '../../shared/use-cases/rotation/measured-work.ts'
import { createAccessLog } from './http/access-log.ts'
import type { RouteFinder } from './http/gateway-event.ts'
import { createRouteFinder } from './http/match-path.ts'
import { createMetricsHandler, METRICS_ROUTE } from './http/metrics-route.ts'
import { REFERENCE_PATHS, referencePage } from './http/reference-pages.ts'
import { ClientRegistry } from './issuer/client-registry.ts'
import { createIssuer, type Issuer } from './issuer/dev-issuer.ts'
import { loadIssuerKeys } from './issuer/issuer-keys.ts'
import { issuerRoutes } from './issuer/issuer-routes.ts'
import { remoteVerifier } from './issuer/remote-verifier.ts'
import { LocalWorkQueue } from './local-work-queue.ts'
import { type Loop, startLoops } from './loops.ts'
import { measuredLoop } from './measured-loop.ts'
import { openStores } from './open-stores.ts'
import type { Settings } from './settings.ts'

/** Provider calls under way at a time: each is mostly waiting, and 64 of them answer 300 a second at 200 ms. */
const ROTATION_CONCURRENCY = 64
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** A start has other things to do first; and a server that is started each day still compares each day. */
const FIRST_COMPARISON_MS = 5 * MINUTE_MS
/** What 64 workers can do in a minute when a provider takes 200 ms; a faster one is asked again a second later. */
const SWEEP_CAPACITY = 20_000
const SWEEP_PER_TENANT = 5_000
/** Expired records removed in one go; the rest waits a minute. */
const EXPIRED_A_RUN = 5_000

export interface Vault {
  readonly handle: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>
  readonly route: RouteFinder
  readonly clients: ClientRegistry
  readonly items: SqliteItemStore
  readonly log: PowertoolsLog
  /** Lets the work under way end and closes the stores. */
  close(): Promise<void>
}

/** The whole vault in one process, over the stores in the data folder; everything but the listening. */
export async function openVault(options: {
  settings: Settings
  /** Scheme, host and port of the plain listener: the built-in issuer's name. */
  url: string
  clock: Clock
  random: Random
  writeLog(text: string): void
}): Promise<Vault> {
  const { settings, clock, random } = options
  const { log, flush } = openLog(options)
  const { items, keys, digester, check } = await openStores(settings.dataFolder, { random })
  const secrets = new SealedSecretStore({ items, keys, clock, random, discardsAtOnce: true })
  const clients = ClientRegistry.open(path.join(settings.dataFolder, 'clients.json'), { clock, random })
  const { issuer, verifier } = await tokens(options, clients)
  const ports = { items, secrets, digester, clock, random, log }
  const metrics = new PrometheusMetrics()
  const workers = createWorkers({ ...ports, metrics }, settings)
  const { opened, grants, freezes, work } = workers
  const http = {
    ...ports,
    metrics,
    verifier,
    rateLimitPerSecond: settings.rateLimitPerSecond,
    grants,
    freezes,
    work,
  }
  const handlers: Record<FunctionName, HttpHandler> = {
    api: createApiHandler({
      ...http,
      checkReady: check,
      callbackUrl: `${settings.publicUrl ?? options.url}/oauth/callback`,
      returnTo: [settings.publicUrl ?? options.url, ...settings.returnTo],
    }),
    credentials: createCredentialsHandler({ ...http, opened, flights: new SingleFlight() }),
    authorize: createAuthorizeHandler(http),
  }
  const loops = startLoops(vaultLoops({ ...ports, work, grants, metrics }, items), log)
  return {
    ...dispatcher({
      handlerOf: (route) => handlers[route.function],
      elsewhere: handlers.api,
      metrics: createMetricsHandler(http, { settings, text: () => scraped(metrics, workers) }),
      issuer,
      log,
      clock,
      budgetHeaders: () => rateLimitHeaders(uncounted(settings.rateLimitPerSecond, clock.nowMs())),
    }),
    clients,
    items,
    log,
    async close() {
      await loops.stop()
      await work.close()
      flush()
      await items.close()
    },
  }
}

function openLog({
  settings,
  clock,
  writeLog,
}: {
  settings: Settings
  clock: Clock
  writeLog(text: string): void
}): {
  log: PowertoolsLog
  flush(): void
} {
  const { write, flush } = createAccessLog({ write: writeLog, nowMs: () => clock.nowMs() })
  return {
    log: new PowertoolsLog({ service: 'flow-vault', level: settings.logLevel, writeAccess: write }),
    flush,
  }
}

/** The figures as text, with how things stand at this moment. */
function scraped(
  metrics: PrometheusMetrics,
  { freezes, work, breaker }: Pick<ReturnType<typeof createWorkers>, 'freezes' | 'work' | 'breaker'>,
): string {
  metrics.gauge('freezes_seen', freezes.inForce)
  metrics.gauge('work_queue_depth', work.depth)
  measureBreakers(metrics, breaker)
  // The secrets are in the vault's own database: there is no quota to use up.
  metrics.gauge('secret_write_budget_use', 0, { operation: 'put' })
  return metrics.text()
}

/** What does the work that calls providers: by way of the queue, or while a request waits for it. */
function createWorkers(
  ports: Ports & { metrics: PrometheusMetrics },
  { allowHosts }: Settings,
): {
  opened: OpenedSecrets
  grants: GrantRunner
  freezes: FreezeWatch
  work: LocalWorkQueue
  breaker: ProviderBreaker
} {
  const { clock, items, log, metrics, secrets } = ports
  const fetch = createGuardedFetch({ allowHosts, clock })
  const opened = new MeasuredOpenedSecrets(secrets, metrics)
  const grantPorts = {
    ...ports,
    oauth: measuredOAuthClient(new OAuth4WebApiClient({ fetch, render: renderTemplate, clock }), ports),
    checkUrl: createUrlCheck(allowHosts),
    opened,
    attempts: new AttemptWatch(clock),
    breaker: new ProviderBreaker(ports),
    owner: `pid ${process.pid}`,
  }
  const grants = measuredGrantRunner(new LocalGrantRunner(grantPorts), ports)
  const freezes = new FreezeWatch(items, clock)
  const work = new LocalWorkQueue({
    concurrency: ROTATION_CONCURRENCY,
    work: (item) =>
      doMeasuredWork({ ...grantPorts, grants, freezes }, item).catch((error: unknown) => {
        log.error('a piece of work failed; the next sweep finds it again', {
          connection_id: item.id,
          ...errorFields(error),
        })
      }),
  })
  return { opened, grants, freezes, work, breaker: grantPorts.breaker }
}

function vaultLoops(
  ports: Parameters<typeof measuredReconcile>[0] & { work: LocalWorkQueue },
  items: SqliteItemStore,
): Loop[] {
  const loops: Loop[] = [
    {
      name: 'sweep',
      everyMs: 5_000,
      run: async () => {
        // The queue is the worker: what it has not done yet is not enqueued again.
        const capacity = SWEEP_CAPACITY - ports.work.depth
        if (capacity > 0) await measuredSweep(ports, { capacity, perTenant: SWEEP_PER_TENANT })
      },
    },
    {
      name: 'reconcile',
      everyMs: MINUTE_MS,
      run: async () => {
        const report = await measuredReconcile(ports)
        if (report.found > 0) ports.log.info('reconciled', figuresOf(report))
        await items.removeExpired(ports.clock.nowMs(), EXPIRED_A_RUN)
      },
    },
    {
      name: 'compare',
      everyMs: DAY_MS,
      firstAfterMs: FIRST_COMPARISON_MS,
      run: async () => {
        await measuredComparison(ports)
      },
    },
  ]
  return loops.map((loop) => measuredLoop(loop, ports.metrics))
}

async function tokens(
  options: { settings: Settings; url: string; clock: Clock },
  clients: ClientRegistry,
): Promise<{ issuer: Issuer | undefined; verifier: TokenVerifier }> {
  const { settings, clock } = options
  if (settings.foreignIssuer !== undefined)
    return { issuer: undefined, verifier: remoteVerifier(settings.foreignIssuer) }
  const keys = await loadIssuerKeys(path.join(settings.dataFolder, 'issuer-key.json'))
  const issuerUrl = `${options.url}/`
  const audience = settings.audience ?? `${options.url}/api/v2/`
  const issuer = createIssuer({ issuer: issuerUrl, audience, keys, clients, clock })
  const verifier = new JoseTokenVerifier({
    issuer: issuerUrl,
    audience,
    tenantClaim: 'tenant',
    keys: createLocalJWKSet(issuer.jwks()),
    algorithms: ['RS256'],
  })
  return { issuer, verifier }
}

/** One dispatch for all: the functions' handlers by route, and what only the embedded server answers. */
function dispatcher(options: {
  handlerOf(route: Route<never>): HttpHandler
  elsewhere: HttpHandler
  metrics: HttpHandler
  issuer: Issuer | undefined
  budgetHeaders(): Record<string, string>
  log: Log
  clock: Pick<Clock, 'monotonicMs'>
}): Pick<Vault, 'handle' | 'route'> {
  const { issuer } = options
  const routes = allRoutes()
  const byKey = new Map(routes.map((route) => [routeKeyOf(route), options.handlerOf(route)]))
  byKey.set(routeKeyOf(METRICS_ROUTE), options.metrics)
  const local = issuer === undefined ? [] : issuerRoutes(issuer)
  const localByKey = new Map(local.map((route) => [routeKeyOf(route), route.answer]))
  const pages = REFERENCE_PATHS.map((page) => ({ method: 'GET' as const, path: page }))
  const pageByKey = new Map(pages.map((page) => [routeKeyOf(page), page.path]))
  const ownHeaders = (event: APIGatewayProxyEventV2) => ({
    ...options.budgetHeaders(),
    'x-request-id': event.requestContext.requestId,
  })
  return {
    route: createRouteFinder([...routes, ...local, ...pages, METRICS_ROUTE]),
    handle: async (event) => {
      const handler = byKey.get(event.routeKey)
      if (handler !== undefined) return handler(event as HttpEvent)
      const startedAtMs = options.clock.monotonicMs()
      const page = pageByKey.get(event.routeKey)
      const answer =
        page === undefined ? await localByKey.get(event.routeKey)?.(event) : await referencePage(page)
      if (answer === undefined) return options.elsewhere(event as HttpEvent)
      options.log.access({
        request_id: event.requestContext.requestId,
        route: event.routeKey,
        status: answer.statusCode,
        ms: Math.round((options.clock.monotonicMs() - startedAtMs) * 10) / 10,
      })
      return { ...answer, headers: { ...ownHeaders(event), ...answer.headers } }
    },
  }
}
