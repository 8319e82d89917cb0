import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type ClientMetadata, type Configuration, errors } from 'oidc-provider'
import { playFault, strikesAfterwards, type TokenFault } from './authorization-server-faults.ts'
import { AuthorizationServerStore } from './authorization-server-store.ts'
import { type Consent, driveConsent } from './consent-driver.ts'

export { FAULT_RETRY_AFTER_SECONDS, type TokenFault } from './authorization-server-faults.ts'
export type { Consent } from './consent-driver.ts'

/** How the server behaves; everything has a default. */
export interface AuthorizationServerOptions {
  /** The life of an access token; 3600 when absent. */
  readonly accessTokenSeconds?: number
  /** The life of a refresh token; 14 days when absent. */
  readonly refreshTokenSeconds?: number
  /** False: refresh tokens stay the same. Rotation is the default; reuse revokes the family. */
  readonly rotation?: boolean
  /** For how long a superseded refresh token still works; 0 when absent. */
  readonly graceSeconds?: number
  /** The scopes of its API; `read`, `write` and `admin` when absent. */
  readonly scopes?: readonly string[]
  /** The resources (RFC 8707), also accepted as `audience`; any is known when absent. */
  readonly resources?: readonly string[]
  /** Work on each token request takes this much longer. */
  readonly delayMs?: number
}

/** A client the server knows. */
export interface RegisteredClient {
  readonly id: string
  readonly secret: string
}

/** One request to the token endpoint, in the order they arrived. */
export interface TokenRequestRecord {
  readonly grantType: string
  readonly refreshToken?: string
  readonly parameters: Readonly<Record<string, string>>
  /** True when another request with the same refresh token was being worked on. */
  readonly overlapped: boolean
  /** The fault that was played, if any. */
  readonly fault?: TokenFault
}

/** A running authorization server: oidc-provider on loopback, plain http, with all its state in memory. */
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

type ClientName = 'machine' | 'machinePost' | 'web' | 'webBasic' | 'app'

const DEFAULT_SCOPES = ['read', 'write', 'admin']
const DEFAULT_RESOURCE = 'https://api.example.test'
const TWO_WEEKS_SECONDS = 14 * 86_400
const CODE_GRANTS = ['authorization_code', 'refresh_token']

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
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = `http://${host}`
  const provider = await createProvider(issuer, store, options)
  const handle = provider.callback()
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', issuer)
    const work = url.pathname.startsWith('/interaction/')
      ? decide(provider, request, response, url)
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

const CLIENTS: Readonly<Record<ClientName, RegisteredClient>> = {
  machine: { id: 'machine-client', secret: 'machine-secret-0123456789abcdef' },
  machinePost: { id: 'machine-post-client', secret: 'machine-post-secret-0123456789' },
  web: { id: 'web-client', secret: 'web-secret-0123456789abcdefghij' },
  webBasic: { id: 'web-basic-client', secret: 'web-basic-secret-0123456789abcd' },
  app: { id: 'app-client', secret: '' },
}

function clientMetadata(): ClientMetadata[] {
  const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] as [] }
  // The redirect URI is checked elsewhere, because suites run on ports nobody knows beforehand.
  const web = { grant_types: CODE_GRANTS, redirect_uris: ['http://127.0.0.1/callback'] }
  const of = (name: ClientName) => ({ client_id: CLIENTS[name].id, client_secret: CLIENTS[name].secret })
  return [
    { ...machine, ...of('machine'), token_endpoint_auth_method: 'client_secret_basic' },
    { ...machine, ...of('machinePost'), token_endpoint_auth_method: 'client_secret_post' },
    { ...web, ...of('web'), token_endpoint_auth_method: 'client_secret_post' },
    { ...web, ...of('webBasic'), token_endpoint_auth_method: 'client_secret_basic' },
    { ...web, client_id: CLIENTS.app.id, token_endpoint_auth_method: 'none' },
  ]
}

async function createProvider(
  issuer: string,
  store: AuthorizationServerStore,
  options: AuthorizationServerOptions,
): Promise<Provider> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const accessTokenSeconds = options.accessTokenSeconds ?? 3600
  const scope = (options.scopes ?? DEFAULT_SCOPES).join(' ')
  const configuration: Configuration = {
    adapter: store.adapterFor,
    clients: clientMetadata(),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] as never },
    cookies: { keys: ['cookie-key-of-the-test-server'] },
    pkce: { required: () => false },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    rotateRefreshToken: () => options.rotation !== false,
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      RefreshToken: options.refreshTokenSeconds ?? TWO_WEEKS_SECONDS,
      AuthorizationCode: 60,
      Grant: TWO_WEEKS_SECONDS,
      Interaction: 600,
      Session: 600,
      IdToken: 600,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_context, _client, oneOf) =>
          [oneOf ?? DEFAULT_RESOURCE].flat()[0] ?? DEFAULT_RESOURCE,
        getResourceServerInfo: (_context, resource) => {
          if (options.resources?.includes(resource) === false) throw new errors.InvalidTarget()
          return {
            scope,
            audience: resource,
            accessTokenTTL: accessTokenSeconds,
            accessTokenFormat: 'opaque',
          }
        },
      },
    },
  }
  const provider = new Provider(issuer, configuration)
  provider.Client.prototype.redirectUriAllowed = (uri: string) => /^https?:$/.test(new URL(uri).protocol)
  return provider
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

/** Signs in, then grants, grants in part, or denies, as the driver's query says. */
async function decide(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const interaction = await provider.interactionDetails(request, response)
  const finish = (result: Parameters<Provider['interactionFinished']>[2]) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
  if (interaction.prompt.name === 'login') {
    return finish({ login: { accountId: url.searchParams.get('account') ?? 'alice' } })
  }
  if (url.searchParams.has('deny')) return finish({ error: 'access_denied' })
  const grant = new provider.Grant({
    accountId: interaction.session?.accountId ?? 'alice',
    clientId: String(interaction.params['client_id']),
  })
  const allowed = url.searchParams.get('scopes')?.split(' ')
  const missing = (interaction.prompt.details['missingResourceScopes'] ?? {}) as Record<string, string[]>
  for (const [resource, asked] of Object.entries(missing)) {
    const granted = asked.filter((scope) => allowed === undefined || allowed.includes(scope))
    const rejected = asked.filter((scope) => !granted.includes(scope))
    if (granted.length > 0) grant.addResourceScope(resource, granted.join(' '))
    if (rejected.length > 0) grant.rejectResourceScope(resource, rejected.join(' '))
  }
  const oidcScopes = interaction.prompt.details['missingOIDCScope'] as string[] | undefined
  if (oidcScopes !== undefined) grant.addOIDCScope(oidcScopes.join(' '))
  return finish({ consent: { grantId: await grant.save() } })
}

async function introspect(introspectionUrl: string, token: string): Promise<boolean> {
  const { id, secret } = CLIENTS.machinePost
  const body = new URLSearchParams({ token, client_id: id, client_secret: secret })
  const answer = await fetch(introspectionUrl, { method: 'POST', body })
  const { active } = (await answer.json()) as { active: boolean }
  return active
}
