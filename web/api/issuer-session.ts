import * as oauth from 'oauth4webapi'
import { PAGE_ROOT } from '../mount.ts'
import { PAGE } from '../texts/page-texts.ts'
import { ApiError } from './api-error.ts'
import { type AskedIssuer, type IssuerAnswer, SIGN_IN_CHANNEL, waitForWindow } from './issuer-window.ts'
import type { Session, SignInConfig } from './signed-in.ts'

type IssuerConfig = Extract<SignInConfig, { sign_in: 'issuer' }>

/** A token this close to its end is renewed before it is used. */
const RENEW_BEFORE_MS = 60_000
/** Where a token's life is not said, it is taken for this. */
const ASSUMED_LIFE_SECONDS = 300
const CHANNEL = 'flow-vault-session'
/** Between leaving for the issuer and coming back; removed then. */
const ASKED = 'flow-vault-sign-in'
/** The issuer was asked without a person once in this tab, or the person signed out here. */
const TRIED = 'flow-vault-tried'
const WINDOW = 'popup,width=520,height=720'
/** A person who types a password, looks for a second factor and types that too is done by then. */
const PERSON_LIMIT_MS = 10 * 60_000
/** An issuer that is asked without a person answers by itself. */
const ALONE_LIMIT_MS = 60_000
/** The state of what was asked in a window begins with it. */
const OF_WINDOW = 'w.'
/** What an issuer answers when it cannot go on without a person (OpenID Connect Core §3.1.2.6). */
const NEEDS_PERSON = [
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]

/**
 * Signs in at the vault's issuer by Authorization Code with PKCE (RFC 7636, RFC 9700 §2.1.1). Tokens are held in memory
 * alone. They are renewed by a refresh token where the issuer gives one; after a reload the issuer is asked without a
 * person first, because it may still know the browser.
 */
export class IssuerSession implements Session {
  readonly hasButton = true
  readonly #config: IssuerConfig
  readonly #client: oauth.Client
  readonly #onChange: (isSignedIn: boolean) => void
  readonly #channel = new BroadcastChannel(CHANNEL)
  #server: Promise<oauth.AuthorizationServer> | undefined
  #tokens: oauth.TokenEndpointResponse | undefined
  #tokenEndsAtMs = 0
  #renewing: Promise<string> | undefined

