import type { IncomingMessage, ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type ClientMetadata, type Configuration, errors } from 'oidc-provider'
import type { AuthorizationServerStore } from './authorization-server-store.ts'

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
  /** Serves https with this certificate; plain http when absent. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** A client the server knows. */
export interface RegisteredClient {
  readonly id: string
  readonly secret: string
}

/** The clients every server knows. */
export type ClientName = 'machine' | 'machinePost' | 'web' | 'webBasic' | 'app'

const DEFAULT_SCOPES = ['read', 'write', 'admin']
const DEFAULT_RESOURCE = 'https://api.example.test'
const TWO_WEEKS_SECONDS = 14 * 86_400
const CODE_GRANTS = ['authorization_code', 'refresh_token']

/** The clients' ids and secrets; `app` is public and has none. */
export const CLIENTS: Readonly<Record<ClientName, RegisteredClient>> = {
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

/** oidc-provider with our clients, one API, and every token a plain random string. */
export async function createProvider(
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

/** Signs in, then grants, grants in part, or denies, as the driver's query says. */
export async function decideInteraction(
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
