import path from 'node:path'
import { createHandler as createApiHandler } from '../../functions/api/handler.ts'
import type { ApiPorts } from '../../functions/api/ports.ts'
import { createHandler as createAuthorizeHandler } from '../../functions/authorize/handler.ts'
import type { AuthorizeFunctionPorts } from '../../functions/authorize/ports.ts'
import { type ComposedGrants, composeGrants } from '../../functions/compose-grants.ts'
import { createHandler as createCredentialsHandler } from '../../functions/credentials/handler.ts'
import type { CredentialsPorts } from '../../functions/credentials/ports.ts'
import { measureBreakers } from '../../functions/grants/measured-providers.ts'
import type { HttpHandler } from '../../functions/http-handler.ts'
import type { FunctionName } from '../../functions/route.ts'
import { PowertoolsLog } from '../../shared/adapters/log/powertools-log.ts'
import { ThinnedLog } from '../../shared/adapters/log/thinned-log.ts'
import { LocalBreaker } from '../../shared/adapters/memory/local-breaker.ts'
import { LocalBudgets } from '../../shared/adapters/memory/local-budgets.ts'
import { PrometheusMetrics } from '../../shared/adapters/metrics/prometheus-metrics.ts'
import { SealedGrants } from '../../shared/adapters/sealed/sealed-grants.ts'
import {
  SealedSecretStore,
  type SealedSecretStorePorts,
} from '../../shared/adapters/sealed/sealed-secret-store.ts'
import type { SqliteItemStore } from '../../shared/adapters/sqlite/sqlite-item-store.ts'
import { newUuid } from '../../shared/domain/ids.ts'
import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { LOCAL_DEPLOYMENT } from '../../shared/domain/secret-id.ts'
import type { AuditTrail } from '../../shared/ports/audit-trail.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { DeliveryMessage } from '../../shared/ports/delivery-queue.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import type { Log } from '../../shared/ports/log.ts'
import type { Random } from '../../shared/ports/random.ts'
import { SingleFlight } from '../../shared/ports/single-flight.ts'
import type { FeedWaits } from '../../shared/use-cases/events/feed-waits.ts'
import { PermitWatch } from '../../shared/use-cases/permits/permit-watch.ts'
import {
  type DeliverPorts,
  type DeliverResult,
  deliverEvent,
} from '../../shared/use-cases/subscriptions/deliver-event.ts'
import { UsageRollup } from '../../shared/use-cases/usage/usage-rollup.ts'
import type { PageIssuer } from '../web/page-config.ts'
import { createDispatcher, type Dispatcher } from './dispatcher.ts'
import { emptyingLog } from './emptied-log.ts'
import { createEventFlow } from './event-flow.ts'
import type { WholeFolder } from './folder/whole-vault.ts'
import { createAccessLog } from './http/access-log.ts'
import { createMetricsHandler } from './http/metrics-route.ts'
import { ReferencePages } from './http/reference-pages.ts'
import { ClientRegistry } from './issuer/client-registry.ts'
import { clientRoutes } from './issuer/client-routes.ts'
import { issuerRoutes, type LocalRoute } from './issuer/issuer-routes.ts'
import { openIssuer } from './issuer/open-issuer.ts'
import { LocalWorkQueue } from './local-work-queue.ts'
import { startLoops } from './loops.ts'
import { openAudit } from './open-audit.ts'
import { serveStores } from './open-stores.ts'
import { PageFiles } from './page/page-files.ts'
import { pageRoutes, signInUrl } from './page/page-routes.ts'
import { freeBytesOf, readinessCheck, roomOnDisk } from './readiness.ts'
import type { Settings } from './settings.ts'
import { vaultLoops } from './vault-loops.ts'

/**
 * Provider calls under way at a time, of one tenant a quarter: each is mostly waiting, and 64 of them answer 300 a
 * second at 200 ms.
 */
const ROTATION_CONCURRENCY = 256

export interface Vault extends Dispatcher {
  readonly clients: ClientRegistry
  readonly items: SqliteItemStore
  readonly log: Log
  /** The requests that wait for an event; closed first when the vault stops. */
  readonly feedWaits: FeedWaits
  /** Counts of fetches that are not written down yet. */
  readonly usage: UsageRollup
  /** The address that signs a person in to the vault page, once; undefined where a foreign issuer signs in. */
  signInLink(person: { clientId: string; person: string }): string | undefined
  /** Lets the work under way end and closes the stores. */
  close(): Promise<void>
}

