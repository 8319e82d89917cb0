import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { playFault, strikesAfterwards, type TokenFault } from './authorization-server-faults.ts'
import {
  type AuthorizationServerOptions,
  CLIENTS,
  type ClientName,
  createProvider,
  decideInteraction,
  type RegisteredClient,
} from './authorization-server-provider.ts'
import { AuthorizationServerStore } from './authorization-server-store.ts'
import { type Consent, driveConsent } from './consent-driver.ts'

export { FAULT_RETRY_AFTER_SECONDS, type TokenFault } from './authorization-server-faults.ts'
export type { AuthorizationServerOptions } from './authorization-server-provider.ts'
export type { Consent } from './consent-driver.ts'

/** One request to the token endpoint, in the order they arrived. */
export interface TokenRequestRecord {
  readonly grantType: string
  readonly refreshToken?: string
  /** In epoch ms. */
  readonly arrivedAtMs: number
  readonly parameters: Readonly<Record<string, string>>
  /** True when another request with the same refresh token was being worked on. */
  readonly overlapped: boolean
  /** The fault that was played, if any. */
  readonly fault?: TokenFault
}

/** A running authorization server: oidc-provider on loopback, plain http or TLS, with all its state in memory. */
export interface AuthorizationServer {
  readonly issuer: string
  /** `127.0.0.1:<port>`, for the list of allowed hosts. */
  readonly host: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly revocationUrl: string
  readonly introspectionUrl: string
  /** `machine`: client credentials, HTTP Basic · `machinePost`: the same, secret in the body · `web`: codes and
   * refresh tokens, secret in the body · `webBasic`: the same, HTTP Basic · `app`: the same, public. */
  readonly clients: Readonly<Record<ClientName, RegisteredClient>>
  readonly tokenRequests: readonly TokenRequestRecord[]
  /** How many token requests carried this refresh token. */
  requestsWith(refreshToken: string): number
  /** How many token requests have arrived and are not answered yet, their senders still there or not. */
  requestsInWork(): number
  /** Makes the next `times` token requests fail; all of them when `times` is absent, none without a fault. */
  setFault(fault: TokenFault | undefined, times?: number): void
  setDelayMs(delayMs: number): void
  /** Opens an authorization URL as a browser, decides, and returns where the browser is sent. */
  consent(authorizationUrl: string, consent?: Consent): Promise<URL>
  /** Whether the server would accept the token (RFC 7662). */
  isActive(token: string): Promise<boolean>
  /** Revokes the token's whole grant, as a person does on the provider's site. */
  revokeGrantOf(token: string): void
  close(): Promise<void>
}

/** What the server remembers of its token endpoint while it runs. */
interface TokenEndpointState {
  readonly records: TokenRequestRecord[]
  readonly inWork: Map<string, number>
  fault: { kind: TokenFault; times: number } | undefined
  delayMs: number
}

