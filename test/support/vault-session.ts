import { call } from './api-target.ts'
import type { RunningVault } from './running-vault.ts'
import { type ClientCredentials, fetchToken } from './vault-token.ts'

/** A JSON answer. */
export interface SessionAnswer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  readonly body: any
}

/** One client of a vault, which stays itself when its token has expired and it gets another. */
export class VaultSession {
  readonly #vault: RunningVault
  readonly #client: ClientCredentials
  #token = ''

  private constructor(vault: RunningVault, client: ClientCredentials) {
    this.#vault = vault
    this.#client = client
  }

  /** A new client of the tenant, with every scope, and its first token. */
  static async open(vault: RunningVault, tenant: string): Promise<VaultSession> {
    const session = new VaultSession(vault, vault.client({ tenant }))
    await session.renew()
    return session
  }

  /** Gets another token; tokens live an hour. */
  async renew(): Promise<void> {
    this.#token = await fetchToken(this.#vault.url, this.#client)
  }

  /** A request under `/api/v2/flows/vault`. */
  ask(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<SessionAnswer> {
    const target = { baseUrl: this.#vault.url, fetch }
    return call(target, this.#token, { method, path, ...options })
  }

  /** How many connections the tenant has. */
  async total(): Promise<number> {
    return (await this.ask('GET', '/connections?include_totals=true&per_page=1')).body.total
  }
}
