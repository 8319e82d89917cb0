import { CredentialFlight, untilAborted } from './credential-flight.ts'
import type { ElapsedClock } from './elapsed-clock.ts'
import { FlowVaultError } from './flow-vault-error.ts'

/** Hands out the client's own access token. `rejected` is the one that the vault has just refused. */
export type TokenSource = (options: { signal: AbortSignal; rejected?: string }) => Promise<string>

/** A token is renewed this long before its end, or a tenth of its life before, whichever is shorter. */
const MAX_RENEWAL_LEAD_MS = 60_000
/** Of an issuer that names no life, as Auth0's documents give for its Management API: a day; an hour is safe. */
const ASSUMED_LIFE_MS = 3_600_000

export interface ClientCredentialsOptions {
  readonly tokenUrl: string
  readonly audience: string
  readonly clientId: string
  readonly clientSecret: string
  readonly fetch: typeof fetch
  readonly clock: ElapsedClock
}

/** Tokens by client credentials (RFC 6749 section 4.4), kept in memory, asked for once however many wait. */
export function clientCredentialsTokens(options: ClientCredentialsOptions): TokenSource {
  let token = ''
  let renewAtMs = 0
  let flight: CredentialFlight<string> | undefined
  const ask = async (signal: AbortSignal): Promise<string> => {
    const askedAtMs = options.clock.nowMs()
    const answer = await requestToken(options, signal)
    const lifeMs = answer.lifeMs ?? ASSUMED_LIFE_MS
    token = answer.token
    renewAtMs = askedAtMs + lifeMs - Math.min(MAX_RENEWAL_LEAD_MS, lifeMs / 10)
    return token
  }
  return ({ signal, rejected }) => {
    if (token !== '' && token !== rejected && options.clock.nowMs() < renewAtMs) return Promise.resolve(token)
    // One request for all who wait, which ends when none of them does any more.
    if (flight === undefined || flight.abandoned) {
      const begun: CredentialFlight<string> = new CredentialFlight({ order: 0, minTtlMs: 0 }, (given) =>
        ask(given).finally(() => {
          if (flight === begun) flight = undefined
        }),
      )
      flight = begun
    }
    return flight.wait(signal)
  }
}

/** The client's own token, waited for no longer than the signal says, whether its source obeys that or not. */
export async function ownToken(
  source: TokenSource,
  signal: AbortSignal,
  rejected: string | undefined,
): Promise<string> {
  let token: unknown
  try {
    const asked = source({ signal, ...(rejected === undefined ? {} : { rejected }) })
    token = await untilAborted(signal, Promise.resolve(asked))
  } catch (cause) {
    if (FlowVaultError.is(cause)) throw cause
    const why = signal.aborted ? 'it did not come in time' : 'getToken failed'
    throw new FlowVaultError('vault_unavailable', `There is no token for the vault: ${why}.`, { cause })
  }
  if (typeof token === 'string' && token !== '') return token
  throw new FlowVaultError('unauthenticated', 'There is no token for the vault: getToken gave no text.')
}

async function requestToken(
  options: ClientCredentialsOptions,
  signal: AbortSignal,
): Promise<{ token: string; lifeMs?: number }> {
  let response: Response
  let text: string
  try {
    response = await options.fetch(options.tokenUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      redirect: 'manual',
      signal,
      body: JSON.stringify({
        grant_type: 'client_credentials',
        client_id: options.clientId,
        client_secret: options.clientSecret,
        audience: options.audience,
      }),
    })
    text = await response.text()
  } catch (cause) {
    throw new FlowVaultError('vault_unavailable', `No answer from the token endpoint ${options.tokenUrl}.`, {
      cause,
    })
  }
  if (response.status >= 500 || response.status === 429)
    throw new FlowVaultError('vault_unavailable', `The token endpoint answered ${response.status}.`, {
      status: response.status,
    })
  const answer = parsed(text)
  if (!response.ok || typeof answer['access_token'] !== 'string')
    throw new FlowVaultError('unauthenticated', refusalOf(response.status, answer), {
      status: response.status,
    })
  const life = Number(answer['expires_in'])
  return { token: answer['access_token'], ...(life > 0 ? { lifeMs: life * 1000 } : {}) }
}

function refusalOf(status: number, answer: Record<string, unknown>): string {
  const why = [answer['error'], answer['error_description']]
    .filter((part) => typeof part === 'string')
    .join(': ')
  return `The token endpoint refused the client (${status}${why === '' ? '' : `, ${why}`}). Check clientId and clientSecret.`
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