/** What a vault is opened with. */
interface OpeningOptions {
  settings: Settings
  /** Scheme, host and port of the plain listener: the built-in issuer's name. */
  url: string
  clock: Clock
  random: Random
  writeLog(text: string): void
  /** The caller holds the folder's lock, which proves that no other process works on these rows. */
  isAlone: boolean
  /** That the folder is whole, where the caller has looked. */
  whole?: WholeFolder
}

/** The whole vault in one process, over the stores in the data folder; everything but the listening. */
export async function openVault(options: OpeningOptions): Promise<Vault> {
  const { settings, clock, random } = options
  const { log, audit, flush } = openLog(options)
  const { keys, digester, check, ...stores } = await serveStores(settings, { random, clock }, options.whole)
  const metrics = new PrometheusMetrics()
  const events = createEventFlow({ items: stores.items, clock, random, log, metrics })
  const { items, feedWaits } = events
  const { secrets, sealer } = sealedAmong({ items, keys, clock, random })
  const clients = ClientRegistry.open(path.join(settings.dataFolder, 'clients.json'), { clock, random })
  const { issuer, verifier, sessions } = await openIssuer({ ...options, clients, log })
  const ports = { items, secrets, digester, clock, random, log, metrics, audit }
  const { allowHosts, proxy } = settings
  const who = { owner: `pid ${process.pid}`, ...(options.isAlone ? { boot: newUuid(random) } : {}) }
  const breaker = new LocalBreaker(ports)
  const freeBytes = () => freeBytesOf(settings.dataFolder)
  const hasRoom = roomOnDisk({ clock, freeBytes })
  const { charge, ...limits } = limitsOf(settings, clock)
  const composed = composeGrants(
    { ...ports, sealer },
    { allowHosts, proxy, breaker, hasRoom, charge, ...who },
  )
  const { opened, grants, freezes, checkUrl } = composed
  const work = localQueue(composed)
  const browsers = browsing(settings, { url: options.url, features: issuer ? ['clients'] : [] })
  const deliveries = events.connect(senderOf({ ...ports, ...composed, ...browsers }))
  const callers = { verifier, permits: new PermitWatch(items, clock), ...limits }
  const checkReady = readinessCheck({ items, check, clock, folder: settings.dataFolder, freeBytes })
  const http = { ...ports, ...callers, checkReady, grants, freezes, work, ...browsers, checkUrl }
  const usage = new UsageRollup(ports)
  const handlers = createHandlers({ ...http, opened, deliveries, feedWaits, usage })
  const loops = startLoops([...vaultLoops({ ...ports, work, grants }, stores.items), events.loop], log)
  return {
    ...createDispatcher({
      handlerOf: (route) => emptyingLog(handlers[route.function], { items: stores.items, log }),
      elsewhere: handlers.api,
      metrics: createMetricsHandler(http, { settings, text: () => scraped(metrics, { ...composed, work }) }),
      reference: new ReferencePages({ publicUrl: settings.publicUrl, url: options.url }),
      ...callers,
      own: issuer && clientRoutes({ ...http, clients }),
      local: localRoutes({
        ...{ issuer, sessions, verifier, clock, publicUrl: browsers.publicUrl },
        pageIssuer: settings.pageIssuer,
      }),
      log,
      clock,
    }),
    clients,
    items: stores.items,
    log,
    feedWaits,
    usage,
    signInLink: (person) =>
      sessions &&
      signInUrl(browsers.publicUrl, sessions.issueTicket({ ...person, scopes: ALL_SCOPES }).ticket),
    close: () =>
      closeInOrder([() => loops.stop(), work, () => usage.flush(), events, { close: flush }, stores.items]),
  }
}

/** Secrets and tokens, sealed among the rows; what is replaced goes in the transaction that replaces it. */
function sealedAmong(ports: Omit<SealedSecretStorePorts, 'deployment'>) {
  return {
    secrets: new SealedSecretStore({ ...ports, deployment: LOCAL_DEPLOYMENT, discardsAtOnce: true }),
    sealer: new SealedGrants({ ...ports, removesAtOnce: true }),
  }
}

