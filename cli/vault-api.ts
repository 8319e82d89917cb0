import { CliError, EXIT, type ExitCode } from './cli-error.ts'
import { type IssuerLogin, isUsable, renewTokens } from './device-login.ts'
import { type ChosenVault, keepTokens, readProfiles } from './profiles.ts'
import type { Terminal } from './terminal.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Below `/api/v2/flows/vault`, parts already encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Goes as JSON, which leaves out members that are undefined. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A held request of the feed takes 20 s; anything longer means that something is wrong on the way. */
const TIMEOUT_MS = 60_000
const BASE = '/api/v2/flows/vault'

/** The management API as a person's or script's client: one token a command, errors as sentences with an exit code. */
export class VaultApi {
  readonly vault: ChosenVault
  readonly #terminal: Terminal
  #token: string | undefined
  #hasChanged = false

  constructor(terminal: Terminal, vault: ChosenVault) {
    this.#terminal = terminal
    this.vault = vault
    this.#token = vault.token
  }

  /** Whether the vault has done something by now: what fails after that is no wrong use that changed nothing. */
  get hasChanged(): boolean {
    return this.#hasChanged
  }

  /** The parsed answer; undefined for one without a body. Throws `CliError` for every other status than 2xx. */
  async call(request: ApiRequest): Promise<unknown> {
    return (await this.answer(request)).body
  }

  /** The same with the answer's headers. */
  async answer(request: ApiRequest): Promise<{ readonly body: unknown; readonly headers: Headers }> {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) query.set(name, String(value))
    const search = query.size === 0 ? '' : `?${query}`
    const answer = await this.#send(`${this.vault.url}${BASE}${request.path}${search}`, {
      method: request.method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${await this.token()}`,
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const text = await answer.text()
    const body = parsed(text)
    const isTrial = request.method === 'GET' || request.query?.['dry_run'] === true
    if (answer.ok && !isTrial) this.#hasChanged = true
    if (answer.ok) return { body: text === '' ? undefined : body, headers: answer.headers }
    throw refusal(answer, body, this.vault)
  }

  /** A bearer token for this vault, from the environment or by the profile's client. */
  async token(): Promise<string> {
    this.#token ??= await this.#requestToken()
    return this.#token
  }

  async #requestToken(): Promise<string> {
    const { client_id: clientId, client_secret: clientSecret, issuer, url, from } = this.vault
    if (issuer !== undefined && clientId !== undefined && clientSecret === undefined)
      return this.#personToken({ issuer, clientId })
    if (clientId === undefined || clientSecret === undefined)
      throw new CliError(
        `Nothing says as whom to call ${url} (${from}). Sign in with: flow-vault login --url ${url}. Scripts set FLOW_VAULT_CLIENT_ID and FLOW_VAULT_CLIENT_SECRET, or FLOW_VAULT_TOKEN.`,
        EXIT.login,
      )
    const answer = await this.#send(this.vault.token_url ?? `${url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        audience: this.vault.audience ?? `${url}/api/v2/`,
      }),
    })
    const body = parsed(await answer.text()) as Record<string, unknown> | undefined
    if (answer.ok && typeof body?.['access_token'] === 'string') return body['access_token']
    if (answer.status >= 500 || answer.status === 429)
      throw new CliError(`The token endpoint answered ${answer.status}. Try again.`, EXIT.unavailable, body)
    const why = body?.['error_description'] ?? body?.['error'] ?? `status ${answer.status}`
    throw new CliError(
      `The vault at ${url} (${from}) refused the client ${clientId}: ${String(why).replace(/\.$/, '')}.`,
      EXIT.login,
      body,
    )
  }

  /** The token of who signed in, renewed where it has ended: by this command, or by another one meanwhile. */
  async #personToken(login: IssuerLogin): Promise<string> {
    const { env } = this.#terminal
    const nowMs = this.#terminal.nowMs()
    const { profile: name = '', from, url } = this.vault
    const held = readProfiles(env).profiles[name]?.person ?? this.vault.person
    if (held !== undefined && isUsable(held, nowMs)) return held.access_token
    const refreshToken = held?.refresh_token
    const renewed =
      refreshToken === undefined ? undefined : await renewTokens(this.#terminal, login, refreshToken)
    if (renewed !== undefined) {
      keepTokens(env, name, renewed)
      return renewed.access_token
    }
    // A refresh token may be good for one renewal, and another command had it first.
    const other = readProfiles(env).profiles[name]?.person
    if (other !== undefined && isUsable(other, nowMs)) return other.access_token
    throw new CliError(
      `The sign-in of ${from} has ended. Sign in again with: flow-vault login --url ${url} --issuer ${login.issuer} --client-id ${login.clientId}`,
      EXIT.login,
    )
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.any([this.#terminal.signal, AbortSignal.timeout(TIMEOUT_MS)])
    try {
      return await this.#terminal.fetch(url, { ...init, redirect: 'manual', signal })
    } catch (error) {
      if (this.#terminal.signal.aborted) throw error
      throw new CliError(`No vault answers at ${this.vault.url} (${this.vault.from}).`, EXIT.unavailable)
    }
  }
}

function refusal(answer: Response, body: unknown, vault: ChosenVault): CliError {
  const { message, errorCode } = (body ?? {}) as { message?: unknown; errorCode?: unknown }
  const wait = answer.headers.get('retry-after')
  const sentence = typeof message === 'string' ? message : `${vault.url} answered ${answer.status}`
  const hint = wait === null ? '' : ` Try again in ${wait} s.`
  return new CliError(`${sentence}${hint}`, exitCodeOf(answer.status, errorCode), body)
}

function exitCodeOf(status: number, errorCode: unknown): ExitCode {
  if (status === 401 || status === 403) return EXIT.login
  if (status === 409 && /^(?:connection_|authorization_|reauthorization_)/.test(String(errorCode)))
    return EXIT.person
  if (status === 429 || status >= 500) return EXIT.unavailable
  return status >= 400 ? EXIT.usage : EXIT.failed
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
