import type { AuthorizationServer, Consent } from './authorization-server.ts'
import { CookieJar } from './cookie-jar.ts'

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
  readonly headers: Headers
}

/** What the setups of these tests override. */
type Members = Readonly<Record<string, string | undefined>>

interface CallOptions {
  readonly tenant?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What the calls need to know of an authorization server, whoever wrote it. */
export type CalledProvider = Pick<
  AuthorizationServer,
  'issuer' | 'authorizationUrl' | 'tokenUrl' | 'revocationUrl' | 'consent'
> & { readonly clients: Pick<AuthorizationServer['clients'], 'machine' | 'webBasic'> }

/** The calls that tests of grants make again and again, to a vault beside a real authorization server. */
export interface GrantCalls<Provider extends CalledProvider = AuthorizationServer> {
  readonly provider: Provider
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<JsonAnswer>
  create(body: unknown, query?: string): Promise<JsonAnswer>
  /** The connection with `?view=full`. */
  view(id: string): Promise<JsonAnswer['body']>
  fetchCredential(id: string, query?: string, headers?: Record<string, string>): Promise<JsonAnswer>
  events(id: string): Promise<{ type: string; changed: string[] }[]>
  /** The setup of the OAUTH2 app for client credentials, or for codes. */
  machineSetup(overrides?: Members): Record<string, string>
  codeSetup(overrides?: Members): Record<string, string>
  /** Starts an authorization, presses Continue, and lets the person decide; answers the callback URL, not yet opened. */
  consent(id: string, options?: { body?: unknown; consent?: Consent }): Promise<URL>
  /** Goes on from a link of the vault; answers where the provider is asked. */
  pressContinue(authorizationUrl: string): Promise<string>
  /** Opens a callback URL as the browser does that went on from the link. */
  open(callback: URL, how?: { method?: string; headers?: Record<string, string> }): Promise<BrowserAnswer>
  /** A new OAUTH2 connection, authorized by code; answers its id. */
  authorized(setup?: Members): Promise<string>
  /** A code that somebody obtained elsewhere, with no PKCE. */
  codeFrom(redirectUri: string): Promise<string>
}

/** Path of the connections. */
export const CONNECTIONS = '/api/v2/flows/vault/connections'

/** The calls to one vault, wherever it runs: `tenant` is who makes them when a call names nobody else. */
export function grantCalls<Provider extends CalledProvider>(place: {
  readonly baseUrl: string
  readonly fetch: typeof fetch
  readonly tenant: string
  readonly provider: Provider
  token(tenant: string): Promise<string>
}): GrantCalls<Provider> {
  const { provider } = place
  const browser = new CookieJar()
  const call: GrantCalls['call'] = async (method, path, body, asked = {}) => {
    const response = await place.fetch(`${place.baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await place.token(asked.tenant ?? place.tenant)}`,
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
  const create: GrantCalls['create'] = (body, query = '') => call('POST', `${CONNECTIONS}${query}`, body)
  const codeSetup = (overrides: Members = {}) => codeSetupOf(provider, overrides)
  const consent: GrantCalls['consent'] = async (id, asked = {}) => {
    const started = await call('POST', `${CONNECTIONS}/${id}/authorize`, asked.body ?? {})
    if (started.status !== 200) throw new Error(`authorize answered ${JSON.stringify(started.body)}`)
    return provider.consent(
      await pressContinue(place, browser, started.body.authorization_url),
      asked.consent,
    )
  }
  const open: GrantCalls['open'] = async ({ pathname, search }, how = {}) => {
    const headers = { cookie: browser.cookies(), ...how.headers }
    const response = await place.fetch(`${place.baseUrl}${pathname}${search}`, {
      method: how.method ?? 'GET',
      redirect: 'manual',
      headers,
    })
    return {
      status: response.status,
      text: await response.text(),
      location: response.headers.get('location'),
      headers: response.headers,
    }
  }
  return {
    provider,
    call,
    create,
    view: async (id) => (await call('GET', `${CONNECTIONS}/${id}?view=full`)).body,
    fetchCredential: (id, query = '', headers = {}) =>
      call('GET', `${CONNECTIONS}/${id}/credentials${query}`, undefined, { headers }),
    events: async (id) => (await call('GET', `${CONNECTIONS}/${id}/events`)).body,
    machineSetup: (overrides = {}) => machineSetupOf(provider, overrides),
    codeSetup,
    pressContinue: (url) => pressContinue(place, browser, url),
    consent,
    open,
    async authorized(setup = {}) {
      const { body } = await create({ name: 'Orders', app_id: 'OAUTH2', setup: codeSetup(setup) })
      const answer = await open(await consent(body.id))
      if (answer.status !== 200) throw new Error(`the callback answered ${answer.text}`)
      return body.id
    },
    codeFrom: (redirectUri) => codeFrom(provider, redirectUri),
  }
}

/** Opens the link as a person's browser does, sends the form of the page, and answers where it is redirected. */
async function pressContinue(
  place: { readonly baseUrl: string; readonly fetch: typeof fetch },
  browser: CookieJar,
  authorizationUrl: string,
): Promise<string> {
  const { origin, pathname, search, searchParams } = new URL(authorizationUrl)
  const page = await place.fetch(`${place.baseUrl}${pathname}${search}`, {
    headers: { cookie: browser.cookies() },
  })
  browser.take(page.headers)
  const answer = await place.fetch(`${place.baseUrl}${pathname}`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      cookie: browser.cookies(),
      origin,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ ticket: searchParams.get('ticket') ?? '' }).toString(),
  })
  browser.take(answer.headers)
  const location = answer.headers.get('location')
  if (location === null) throw new Error(`Continue answered ${answer.status}: ${await answer.text()}`)
  return location
}

function machineSetupOf(provider: CalledProvider, overrides: Members): Record<string, string> {
  return withoutAbsent({
    type: 'CLIENT_CREDENTIALS',
    client_id: provider.clients.machine.id,
    client_secret: provider.clients.machine.secret,
    token_url: provider.tokenUrl,
    scope: 'read write',
    ...overrides,
  })
}

function codeSetupOf(provider: CalledProvider, overrides: Members): Record<string, string> {
  return withoutAbsent({
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
}

async function codeFrom(provider: CalledProvider, redirectUri: string): Promise<string> {
  const url = new URL(provider.authorizationUrl)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: provider.clients.webBasic.id,
    redirect_uri: redirectUri,
    scope: 'read write',
    state: 'elsewhere',
  }).toString()
  return (await provider.consent(url.href)).searchParams.get('code') ?? ''
}

function withoutAbsent(members: Members): Record<string, string> {
  const present = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as Record<string, string>
}
