import { type CredentialBody, isCredentialBody } from './credential.ts'
import { FlowVaultError, type FlowVaultErrorCode } from './flow-vault-error.ts'
import type { ClientSystem } from './system.ts'
import { ownToken, type TokenSource } from './token-source.ts'
import type { VaultAnswer, VaultRequest, VaultTransport } from './vault-transport.ts'

/** Tries after the first one, for what may pass by itself. */
const MAX_RETRIES = 2
const FIRST_PAUSE_MS = 200
/** A longer Retry-After is the caller's to keep: a flow's run is short, and the error says when. */
const MAX_PAUSE_MS = 2_000
/** A bare 500 is a fault that another try meets again. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])

export interface VaultCallsOptions {
  readonly transport: VaultTransport
  readonly token: TokenSource
  readonly system: ClientSystem
  readonly timeoutMs: number
  /** Sent with each call. */
  readonly headers: Readonly<Record<string, string>>
  /** The vault's own address, for the link in an error. */
  readonly url: string
}

export type FetchedBody =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'body'
      readonly body: CredentialBody
      readonly etag: string | undefined
      readonly bytes: number
    }

/** The three calls the client makes, each with its retries, as values and typed errors. */
export class VaultCalls {
  readonly #options: VaultCallsOptions

  constructor(options: VaultCallsOptions) {
    this.#options = options
  }

