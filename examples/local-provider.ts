import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type AdapterPayload, type Configuration } from 'oidc-provider'
import type { LocalCertificate } from './local-certificate.ts'
import { type LocalService, listenLocally } from './local-service.ts'
import { ProviderRows } from './provider-rows.ts'

/** An authorization server on this machine, with one client and one permission. */
export interface LocalProvider extends LocalService {
  readonly clientId: string
  readonly clientSecret: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly scope: string
  /** Whether it has minted this access token, and it still works. */
  accepts(accessToken: string): Promise<boolean>
  /** Ends an access token before its time; the refresh token stays. */
  revoke(accessToken: string): Promise<void>
}

const CLIENT = { client_id: 'flow-vault-example', client_secret: 'client-secret-of-the-example-0123' }
const SCOPE = 'spreadsheets'
const PERSON = 'ada@example.com'
const HOUR_SECONDS = 3_600
const SETTINGS: Configuration = {
  scopes: [SCOPE],
  pkce: { required: () => false },
  cookies: { keys: ['cookie-key-of-the-example'] },
  findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  issueRefreshToken: async () => true,
  features: { devInteractions: { enabled: false } },
  ttl: {
    AccessToken: HOUR_SECONDS,
    AuthorizationCode: 60,
    Grant: 24 * HOUR_SECONDS,
    IdToken: HOUR_SECONDS,
    Interaction: HOUR_SECONDS,
    RefreshToken: 24 * HOUR_SECONDS,
    Session: HOUR_SECONDS,
  },
}

/** Starts `oidc-provider` on a free port of loopback; its one page asks the person, and has one button. */
export async function startLocalProvider(certificate: LocalCertificate): Promise<LocalProvider> {
  const server = createServer(certificate)
  const { url, stop } = await listenLocally(server)
  const provider = await createProvider(url)
  const handle = provider.callback()
  server.on('request', (request, response) => {
    const isQuestion = request.url?.startsWith('/interaction/') ?? false
    const work = isQuestion ? ask(provider, request, response) : Promise.resolve(handle(request, response))
    work.catch(() => response.destroy())
  })
  return {
    url,
    clientId: CLIENT.client_id,
    clientSecret: CLIENT.client_secret,
    authorizationUrl: `${url}/auth`,
    tokenUrl: `${url}/token`,
    scope: SCOPE,
    accepts: async (token) => (await provider.AccessToken.find(token))?.isValid ?? false,
    revoke: async (token) => (await provider.AccessToken.find(token))?.destroy(),
    stop,
  }
}

async function createProvider(url: string): Promise<Provider> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const rows = new Map<string, AdapterPayload>()
  const provider = new Provider(url, {
    adapter: (model) => new ProviderRows(model, rows),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] as never },
    clients: [
      {
        ...CLIENT,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['https://flow.example.com/'],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    ...SETTINGS,
  })
  // Each connection of the vault has an address of its own to come back to; a real provider is told of each.
  provider.Client.prototype.redirectUriAllowed = (uri: string) => URL.canParse(uri)
  return provider
}

/** Shows the question; the button's POST is the person's yes. */
async function ask(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId: PERSON } })
    return
  }
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(question())
    return
  }
  const grant = new provider.Grant({ accountId: PERSON, clientId: String(params['client_id']) })
  grant.addOIDCScope(String(params['scope']))
  const consent = { grantId: await grant.save() }
  await provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true })
}

function question(): string {
  return `<!doctype html>
<html lang="en">
  <meta name="viewport" content="width=device-width" />
  <title>A provider on this machine</title>
  <main>
    <h1>A provider on this machine</h1>
    <p>May Flow Vault read and write the spreadsheets of ${PERSON}?</p>
    <form method="post"><button>Allow</button></form>
  </main>
</html>`
}
