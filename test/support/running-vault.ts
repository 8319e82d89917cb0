import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type RunningServer, startServer } from '../../infra/embedded/server.ts'
import { readSettings } from '../../infra/embedded/settings.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { StoreUnavailableError } from '../../shared/ports/item-store.ts'
import type { Random } from '../../shared/ports/random.ts'
import { expectAllDescribed } from './described-events.ts'
import { captureLogLines } from './log-capture.ts'
import { type ClientCredentials, fetchToken } from './vault-token.ts'

/** Who a test calls as: a tenant, and the scopes of its token (all of them when none are named). */
export interface Caller {
  readonly tenant: string
  readonly scopes?: readonly string[]
}

/** A vault that runs for a test, in this process or in one of its own. */
export interface TestVault {
  readonly url: string
  readonly tlsUrl: string
  /** The private authority's certificate, for `NODE_EXTRA_CA_CERTS`. */
  readonly caPath: string
  /** The data folder. */
  readonly folder: string
  /** Every line logged so far. */
  log(): string[]
  /** A new client of the built-in issuer, by way of the client registry. */
  client(caller: Caller): ClientCredentials
  /** A real access token from `/oauth/token`; the same caller gets the same token again. */
  token(caller: Caller): Promise<string>
  /** A request with the caller's token; `body` goes as JSON. */
  request(caller: Caller, method: string, pathAndQuery: string, body?: unknown): Promise<Response>
  /** Ends it and removes the data folder (unless the test brought its own). */
  stop(): Promise<void>
}

/** The vault in this process, with everything a test may want to reach into. */
export interface RunningVault extends TestVault {
  readonly server: RunningServer
}

export interface RunningVaultOptions {
  /** Settings as `npm start` reads them, over the defaults of a test. */
  readonly env?: Readonly<Record<string, string>>
  /** A data folder of the test's own, which `stop` leaves in place. */
  readonly folder?: string
  readonly clock?: Clock
  readonly random?: Random
}

/** In-flight requests of a test get this long to end. */
const DRAIN_MS = 2000

/** Free ports, and a rate limit that no test meets by accident. */
export const TEST_ENV = { PORT: '0', TLS_PORT: '0', FLOW_VAULT_RATE_LIMIT: '1000000' } as const

/** Starts the embedded server in this process, on free ports, over a data folder that goes with it. */
export async function startRunningVault(options: RunningVaultOptions = {}): Promise<RunningVault> {
  const folder = options.folder ?? (await newDataFolder())
  const capture = captureLogLines()
  let server: RunningServer
  try {
    server = await startServer({
      settings: readSettings({ ...TEST_ENV, FLOW_VAULT_DATA: folder, ...options.env }),
      clock: options.clock ?? new SystemClock(),
      random: options.random ?? new SystemRandom(),
      writeLog: capture.write,
    })
  } catch (error) {
    capture.stop()
    throw error
  }
  const { url, tlsUrl } = server
  const client = (caller: Caller): ClientCredentials => {
    const { client: added, secret } = server.vault.clients.add(registration(caller))
    return { clientId: added.client_id, clientSecret: secret.reveal(), audience: `${url}/api/v2/` }
  }
  return {
    server,
    url,
    tlsUrl,
    caPath: path.join(folder, 'ca.pem'),
    folder,
    log: capture.lines,
    client,
    ...callsOf(url, client),
    async stop() {
      try {
        // Whatever a suite set off was told as the documents say.
        await expectAllDescribed(server.vault.items)
      } catch (error) {
        // Nothing is to be read where the test has stopped the vault itself.
        if (!(error instanceof StoreUnavailableError)) throw error
      } finally {
        await server.close({ graceMs: DRAIN_MS })
        capture.stop()
        if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

/** A data folder of its own; it does not exist for anything else. */
export function newDataFolder(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), 'flow-vault-'))
}

/** A caller as the client registry takes it. */
export function registration(caller: Caller): { name: string; tenant: string; scopes: readonly string[] } {
  return { name: 'test', tenant: caller.tenant, scopes: caller.scopes ?? ALL_SCOPES }
}

/** Tokens and requests over a way to make clients: what both kinds of test vault share. */
export function callsOf(
  url: string,
  client: (caller: Caller) => ClientCredentials,
): Pick<TestVault, 'token' | 'request'> {
  const tokens = new Map<string, Promise<string>>()
  const token = (caller: Caller): Promise<string> => {
    const key = JSON.stringify([caller.tenant, caller.scopes])
    const known = tokens.get(key) ?? fetchToken(url, client(caller))
    tokens.set(key, known)
    return known
  }
  return {
    token,
    async request(caller, method, pathAndQuery, body) {
      const headers: Record<string, string> = { authorization: `Bearer ${await token(caller)}` }
      if (body === undefined) return fetch(`${url}${pathAndQuery}`, { method, headers })
      headers['content-type'] = 'application/json'
      return fetch(`${url}${pathAndQuery}`, { method, headers, body: JSON.stringify(body) })
    },
  }
}