  async fetchCredential(
    id: string,
    ask: { minTtlSeconds: number; etag?: string | undefined; signal: AbortSignal },
  ): Promise<FetchedBody> {
    const answer = await this.#call(
      {
        method: 'GET',
        path: `${connectionPath(id)}/credentials?min_ttl=${ask.minTtlSeconds}`,
        headers: ask.etag === undefined ? {} : { 'if-none-match': ask.etag },
      },
      ask.signal,
    )
    if (answer.status === 304) return { kind: 'unchanged' }
    if (answer.status !== 200) throw this.#problem(answer, id)
    const body = jsonOf(answer)
    if (!isCredentialBody(body)) throw this.#strange(answer, id)
    return {
      kind: 'body',
      body,
      etag: answer.header('etag'),
      bytes: answer.body.length,
    }
  }

  /** Whether the vault has a newer version than the one the service refused. */
  async reportRejected(id: string, credentialVersion: number, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#call(
      {
        method: 'POST',
        path: `${connectionPath(id)}/credentials/rejected`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ credential_version: credentialVersion }),
      },
      signal,
    )
    if (answer.status !== 200) throw this.#problem(answer, id)
    return (jsonOf(answer) as { renewed?: unknown }).renewed === true
  }

  /** A page of the tenant's change feed, waiting up to `waitSeconds` for news where the vault can. */
  async readFeed(after: string | undefined, waitSeconds: number, signal: AbortSignal): Promise<VaultAnswer> {
    const query = new URLSearchParams({ limit: '100' })
    if (after !== undefined) query.set('after', after)
    if (waitSeconds > 0) query.set('wait', String(waitSeconds))
    const answer = await this.#call(
      { method: 'GET', path: `/api/v2/flows/vault/events?${query}`, headers: {} },
      signal,
      waitSeconds * 1000,
    )
    if (answer.status !== 200 && answer.status !== 410) throw this.#problem(answer)
    return answer
  }

  async #call(request: VaultRequest, signal: AbortSignal, extraMs = 0): Promise<VaultAnswer> {
    let rejected: string | undefined
    for (let retries = 0; ; ) {
      const outcome = await this.#tryOnce(request, signal, extraMs, rejected)
      if (!(outcome instanceof FlowVaultError)) {
        if (outcome.answer.status === 401 && rejected === undefined) {
          rejected = outcome.token
          continue
        }
        if (!PASSING_STATUSES.has(outcome.answer.status)) return outcome.answer
      }
      const waitMs = retries < MAX_RETRIES ? this.#pauseMs(outcome, retries) : undefined
      if (waitMs === undefined) {
        if (outcome instanceof FlowVaultError) throw outcome
        return outcome.answer
      }
      retries += 1
      await this.#options.system.pause(waitMs, signal)
    }
  }

  /** An answer, or the error when there was none; throws when the caller gave up or the client itself is refused. */
  async #tryOnce(
    request: VaultRequest,
    signal: AbortSignal,
    extraMs: number,
    rejected: string | undefined,
  ): Promise<{ answer: VaultAnswer; token: string } | FlowVaultError> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(this.#options.timeoutMs + extraMs)])
    try {
      const token = await ownToken(this.#options.token, limited, rejected)
      const headers = {
        accept: 'application/json',
        ...this.#options.headers,
        ...request.headers,
        authorization: `Bearer ${token}`,
      }
      return { answer: await this.#options.transport({ ...request, headers }, limited), token }
    } catch (cause) {
      if (signal.aborted) throw signal.reason
      if (FlowVaultError.is(cause)) {
        if (cause.retryable) return cause
        throw cause
      }
      return new FlowVaultError('vault_unavailable', `No answer from the vault at ${this.#options.url}.`, {
        cause,
      })
    }
  }

  /** How long to wait before the next try; undefined when the vault asks for more patience than a call has. */
  #pauseMs(outcome: FlowVaultError | { answer: VaultAnswer }, retries: number): number | undefined {
    const told = outcome instanceof FlowVaultError ? undefined : retryAfterMs(outcome.answer)
    if (told !== undefined) return told <= MAX_PAUSE_MS ? told : undefined
    return this.#options.system.random() * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** retries)
  }

  #problem(answer: VaultAnswer, id?: string): FlowVaultError {
    const body = jsonOf(answer) as { statusCode?: unknown; errorCode?: unknown; message?: unknown }
    const isVault = typeof body.statusCode === 'number' || typeof body.errorCode === 'string'
    if (!isVault && !PASSING_STATUSES.has(answer.status)) return this.#strange(answer, id)
    const code = codeOf(answer.status, body.errorCode)
    const message = typeof body.message === 'string' ? body.message : `The vault answered ${answer.status}.`
    const wait = retryAfterMs(answer)
    const requestId = answer.header('x-request-id')
    return new FlowVaultError(code, id === undefined ? message : `${id}: ${message}`, {
      status: answer.status,
      ...(requestId === undefined ? {} : { requestId }),
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
      ...(id === undefined
        ? {}
        : { connectionId: id, link: `${this.#options.url}/vault/connections/${encodeURIComponent(id)}` }),
    })
  }

  /** What stands in front of the vault, or in its place, has answered: that ends nothing of what is held. */
  #strange({ status }: VaultAnswer, id?: string): FlowVaultError {
    const { url } = this.#options
    const message = `${url} answered ${status}, and not as a vault does. Is that the vault's address?`
    const [said, about] = id === undefined ? [message, {}] : [`${id}: ${message}`, { connectionId: id }]
    return new FlowVaultError('vault_unavailable', said, { status, ...about })
  }
}

function connectionPath(id: string): string {
  return `/api/v2/flows/vault/connections/${encodeURIComponent(id)}`
}

const CONFLICT_CODES: ReadonlySet<string> = new Set([
  'connection_empty',
  'authorization_pending',
  'reauthorization_required',
  'connection_frozen',
])

function codeOf(status: number, errorCode: unknown): FlowVaultErrorCode {
  if (typeof errorCode === 'string' && CONFLICT_CODES.has(errorCode)) return errorCode as FlowVaultErrorCode
  if (errorCode === 'credential_unavailable' || errorCode === 'provider_unavailable')
    return 'credential_unavailable'
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'insufficient_scope'
  if (status === 404) return 'connection_not_found'
  return PASSING_STATUSES.has(status) || status >= 500 ? 'vault_unavailable' : 'invalid_request'
}

function retryAfterMs(answer: VaultAnswer): number | undefined {
  const seconds = Number(answer.header('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

function jsonOf(answer: VaultAnswer): object {
  try {
    const value: unknown = JSON.parse(answer.body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
