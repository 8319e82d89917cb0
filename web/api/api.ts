import { errorOf, noAnswer } from './api-error.ts'
import type { Connection, Connector } from './types.ts'

/** How long an answer may take; the API's own limit is 30 s. */
const TIMEOUT_MS = 35_000
const ROOT = '/api/v2/flows/vault'

/** What a request carries beside its path. */
export interface Asked {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The API of one vault, as one caller. */
export class Api {
  readonly #base: string
  readonly #token: (options: { renew: boolean }) => Promise<string>
  #connectors: Promise<readonly Connector[]> | undefined

  /** `token` is asked once a request, and once more with `renew` when the vault took it for none. */
  constructor(options: { base: string; token(options: { renew: boolean }): Promise<string> }) {
    this.#base = options.base
    this.#token = options.token
  }

  /** The body of a successful answer. Throws `ApiError`. */
  async ask<T>(method: string, path: string, asked: Asked = {}): Promise<T> {
    let response = await this.#send(method, path, asked, { renew: false })
    if (response.status === 401) response = await this.#send(method, path, asked, { renew: true })
    if (!response.ok) throw await errorOf(response)
    return (response.status === 204 ? undefined : await response.json().catch(() => undefined)) as T
  }

  /** The connection as it stands now, with everything that may be told of it. Throws `ApiError`. */
  connection(id: string): Promise<Connection> {
    return this.ask('GET', `/connections/${encodeURIComponent(id)}?view=full`)
  }

  /** All apps; asked for once. */
  connectors(): Promise<readonly Connector[]> {
    this.#connectors ??= this.ask<readonly Connector[]>('GET', '/connectors').catch((error: unknown) => {
      this.#connectors = undefined
      throw error
    })
    return this.#connectors
  }

  async #send(method: string, path: string, asked: Asked, token: { renew: boolean }): Promise<Response> {
    const bearer = await this.#token(token)
    const timeout = AbortSignal.timeout(TIMEOUT_MS)
    try {
      return await fetch(`${this.#base}${ROOT}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...asked.headers,
        },
        ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
        signal: asked.signal === undefined ? timeout : AbortSignal.any([asked.signal, timeout]),
        credentials: 'omit',
        cache: 'no-store',
      })
    } catch (error) {
      if (asked.signal?.aborted) throw error
      throw noAnswer()
    }
  }
}

/** A query string without its empty members; lists are joined with a comma. */
export function queryOf(
  members: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(members)) {
    const text = Array.isArray(value) ? value.join(',') : value
    if (text !== undefined && text !== '' && text !== false) query.set(name, String(text))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
