import { existsSync } from 'node:fs'
import path from 'node:path'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { bodyTooLarge, MAX_BODY_BYTES } from '../../functions/middleware/parse-request.ts'
import { SECURITY_HEADERS, vaultProblem } from '../../functions/middleware/problem-response.ts'
import { rateLimitHeaders, uncounted } from '../../functions/middleware/rate-limit.ts'
import { transportSecurity } from '../../functions/transport-security.ts'
import type { StoreMark } from '../../shared/domain/restored-store.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import type { Random } from '../../shared/ports/random.ts'
import { SettingsError } from '../../shared/settings/read-environment.ts'
import { findMark } from '../../shared/use-cases/grants/restored-mark.ts'
import { acquireDataFolderLock, fileFailure } from './data-folder.ts'
import { requireLocalDisk } from './folder/file-system.ts'
import { requireOwnFolder } from './folder/own-folder.ts'
import { OTHER_PARTS, requireWhole, type WholeFolder } from './folder/whole-vault.ts'
import { isIn, markArrival, proxyList } from './http/arrival.ts'
import { BodyBudget } from './http/body-budget.ts'
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http/http-server.ts'
import { type DevClient, ensureDevClient } from './issuer/dev-client.ts'
import { namesOfIssuer } from './issuer/open-issuer.ts'
import { removeLeftovers } from './leftovers.ts'
import type { Settings } from './settings.ts'
import { renewCertificates } from './tls/certificate-renewal.ts'
import { ensureCertificates } from './tls/certificates.ts'
import { openVault, type Vault } from './vault.ts'

export interface RunningServer {
  readonly url: string
  readonly tlsUrl: string
  readonly vault: Vault
  /** Undefined when its file was removed by a person. */
  readonly dev: DevClient | undefined
  readonly settings: Settings
  /** Another vault may have the same refresh tokens: it came out of a copy, or is moved. */
  readonly mark: StoreMark | undefined
  /** Drains, stops the loops, closes the stores, and lets the data folder go. */
  close(options: { graceMs: number }): Promise<void>
}

const HELD_BACK =
  'this vault was restored from a copy: refresh tokens that may change with each use are not sent until `restore --source-is-gone` says that the original is gone'

const MOVED =
  'this vault is being moved to another one, or was: refresh tokens that may change with each use are not sent, and changes are refused'

/** Brings the whole vault up: data folder, certificates, stores, and both listeners. */
export async function startServer(options: {
  settings: Settings
  clock: Clock
  random: Random
  writeLog(text: string): void
}): Promise<RunningServer> {
  const { settings } = options
  const lock = acquireDataFolderLock(settings.dataFolder)
  try {
    requireOwnFolder(settings.dataFolder)
    const unclear = requireLocalDisk(settings.dataFolder)
    const whole = await requireWhole(settings.dataFolder, settings.acceptLoss)
    removeLeftovers(settings.dataFolder)
    const server = await startLocked({ ...options, whole }, lock)
    if (unclear !== undefined) {
      server.vault.log.warn('the data folder may be on another machine, where SQLite loses data', {
        reason: unclear,
      })
    }
    return server
  } catch (error) {
    lock.release()
    throw fileFailure(error, settings.dataFolder)
  }
}

async function startLocked(
  options: Parameters<typeof startServer>[0] & { whole: WholeFolder },
  lock: { release(): void },
): Promise<RunningServer> {
  const { settings, clock } = options
  const kept = { folder: settings.dataFolder, extraHosts: namesOf(settings) }
  const bodies = new BodyBudget()
  const proxies = proxyList(settings.trustedProxies)
  const certificates = await ensureCertificates({ ...kept, nowMs: clock.nowMs() })
  // The listeners come first, because the issuer is named after the port, which may be any free one; requests
  // that arrive before the vault is open wait for it.
  let vault: Vault | undefined
  const opening = Promise.withResolvers<Vault>()
  const opened = async (event: APIGatewayProxyEventV2): Promise<Vault> =>
    vault ?? matchedLate(await opening.promise, event)
  const listener = (tls: boolean): HttpServer =>
    createHttpServer({
      arrived: (event) => markArrival(event, { tls, proxies }),
      handle: async (event) => (await opened(event)).handle(event),
      admit: async (event) => (await opened(event)).admit(event),
      route: (method, requestPath) => vault?.route(method, requestPath),
      isProxy: (address) => isIn(proxies, address),
      bodies,
      tooLarge,
      onError: (error) => vault?.log.error('a request failed outside its handler', errorFields(error)),
      onRefused: ({ requestId, status }) => {
        vault?.log.access({ request_id: requestId, route: 'unknown', status })
        return rateLimitHeaders(uncounted(settings.rateLimitPerSecond, clock.nowMs()))
      },
      nowMs: () => clock.nowMs(),
      ...listenerSettings(settings),
      ...(tls ? { tls: { certPem: certificates.certPem, keyPem: certificates.keyPem } } : {}),
    })
  const plain = listener(false)
  const secure = listener(true)
  try {
    const { url, tlsUrl } = await listenOnBoth({ plain, secure }, settings)
    vault = await openVault({ ...options, url, isAlone: true })
    opening.resolve(vault)
    const where = { url, tls_url: tlsUrl, ca: certificates.caPath, ...namesOfIssuer(settings, url) }
    const dev = devClientOf(settings, vault, where)
    const mark = await warnOfMark(vault)
    vault.items.recordParts(partsIn(settings.dataFolder))
    const renewal = renewCertificates({
      ...kept,
      current: certificates,
      clock,
      log: vault.log,
      use: (renewed) => secure.changeCertificate(renewed),
    })
    return running({ url, tlsUrl, vault, dev, settings, mark }, { plain, secure, lock, renewal })
  } catch (error) {
    await Promise.all([plain.close({ graceMs: 0 }), secure.close({ graceMs: 0 })])
    // Its loops would keep a process alive that refused to start.
    await vault?.close()
    throw error
  }
}