/** What callers may ask for and have, and pages of which origins. */
function limitsOf(
  settings: Settings,
  clock: Clock,
): Pick<ApiPorts, 'budgets' | 'maxConnections'> & {
  corsOrigins: readonly string[]
  charge(tenant: string, units: number): void
} {
  const budgets = new LocalBudgets({ requestsPerSecond: settings.rateLimitPerSecond, clock })
  const { corsOrigins, maxConnections } = settings
  const charge = (of: string, units: number) => budgets.charge({ budget: 'requests', of }, units)
  return { budgets, corsOrigins, maxConnections, charge }
}

/** The functions' handlers, as each runs alone on AWS. */
function createHandlers(
  ports: Parameters<typeof createApiHandler>[0] & Omit<CredentialsPorts, 'flights'> & AuthorizeFunctionPorts,
): Record<FunctionName, HttpHandler> {
  return {
    api: createApiHandler(ports),
    credentials: createCredentialsHandler({ ...ports, flights: new SingleFlight() }),
    authorize: createAuthorizeHandler(ports),
  }
}

type Closing = { close(): Promise<void> | void } | (() => Promise<void>)

async function closeInOrder(parts: readonly Closing[]): Promise<void> {
  for (const part of parts) await (typeof part === 'function' ? part() : part.close())
}

/** What only the embedded server answers: the page, and the issuer where it is built in. */
function localRoutes({
  issuer,
  sessions,
  pageIssuer,
  ...ports
}: Awaited<ReturnType<typeof openIssuer>> & {
  clock: Clock
  publicUrl: string
  pageIssuer: PageIssuer | undefined
}): LocalRoute[] {
  const signIn = issuer && sessions && { ...ports, sessions, mint: issuer.mintFor }
  const issued = issuer === undefined ? [] : issuerRoutes(issuer)
  const how = pageIssuer ?? (signIn === undefined ? 'none' : 'link')
  return [...issued, ...pageRoutes(new PageFiles(how, ports.publicUrl), signIn)]
}

type SenderPorts = Omit<DeliverPorts, 'fetch' | 'deployment'> & Pick<ComposedGrants, 'outgoing'>

/** What sends a subscription one event. */
function senderOf(ports: SenderPorts): (message: DeliveryMessage) => Promise<DeliverResult> {
  return (message) => deliverEvent({ ...ports, fetch: ports.outgoing, deployment: 'local' }, message)
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
  log: Log
  audit: AuditTrail
  flush(): void
} {
  const { logLevel } = settings
  const { write, flush } = createAccessLog({ write: writeLog, nowMs: () => clock.nowMs() })
  const lines = new PowertoolsLog({ service: 'flow-vault', level: logLevel, writeAccess: write })
  const log = new ThinnedLog(lines, clock)
  const trail = openAudit(settings.audit, { clock, log, logLevel, writeOut: (text) => writeLog(text) })
  const flushBoth = () => {
    log.tellOthers(Number.POSITIVE_INFINITY)
    trail.flush()
    flush()
  }
  return { log, audit: trail.audit, flush: flushBoth }
}

/** Where browsers reach the vault, and where it sends them. */
function browsing(
  settings: Settings,
  { url, features }: { url: string; features: readonly string[] },
): Pick<ApiPorts, 'publicUrl' | 'returnTo' | 'page'> & { headless: boolean } {
  const publicUrl = settings.publicUrl ?? url
  const returnTo = [new URL(publicUrl).origin, ...settings.returnTo]
  const page = { environment: settings.environment, features }
  return { publicUrl, returnTo, page, headless: settings.headless }
}

/** The figures as text, with how things stand at this moment. */
function scraped(
  metrics: PrometheusMetrics,
  { freezes, work, breaker }: ComposedGrants & { work: LocalWorkQueue },
): Promise<string> {
  metrics.gauge('freezes_seen', freezes.inForce)
  metrics.gauge('work_queue_depth', work.depth)
  measureBreakers(metrics, breaker, { withZeros: true })
  // The secrets are in the vault's own database: there is no quota to use up.
  metrics.gauge('secret_write_budget_use', 0, { operation: 'put' })
  return metrics.text()
}

/** What works the queue in this process. */
function localQueue({ doWork, log }: ComposedGrants): LocalWorkQueue {
  return new LocalWorkQueue({
    concurrency: ROTATION_CONCURRENCY,
    work: (item) =>
      doWork(item).catch((error: unknown) => {
        log.error('a piece of work failed; the next sweep finds it again', {
          connection_id: item.id,
          ...errorFields(error),
        })
      }),
  })
}
