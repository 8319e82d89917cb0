import * as oauth from 'oauth4webapi'
import { CliError, EXIT } from './cli-error.ts'
import type { Terminal } from './terminal.ts'

/**
 * RFC 8628 §3.2: seconds between two questions, where the issuer names none; §3.5: so much more when told to slow down.
 */
const DEFAULT_INTERVAL_S = 5
const SLOW_DOWN_S = 5
/** Of one request to the issuer. */
const TIMEOUT_MS = 30_000
/** A token is renewed so long before its end, so that a command does not outlive it. */
const SPARE_MS = 60_000
/** Assumed where the issuer names no life: the shortest that is common. */
const ASSUMED_LIFE_S = 300

/** How a person signs in at an issuer of their own: as a public client of it. */
export interface IssuerLogin {
  readonly issuer: string
  readonly clientId: string
}

/** What the issuer is asked for. */
export interface AskedTokens {
  readonly scope: string
  readonly audience: string
  /** The parameter that names the audience, as issuers differ in that. */
  readonly audienceIn: 'audience' | 'resource' | 'none'
}

/** What a person's sign-in brought. */
export interface PersonTokens {
  readonly access_token: string
  readonly expires_at: string
  readonly refresh_token?: string
}

/**
 * Signs a person in by the device flow (RFC 8628): the address and a code are printed, and whoever opens it on any
 * device lets this machine in. Throws `CliError` with what to do.
 */
export async function signInByDevice(
  terminal: Terminal,
  login: IssuerLogin,
  { scope, audience, audienceIn }: AskedTokens,
): Promise<PersonTokens> {
  const server = await discover(terminal, login)
  if (server.device_authorization_endpoint === undefined)
    throw new CliError(
      `${login.issuer} offers no sign-in by a device (its discovery names no device_authorization_endpoint). Sign in with a client and its secret: leave --issuer out.`,
      EXIT.login,
    )
  const named = audienceIn === 'none' ? {} : { [audienceIn]: audience }
  const asked = await tell(login, async () => {
    const answer = await oauth.deviceAuthorizationRequest(
      server,
      clientOf(login),
      oauth.None(),
      { scope, ...named },
      optionsOf(terminal, login),
    )
    return oauth.processDeviceAuthorizationResponse(server, clientOf(login), answer)
  })
  const { user_code: code, verification_uri: address, verification_uri_complete: whole } = asked
  terminal.err(`Open ${whole ?? address} on any device and compare the code, or enter it: ${code}\n`)
  return untilAllowed(terminal, { login, server, asked })
}

/** Renews the tokens of a person's sign-in; undefined when the issuer says that a person has to sign in again. */
export async function renewTokens(
  terminal: Terminal,
  login: IssuerLogin,
  refreshToken: string,
): Promise<PersonTokens | undefined> {
  const server = await discover(terminal, login)
  const answer = await tell(login, () =>
    oauth.refreshTokenGrantRequest(
      server,
      clientOf(login),
      oauth.None(),
      refreshToken,
      optionsOf(terminal, login),
    ),
  )
  try {
    const tokens = await oauth.processRefreshTokenResponse(server, clientOf(login), answer)
    return tokensOf(terminal, { refresh_token: refreshToken, ...tokens })
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError && error.status < 500) return undefined
    throw told(login, error)
  }
}

/** Whether a token is good for a command. */
export function isUsable(tokens: Pick<PersonTokens, 'expires_at'>, nowMs: number): boolean {
  return Date.parse(tokens.expires_at) - SPARE_MS > nowMs
}

async function untilAllowed(
  terminal: Terminal,
  {
    login,
    server,
    asked,
  }: { login: IssuerLogin; server: oauth.AuthorizationServer; asked: oauth.DeviceAuthorizationResponse },
): Promise<PersonTokens> {
  const endsAtMs = terminal.nowMs() + asked.expires_in * 1000
  let intervalS = asked.interval ?? DEFAULT_INTERVAL_S
  while (terminal.nowMs() < endsAtMs) {
    await terminal.pause(intervalS * 1000)
    terminal.signal.throwIfAborted()
    try {
      const answer = await oauth.deviceCodeGrantRequest(
        server,
        clientOf(login),
        oauth.None(),
        asked.device_code,
        optionsOf(terminal, login),
      )
      return tokensOf(terminal, await oauth.processDeviceCodeResponse(server, clientOf(login), answer))
    } catch (error) {
      const code = error instanceof oauth.ResponseBodyError ? error.error : undefined
      if (isAway(error)) intervalS *= 2
      else if (code === 'slow_down') intervalS += SLOW_DOWN_S
      else if (code === 'access_denied')
        throw new CliError('The sign-in was declined. Nothing was kept.', EXIT.login)
      else if (code === 'expired_token') break
      else if (code !== 'authorization_pending') throw told(login, error)
    }
  }
  throw new CliError('Nobody entered the code in time. Start again with: flow-vault login', EXIT.login)
}

async function discover(terminal: Terminal, login: IssuerLogin): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(login.issuer)
  return tell(login, async () =>
    oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, optionsOf(terminal, login))),
  )
}

function clientOf({ clientId }: IssuerLogin): oauth.Client {
  return { client_id: clientId }
}

/** Plain http is for an issuer on this machine, and never leaves it. */
function optionsOf(terminal: Terminal, { issuer }: IssuerLogin) {
  return {
    [oauth.customFetch]: terminal.fetch,
    [oauth.allowInsecureRequests]: isLoopback(issuer),
    signal: AbortSignal.any([terminal.signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }
}

function isLoopback(issuer: string): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(new URL(issuer).hostname)
}

function tokensOf(
  terminal: Terminal,
  { access_token, refresh_token, expires_in = ASSUMED_LIFE_S }: Partial<oauth.TokenEndpointResponse>,
): PersonTokens {
  return {
    access_token: access_token!,
    expires_at: new Date(terminal.nowMs() + expires_in * 1000).toISOString(),
    ...(refresh_token === undefined ? {} : { refresh_token }),
  }
}

async function tell<T>(login: IssuerLogin, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw told(login, error)
  }
}

/** The issuer's own words where it has any; the library's errors hold whole answers, tokens included. */
function told({ issuer, clientId }: IssuerLogin, error: unknown): unknown {
  if (error instanceof oauth.ResponseBodyError && error.status < 500) {
    const why = [error.error, error.error_description].filter((word) => word !== undefined).join(': ')
    return new CliError(`${issuer} refused the client ${clientId}: ${why}.`, EXIT.login)
  }
  if (error instanceof oauth.OperationProcessingError && !isAway(error))
    return new CliError(`${issuer} answered what no OpenID issuer answers (${error.code}).`, EXIT.login)
  return isAway(error) ? new CliError(`No issuer answers at ${issuer}.`, EXIT.unavailable) : error
}

/** A 5xx, with whatever body, and what `fetch` throws, which is told by its name: no connection, or a timeout. */
function isAway(error: unknown): boolean {
  if (error instanceof oauth.ResponseBodyError) return error.status >= 500
  if (error instanceof oauth.OperationProcessingError)
    return ((error.cause as { status?: number } | undefined)?.status ?? 0) >= 500
  const name = typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined
  return name === 'TypeError' || name === 'TimeoutError'
}