/** The client of the first start; none where another issuer has the clients. */
function devClientOf(
  { dataFolder, foreignIssuer }: Settings,
  { clients }: Vault,
  where: Parameters<typeof ensureDevClient>[2],
): DevClient | undefined {
  return foreignIssuer === undefined ? ensureDevClient(dataFolder, clients, where) : undefined
}

/** The mark of a vault that was restored, or is moved; the log says so. */
async function warnOfMark({ items, log }: Vault): Promise<StoreMark | undefined> {
  const mark = await findMark(items)
  if (mark !== undefined) log.warn(mark.move === undefined ? HELD_BACK : MOVED)
  return mark
}

/** What the vault has come to consist of: from now on it is missed. */
function partsIn(folder: string): string[] {
  return Object.keys(OTHER_PARTS).filter((name) => existsSync(path.join(folder, name)))
}

/** Addresses that mean every one of the machine, and one of them that a client can call. */
const EVERY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** What else the certificate is for: the address listened on, and the name browsers know the vault by. */
function namesOf({ host, publicUrl }: Settings): string[] {
  const names = [host, ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname])]
  return names.map((name) => name.replace(/^\[(.*)\]$/, '$1')).filter((name) => !(name in EVERY_ADDRESS))
}

async function listenOnBoth(
  { plain, secure }: { plain: HttpServer; secure: HttpServer },
  settings: Settings,
): Promise<{ url: string; tlsUrl: string }> {
  const port = await listen(plain, { host: settings.host, port: settings.port, variable: 'PORT' })
  const tlsPort = await listen(secure, { host: settings.host, port: settings.tlsPort, variable: 'TLS_PORT' })
  const host = EVERY_ADDRESS[settings.host] ?? settings.host
  return {
    url: `http://${hostOf(host)}:${port}`,
    tlsUrl: `https://${host === '127.0.0.1' ? 'localhost' : hostOf(host)}:${tlsPort}`,
  }
}

/** The port listened on. Throws `SettingsError` that names the variable when the address cannot be had. */
async function listen(
  server: HttpServer,
  { host, port, variable }: { host: string; port: number; variable: 'PORT' | 'TLS_PORT' },
): Promise<number> {
  try {
    return (await server.listen({ host, port })).port
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' || code === 'EACCES') {
      const reason = code === 'EACCES' ? 'this user may not listen there' : 'another process listens there'
      throw new SettingsError(
        `${variable}=${port} is not valid (${reason}). Allowed: a free port from 1024 to 65535, or 0 for any.`,
      )
    }
    throw new SettingsError(
      `HOST=${JSON.stringify(host)} is not valid (${code}). Allowed: an address of this machine, such as 127.0.0.1.`,
    )
  }
}

function running(
  server: Omit<RunningServer, 'close'>,
  parts: {
    plain: HttpServer
    secure: HttpServer
    lock: { release(): void }
    renewal: { stop(): Promise<void> }
  },
): RunningServer {
  return {
    ...server,
    async close({ graceMs }) {
      server.vault.feedWaits.close()
      await Promise.all([parts.plain.close({ graceMs }), parts.secure.close({ graceMs })])
      await parts.renewal.stop()
      await server.vault.close()
      parts.lock.release()
    },
  }
}

/** A request that came before the vault was open had no routes to be matched with: it is matched now. */
function matchedLate(vault: Vault, event: APIGatewayProxyEventV2): Vault {
  Object.assign(event, vault.route(event.requestContext.http.method, event.rawPath))
  return vault
}

function listenerSettings(
  settings: Settings,
): Pick<HttpServerOptions, 'limits' | 'commonHeaders' | 'corsOrigins'> {
  const keepAliveTimeoutMs = settings.keepAliveSeconds * 1_000
  return {
    limits: { bodyBytes: MAX_BODY_BYTES, keepAliveTimeoutMs },
    commonHeaders: transportSecurity(settings.publicUrl),
    corsOrigins: settings.corsOrigins,
  }
}

function tooLarge(): APIGatewayProxyStructuredResultV2 {
  const answer = vaultProblem(bodyTooLarge())
  return { ...answer, headers: { ...SECURITY_HEADERS, ...answer.headers } }
}

function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
