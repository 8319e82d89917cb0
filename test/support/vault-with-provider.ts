import { createServer } from 'node:net'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  type Consent,
  startAuthorizationServer,
} from './authorization-server.ts'
import { type LoopbackCertificate, trustedLoopbackCertificate } from './loopback-tls.ts'
import { MovableClock } from './movable-clock.ts'
import { type RunningVault, startRunningVault } from './running-vault.ts'
import { fetchToken } from './vault-token.ts'

/** A JSON answer of the vault. */
export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  readonly body: any
}

/** The page, or the redirect, that a browser gets from the vault's callback. */
export interface BrowserAnswer {
  readonly status: number
  readonly text: string
  readonly location: string | null
}

/** What the setups of these tests override. */
type Members = Readonly<Record<string, string | undefined>>

/** A vault in this process beside a real authorization server over TLS, and the calls that tests make again and again. */
export interface VaultWithProvider {
  readonly vault: RunningVault
  readonly provider: AuthorizationServer
  readonly clock: MovableClock
  readonly certificate: LoopbackCertificate
  /** `127.0.0.1:<port>` that nothing listens on, and that the vault may call. */
  readonly nowhere: string
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<JsonAnswer>
  create(body: unknown, query?: string): Promise<JsonAnswer>
  /** The connection with `?view=full`. */
  view(id: string): Promise<JsonAnswer['body']>
  fetchCredential(id: string, query?: string, headers?: Record<string, string>): Promise<JsonAnswer>
  events(id: string): Promise<{ type: string; changed: string[] }[]>
  /** The setup of the OAUTH2 app for client credentials, or for codes. */
  machineSetup(overrides?: Members): Record<string, string>
  codeSetup(overrides?: Members): Record<string, string>
  /** Starts an authorization and lets the person decide; answers the callback URL, not yet opened. */
  consent(id: string, options?: { body?: unknown; consent?: Consent }): Promise<URL>
  /** Opens a callback URL as the browser does. */
  open(callback: URL): Promise<BrowserAnswer>
  /** A new OAUTH2 connection, authorized by code; answers its id. */
  authorized(setup?: Members): Promise<string>
  close(): Promise<void>
}

interface CallOptions {
  readonly tenant?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Path of the connections. */
export const CONNECTIONS = '/api/v2/flows/vault/connections'
/** Path of the OAuth applications. */
export const OAUTH_APPS = '/api/v2/flows/vault/oauth-apps'
const TENANT = 'acme'
const TOKEN_USED_MS = 12 * 3_600_000

/** Starts both. `also` are more `host:port`s the vault may call; `env` more settings of the vault. */
export async function startVaultWithProvider(
  options: AuthorizationServerOptions & {
    readonly also?: readonly string[]
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<VaultWithProvider> {
  const { also = [], env = {}, ...serverOptions } = options
  const certificate = await trustedLoopbackCertificate()
  const provider = await startAuthorizationServer({ ...serverOptions, tls: certificate })
  const nowhere = `127.0.0.1:${await unusedPort()}`
  const clock = new MovableClock()
  const vault = await startRunningVault({
    clock,
    env: { FLOW_VAULT_ALLOW_HOSTS: [provider.host, nowhere, ...also].join(','), ...env },
  })

  const tokens = new Map<string, { token: Promise<string>; untilMs: number }>()
  /** The vault's own tokens live a day of the clock that tests move on. */
  function tokenOf(tenant: string): Promise<string> {
    const known = tokens.get(tenant)
    if (known !== undefined && known.untilMs > clock.nowMs()) return known.token
    const token = fetchToken(vault.url, vault.client({ tenant }))
    tokens.set(tenant, { token, untilMs: clock.nowMs() + TOKEN_USED_MS })
    return token
  }

  async function call(method: string, path: string, body?: unknown, asked: CallOptions = {}) {
    const response = await fetch(`${vault.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await tokenOf(asked.tenant ?? TENANT)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...asked.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
  }
  const create = (body: unknown, query = '') => call('POST', `${CONNECTIONS}${query}`, body)
  const machineSetup = (overrides: Members = {}) =>
    withoutAbsent({
      type: 'CLIENT_CREDENTIALS',
      client_id: provider.clients.machine.id,
      client_secret: provider.clients.machine.secret,
      token_url: provider.tokenUrl,
      scope: 'read write',
      ...overrides,
    })
  const codeSetup = (overrides: Members = {}) =>
    withoutAbsent({
      type: 'AUTHORIZATION_CODE',
      client_id: provider.clients.webBasic.id,
      client_secret: provider.clients.webBasic.secret,
      authorization_url: provider.authorizationUrl,
      token_url: provider.tokenUrl,
      revocation_url: provider.revocationUrl,
      issuer: provider.issuer,
      scope: 'read write',
      ...overrides,
    })
  const consent: VaultWithProvider['consent'] = async (id, asked = {}) => {
    const started = await call('POST', `${CONNECTIONS}/${id}/authorize`, asked.body ?? {})
    if (started.status !== 200) throw new Error(`authorize answered ${JSON.stringify(started.body)}`)
    return provider.consent(started.body.authorization_url, asked.consent)
  }
  const open = async (callback: URL): Promise<BrowserAnswer> => {
    const response = await fetch(callback, { redirect: 'manual' })
    return {
      status: response.status,
      text: await response.text(),
      location: response.headers.get('location'),
    }
  }
  return {
    vault,
    provider,
    clock,
    certificate,
    nowhere,
    call,
    create,
    view: async (id) => (await call('GET', `${CONNECTIONS}/${id}?view=full`)).body,
    fetchCredential: (id, query = '', headers = {}) =>
      call('GET', `${CONNECTIONS}/${id}/credentials${query}`, undefined, { headers }),
    events: async (id) => (await call('GET', `${CONNECTIONS}/${id}/events`)).body,
    machineSetup,
    codeSetup,
    consent,
    open,
    async authorized(setup = {}) {
      const { body } = await create({ name: 'Orders', app_id: 'OAUTH2', setup: codeSetup(setup) })
      const answer = await open(await consent(body.id))
      if (answer.status !== 200) throw new Error(`the callback answered ${answer.text}`)
      return body.id
    },
    async close() {
      await vault.stop()
      await provider.close()
    },
  }
}

function withoutAbsent(members: Members): Record<string, string> {
  const present = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as Record<string, string>
}

async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
