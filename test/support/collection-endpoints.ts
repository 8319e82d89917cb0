import { generateKeyPairSync } from 'node:crypto'
import * as arctic from 'arctic'
import grantConfig from 'grant/config/oauth.json' with { type: 'json' }

/** What a collection of others says of a service. */
export interface CollectedService {
  readonly name: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly separator?: string
  readonly clientAuthentication?: 'client_secret_basic' | 'client_secret_post' | 'none'
  readonly pkce?: boolean
}

/** The OAuth 2 services of `grant`, by name. A variable part of an address is `variable` here. */
export function servicesOfGrant(): ReadonlyMap<string, CollectedService> {
  const entries = Object.entries(grantConfig as Readonly<Record<string, GrantEntry>>)
  return new Map(
    entries
      .filter(([, entry]) => entry.oauth === 2)
      .map(([name, entry]) => [
        name,
        {
          name,
          authorizationUrl: variable(entry.authorize_url),
          tokenUrl: variable(entry.access_url),
          ...(entry.scope_delimiter === undefined ? {} : { separator: entry.scope_delimiter }),
        },
      ]),
  )
}

/** The address with what `grant` leaves open, `[subdomain]`, as `variable`. */
export function variable(url: string): string {
  return url.replaceAll(/\[\w+\]/g, 'variable')
}

interface GrantEntry {
  readonly oauth: number
  readonly authorize_url: string
  readonly access_url: string
  readonly scope_delimiter?: string
}

/** Arguments by the name that arctic's classes give them; what stands for a variable part is unmistakable. */
const ARGUMENTS: Readonly<Record<string, unknown>> = {
  state: 'state',
  codeVerifier: 'verifier-0123456789-0123456789-0123456789-0123456789',
  scopes: ['first', 'second'],
  code: 'code',
  redirectURI: 'https://vault.example.test/callback',
  clientId: 'client',
  clientKey: 'client',
  clientSecret: 'secret',
  applicationId: 'client',
  applicationSecret: 'secret',
  domain: 'domain.variable',
  baseURL: 'https://domain.variable',
  realmURL: 'https://domain.variable/realms/realm.variable',
  tenant: 'tenant.variable',
  authorizationServerId: 'server',
  teamId: 'team',
  keyId: 'key',
  pkcs8PrivateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'der',
  }),
}

interface ArcticProvider {
  createAuthorizationURL(...given: unknown[]): URL
  validateAuthorizationCode(...given: unknown[]): Promise<unknown>
}

/** What each provider class of `arctic` does, seen from outside: the page it names, the token request it sends. */
export async function servicesOfArctic(): Promise<ReadonlyMap<string, CollectedService>> {
  const services = new Map<string, CollectedService>()
  for (const [name, exported] of Object.entries(arctic)) {
    if (typeof exported !== 'function' || !String(exported).includes('createAuthorizationURL(')) continue
    if (name === 'OAuth2Client') continue
    services.set(name, await watch(name, exported as unknown as new (...given: unknown[]) => ArcticProvider))
  }
  return services
}

async function watch(
  name: string,
  Provider: new (...given: unknown[]) => ArcticProvider,
): Promise<CollectedService> {
  const source = String(Provider)
  const provider = new Provider(...argumentsOf(source, 'constructor'))
  const page = provider.createAuthorizationURL(...argumentsOf(source, 'createAuthorizationURL'))
  const sent = await sentBy(() =>
    provider.validateAuthorizationCode(...argumentsOf(source, 'async validateAuthorizationCode')),
  )
  const body = new URLSearchParams(await sent.text())
  const separator = /^first(.+)second$/.exec(page.searchParams.get('scope') ?? '')?.[1]
  const inBody = body.has('client_secret') ? 'client_secret_post' : 'none'
  return {
    name,
    authorizationUrl: page.origin + page.pathname,
    tokenUrl: sent.url,
    ...(separator === undefined ? {} : { separator }),
    clientAuthentication: sent.headers.has('authorization') ? 'client_secret_basic' : inBody,
    pkce: page.searchParams.has('code_challenge'),
  }
}

/** The request that is sent; nothing leaves this process. */
async function sentBy(call: () => Promise<unknown>): Promise<Request> {
  const { fetch } = globalThis
  const sent: Request[] = []
  globalThis.fetch = async (request) => {
    sent.push(request as Request)
    return new Response('{}')
  }
  try {
    await call()
  } catch {
    // An empty object is no token answer; the request is all that is wanted.
  } finally {
    globalThis.fetch = fetch
  }
  return sent[0]!
}

function argumentsOf(source: string, method: string): unknown[] {
  const list = new RegExp(`${method}\\(([^)]*)\\)\\s*\\{`).exec(source)?.[1] ?? ''
  const names = list.split(',').map((name) => name.trim())
  return names.filter((name) => name !== '').map((name) => ARGUMENTS[name])
}