  constructor(config: IssuerConfig, onChange: (isSignedIn: boolean) => void) {
    this.#config = config
    this.#client = { client_id: config.client_id }
    this.#onChange = onChange
    this.#channel.onmessage = ({ data }) => {
      if (data === 'signed-out') this.#forget()
    }
  }

  get endsAtMs(): number | undefined {
    return this.#tokens === undefined || this.#tokens.refresh_token !== undefined
      ? undefined
      : this.#tokenEndsAtMs
  }

  async begin(): Promise<void> {
    const query = new URLSearchParams(location.search)
    if (query.has('state') && (query.has('code') || query.has('error'))) return this.#comeBack(query)
    if (sessionStorage.getItem(TRIED) !== null) throw signedOut()
    await this.#leave({ prompt: 'none' })
  }

  async signIn({ inWindow, signal }: { inWindow: boolean; signal: AbortSignal }): Promise<void> {
    await (inWindow ? this.#inWindow({ signal, limitMs: PERSON_LIMIT_MS }) : this.#leave({}))
  }

  async token({ renew }: { renew: boolean }): Promise<string> {
    const { access_token: token, refresh_token: refresh } = this.#tokens ?? {}
    const lastsMs = this.#tokenEndsAtMs - Date.now()
    if (token !== undefined && !renew && lastsMs > (refresh === undefined ? 0 : RENEW_BEFORE_MS)) return token
    if (refresh === undefined) {
      this.#forget()
      throw signedOut()
    }
    this.#renewing ??= this.#renew(refresh).finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  /** The issuer still knows the browser, mostly: its window comes and goes. */
  async stay(): Promise<void> {
    await this.#inWindow({ prompt: 'none', limitMs: ALONE_LIMIT_MS })
  }

  /** Ends it here, in every tab, and at the issuer where that has an address for it. */
  async end(): Promise<void> {
    const idToken = this.#tokens?.id_token
    sessionStorage.setItem(TRIED, 'signed out')
    this.#channel.postMessage('signed-out')
    this.#forget()
    const { end_session_endpoint: end } = await this.#discovered()
    if (end === undefined) return
    const url = new URL(end)
    url.searchParams.set('client_id', this.#config.client_id)
    url.searchParams.set('post_logout_redirect_uri', redirectUri())
    if (idToken !== undefined) url.searchParams.set('id_token_hint', idToken)
    location.assign(url)
  }

  async #renew(refreshToken: string): Promise<string> {
    try {
      const server = await this.#discovered()
      const answer = await oauth.refreshTokenGrantRequest(
        server,
        this.#client,
        oauth.None(),
        refreshToken,
        insecureOn(this.#config.issuer),
      )
      const tokens = await oauth.processRefreshTokenResponse(server, this.#client, answer)
      return this.#take({ ...tokens, refresh_token: tokens.refresh_token ?? refreshToken })
    } catch (error) {
      if (!(error instanceof oauth.ResponseBodyError)) throw unreachable()
      this.#forget()
      throw signedOut()
    }
  }

  /** Asks in this very window, which comes back to where it was. */
  async #leave(how: { prompt?: string }): Promise<void> {
    const asked = await this.#ask({ ...how, isWindow: false })
    sessionStorage.setItem(TRIED, 'asked')
    sessionStorage.setItem(ASKED, JSON.stringify({ ...asked, url: asked.url.href, path: pathHere() }))
    location.replace(asked.url)
    // The page is gone in a moment; nothing is drawn until then.
    await new Promise(() => undefined)
  }

  async #inWindow(how: { prompt?: string; limitMs: number; signal?: AbortSignal }): Promise<void> {
    // In the very turn of the click, or a browser takes it for an advertisement. Another window for each try: one
    // that has been at the issuer, and is emptied by this page, belongs to it no more and goes nowhere.
    const opened = window.open('about:blank', '_blank', WINDOW)
    if (opened === null) throw new ApiError({ status: 0, message: PAGE.signInBlocked })
    try {
      const asked = await this.#ask({ ...how, isWindow: true })
      how.signal?.throwIfAborted()
      opened.location.replace(asked.url)
      const answer = await waitForWindow({ ...how, state: asked.state })
      if (answer === undefined) throw new ApiError({ status: 0, message: PAGE.signInTooLong })
      await this.#exchange(asked, answer)
    } catch (error) {
      opened.close()
      throw error
    }
    this.#onChange(true)
  }

  async #comeBack(query: URLSearchParams): Promise<void> {
    if (query.get('state')?.startsWith(OF_WINDOW)) {
      new BroadcastChannel(SIGN_IN_CHANNEL).postMessage({ search: location.search } satisfies IssuerAnswer)
      window.close()
      await new Promise(() => undefined)
    }
    const kept = sessionStorage.getItem(ASKED)
    sessionStorage.removeItem(ASKED)
    const asked = JSON.parse(kept ?? 'null') as (Omit<AskedIssuer, 'url'> & { path: string }) | null
    // The code is out of the address, and of the history, before anything is done with it.
    history.replaceState(null, '', asked?.path ?? PAGE_ROOT)
    if (asked === null) throw signedOut()
    await this.#exchange(asked, { search: `?${query}` })
    this.#onChange(true)
  }

  async #ask({ prompt, isWindow }: { prompt?: string; isWindow: boolean }): Promise<AskedIssuer> {
    const { client_id: clientId, scope, audience, audience_in: audienceIn } = this.#config
    const server = await this.#discovered()
    const verifier = oauth.generateRandomCodeVerifier()
    const state = `${isWindow ? OF_WINDOW : ''}${oauth.generateRandomState()}`
    const url = new URL(server.authorization_endpoint!)
    const parameters = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri(),
      scope,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(prompt === undefined ? {} : { prompt }),
      ...(audienceIn === 'none' ? {} : { [audienceIn]: audience }),
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return { url, state, verifier }
  }

  async #exchange({ state, verifier }: Omit<AskedIssuer, 'url'>, { search }: IssuerAnswer): Promise<void> {
    const server = await this.#discovered()
    try {
      const parameters = oauth.validateAuthResponse(server, this.#client, new URLSearchParams(search), state)
      const answer = await oauth.authorizationCodeGrantRequest(
        server,
        this.#client,
        oauth.None(),
        parameters,
        redirectUri(),
        verifier,
        insecureOn(this.#config.issuer),
      )
      this.#take(await oauth.processAuthorizationCodeResponse(server, this.#client, answer))
      sessionStorage.removeItem(TRIED)
    } catch (error) {
      throw refusedBy(error)
    }
  }

  #take(tokens: oauth.TokenEndpointResponse): string {
    this.#tokens = tokens
    this.#tokenEndsAtMs = Date.now() + (tokens.expires_in ?? ASSUMED_LIFE_SECONDS) * 1000
    return tokens.access_token
  }

  #forget(): void {
    this.#tokens = undefined
    this.#onChange(false)
  }

  #discovered(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(this.#config.issuer)
    this.#server ??= oauth
      .discoveryRequest(issuer, insecureOn(issuer.href))
      .then((answer) => oauth.processDiscoveryResponse(issuer, answer))
      .catch(() => {
        this.#server = undefined
        throw unreachable()
      })
    return this.#server
  }
}

/** Plain http is for an issuer on this machine alone, as the server's own setting has it. */
function insecureOn(issuer: string): { [oauth.allowInsecureRequests]?: boolean } {
  return new URL(issuer).protocol === 'http:' ? { [oauth.allowInsecureRequests]: true } : {}
}

/** The one address that the page is registered with. */
function redirectUri(): string {
  return location.origin + PAGE_ROOT
}

function pathHere(): string {
  return `${location.pathname}${location.search}${location.hash}`
}

function signedOut(): ApiError {
  return new ApiError({ status: 401, message: PAGE.nobodySignedIn })
}

function unreachable(): ApiError {
  return new ApiError({ status: 0, message: PAGE.issuerAway })
}

/** What the issuer refuses, in its own words; that it needs a person is no failure. */
function refusedBy(error: unknown): ApiError {
  if (error instanceof oauth.AuthorizationResponseError && NEEDS_PERSON.includes(error.error))
    return signedOut()
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError)
    return new ApiError({ status: 401, message: PAGE.issuerRefused(error.error_description ?? error.error) })
  if (error instanceof ApiError) return error
  return new ApiError({ status: 401, message: PAGE.issuerRefused(PAGE.issuerOdd) })
}
