import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type AdapterPayload, type Configuration } from 'oidc-provider'
import { listenLocally } from '../../../examples/local-service.ts'
import { ProviderRows } from '../../../examples/provider-rows.ts'
import { ALL_SCOPES } from '../../../shared/domain/scopes.ts'

/** An OpenID provider in an origin of its own, at which the page is a public client. */
export interface PageIssuer {
  readonly url: string
  readonly clientId: string
  /** The command line as a public client, which has no browser. */
  readonly deviceClientId: string
  /** From now on tokens end after so many seconds, and refresh tokens are given or not. */
  behave(how: { tokenSeconds?: number; refreshes?: boolean }): void
  /** The parameters of each request for tokens. */
  readonly tokenRequests: URLSearchParams[]
  /** Says where the page comes back to, once its vault is there. */
  register(redirectUri: string): void
  stop(): Promise<void>
}

const CLIENT_ID = 'vault-page'
const DEVICE_CLIENT_ID = 'vault-command-line'
/** What it calls the vault. */
export const AUDIENCE = 'https://vault.example.test/api/v2/'

/** Starts one. */
export async function startPageIssuer({ devices = true } = {}): Promise<PageIssuer> {
  const server = createServer()
  const { url, stop } = await listenLocally(server)
  const state = { tokenSeconds: 3600, refreshes: true, redirectUri: '', devices }
  const tokenRequests: URLSearchParams[] = []
  const provider = await createProvider(url, state)
  const handle = provider.callback()
  server.on('request', (request, response) => {
    const asked = new URL(request.url ?? '/', url)
    if (asked.searchParams.has('audience')) {
      asked.searchParams.set('resource', asked.searchParams.get('audience') ?? '')
      request.url = `${asked.pathname}${asked.search}`
    }
    const work = asked.pathname.startsWith('/interaction/')
      ? decide(provider, request, response)
      : Promise.resolve(handle(request, response))
    work.catch(() => response.destroy())
  })
  provider.on('grant.success', (context) => {
    tokenRequests.push(new URLSearchParams(context.oidc.body as Record<string, string>))
  })
  return {
    url,
    clientId: CLIENT_ID,
    deviceClientId: DEVICE_CLIENT_ID,
    tokenRequests,
    behave: (how) => Object.assign(state, how),
    register: (redirectUri) => {
      state.redirectUri = redirectUri
    },
    stop,
  }
}

/** Settings of a vault that takes its tokens. */
export function settingsFor({ url, clientId }: PageIssuer): Readonly<Record<string, string>> {
  return {
    FLOW_VAULT_ISSUER: url,
    FLOW_VAULT_AUDIENCE: AUDIENCE,
    FLOW_VAULT_TENANT_CLAIM: 'tenant',
    FLOW_VAULT_PAGE_CLIENT_ID: clientId,
  }
}

interface Behaviour {
  readonly tokenSeconds: number
  readonly refreshes: boolean
  readonly redirectUri: string
  readonly devices: boolean
}

async function createProvider(url: string, state: Behaviour): Promise<Provider> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const rows = new Map<string, AdapterPayload>()
  const configuration: Configuration = {
    adapter: (model) => new ProviderRows(model, rows),
    clients: [
      {
        client_id: CLIENT_ID,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1/vault'],
      },
      {
        client_id: DEVICE_CLIENT_ID,
        token_endpoint_auth_method: 'none',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] as never },
    cookies: { keys: ['cookie-key-of-the-page-issuer'] },
    pkce: { required: () => true },
    clientBasedCORS: () => true,
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: async () => state.refreshes,
    expiresWithSession: async () => false,
    extraTokenClaims: () => ({ tenant: 'acme' }),
    ttl: {
      AccessToken: () => state.tokenSeconds,
      Session: 3600,
      Grant: 3600,
      Interaction: 600,
      IdToken: 600,
      RefreshToken: 3600,
      AuthorizationCode: 60,
      DeviceCode: 600,
    },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: state.devices,
        userCodeInputSource: (context, form) => {
          context.body = form
        },
        userCodeConfirmSource: (context, form) => {
          context.body = form
        },
        successSource: (context) => {
          context.body = 'Go back to your terminal.'
        },
      },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: ALL_SCOPES.join(' '),
          audience: resource,
          accessTokenTTL: state.tokenSeconds,
          accessTokenFormat: 'jwt',
        }),
      },
    },
  }
  const provider = new Provider(url, configuration)
  provider.Client.prototype.redirectUriAllowed = (uri: string) => uri === state.redirectUri
  return provider
}

/** Signs in and consents when the button is pressed. */
async function decide(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  const more = { mergeWithLastSubmission: true }
  if (prompt.name === 'login' && request.method === 'POST') {
    return provider.interactionFinished(request, response, { login: { accountId: 'ada' } }, more)
  }
  if (prompt.name === 'login') {
    const page =
      '<!doctype html><html lang="en"><title>Sign in</title><form method="post"><button>I am ada</button></form>'
    response.writeHead(200, { 'content-type': 'text/html' }).end(page)
    return
  }
  const grant = new provider.Grant({
    accountId: session?.accountId ?? 'ada',
    clientId: String(params['client_id']),
  })
  grant.addOIDCScope(String(params['scope']))
  grant.addResourceScope(AUDIENCE, ALL_SCOPES.join(' '))
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, more)
}