/** Starts an authorization server on a free port. Close it when the suite ends. */
export async function startAuthorizationServer(
  options: AuthorizationServerOptions = {},
): Promise<AuthorizationServer> {
  const state: TokenEndpointState = {
    records: [],
    inWork: new Map(),
    fault: undefined,
    delayMs: options.delayMs ?? 0,
  }
  const store = new AuthorizationServerStore(options.graceSeconds ?? 0)
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = `${options.tls === undefined ? 'http' : 'https'}://${host}`
  const provider = await createProvider(issuer, store, options)
  const handle = provider.callback()
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', issuer)
    const work = url.pathname.startsWith('/interaction/')
      ? decideInteraction(provider, request, response, url)
      : url.pathname === '/token'
        ? answerTokenRequest(state, request, response, handle)
        : Promise.resolve(handle(withResource(request, url), response))
    work.catch(() => response.destroy())
  })

  return {
    issuer,
    host,
    authorizationUrl: `${issuer}/auth`,
    tokenUrl: `${issuer}/token`,
    revocationUrl: `${issuer}/token/revocation`,
    introspectionUrl: `${issuer}/token/introspection`,
    clients: CLIENTS,
    tokenRequests: state.records,
    requestsWith: (refreshToken) =>
      state.records.filter((record) => record.refreshToken === refreshToken).length,
    requestsInWork: () => [...state.inWork.values()].reduce((sum, count) => sum + count, 0),
    setFault(kind, times = Number.POSITIVE_INFINITY) {
      state.fault = kind === undefined ? undefined : { kind, times }
    },
    setDelayMs(delayMs) {
      state.delayMs = delayMs
    },
    consent: driveConsent,
    isActive: (token) => introspect(`${issuer}/token/introspection`, token),
    revokeGrantOf: (token) => store.revokeFamily(store.grantIdOf(token)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Auth0 and others call it `audience`; here it means the same as `resource`. */
function withResource(request: IncomingMessage, url: URL): IncomingMessage {
  const audience = url.searchParams.get('audience')
  if (audience !== null && !url.searchParams.has('resource')) {
    url.searchParams.set('resource', audience)
    request.url = `${url.pathname}${url.search}`
  }
  return request
}

async function answerTokenRequest(
  state: TokenEndpointState,
  request: IncomingMessage,
  response: ServerResponse,
  handle: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<void> {
  const parameters = new URLSearchParams(await readText(request))
  const refreshToken = parameters.get('refresh_token') ?? undefined
  const key = refreshToken ?? ''
  const inWork = state.inWork.get(key) ?? 0
  const fault = takeFault(state)
  state.records.push({
    grantType: parameters.get('grant_type') ?? '',
    ...(refreshToken === undefined ? {} : { refreshToken }),
    arrivedAtMs: Date.now(),
    parameters: Object.fromEntries(parameters),
    overlapped: refreshToken !== undefined && inWork > 0,
    ...(fault === undefined ? {} : { fault }),
  })
  state.inWork.set(key, inWork + 1)
  try {
    if (fault !== undefined && !strikesAfterwards(fault)) return playFault(fault, response)
    const audience = parameters.get('audience')
    if (audience !== null && !parameters.has('resource')) parameters.set('resource', audience)
    if (fault !== undefined) strikeWhenAnswered(fault, response)
    const done = new Promise((resolve) => response.once('close', resolve))
    if (state.delayMs > 0) await sleep(state.delayMs)
    handle(replay(request, parameters.toString()), response)
    await done
  } finally {
    state.inWork.set(key, (state.inWork.get(key) ?? 1) - 1)
  }
}

function takeFault(state: TokenEndpointState): TokenFault | undefined {
  const { fault } = state
  if (fault === undefined) return undefined
  fault.times -= 1
  if (fault.times <= 0) state.fault = undefined
  return fault.kind
}

/** Lets the provider do its work, and puts the fault in the place of its answer. */
function strikeWhenAnswered(fault: TokenFault, response: ServerResponse): void {
  const end = response.end.bind(response)
  response.end = ((): ServerResponse => {
    response.end = end
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    playFault(fault, response)
    return response
  }) as typeof response.end
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** The request once more, with a body that can still be read. */
function replay(request: IncomingMessage, body: string): IncomingMessage {
  const { method, url, socket, httpVersion, httpVersionMajor, httpVersionMinor } = request
  const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(body)) }
  const facts = { method, url, socket, httpVersion, httpVersionMajor, httpVersionMinor, headers }
  return Object.assign(Readable.from([Buffer.from(body)]), facts) as unknown as IncomingMessage
}

async function introspect(introspectionUrl: string, token: string): Promise<boolean> {
  const { id, secret } = CLIENTS.machinePost
  const body = new URLSearchParams({ token, client_id: id, client_secret: secret })
  const answer = await fetch(introspectionUrl, { method: 'POST', body })
  const { active } = (await answer.json()) as { active: boolean }
  return active
}
