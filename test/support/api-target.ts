import { randomBytes } from 'node:crypto'
import { ManagementClient } from 'auth0'
import type { RunningVault } from './running-vault.ts'

/** A vault as the end-to-end suites see it, wherever it runs. */
export interface ApiTarget {
  /** Scheme, host and port, without a trailing slash. */
  readonly baseUrl: string
  readonly fetch: typeof fetch
  /** A token for the tenant; every scope when none are named. */
  token(tenant: string, scopes?: readonly string[]): Promise<string>
  /** Called once, after the last test. */
  close(): Promise<void>
}

/** The vault in this process as a target; closing it stops the vault. */
export function targetOf(vault: RunningVault): ApiTarget {
  return {
    baseUrl: vault.url,
    fetch,
    token: (tenant, scopes) => vault.token(scopes === undefined ? { tenant } : { tenant, scopes }),
    close: () => vault.stop(),
  }
}

/** A tenant no test has used before, so that a deployed vault can be tested again and again. */
export function newTenant(): string {
  return `test-${randomBytes(6).toString('hex')}`
}

/** The official client's connections API. It only speaks https, so its `fetch` option takes it to the target. */
export function sdkConnections(
  target: ApiTarget,
  token: string,
): ManagementClient['flows']['vault']['connections'] {
  return new ManagementClient({ ...sdkTransport(target), token, maxRetries: 0 }).flows.vault.connections
}

/** The options that point the official client at the target. */
export function sdkTransport(target: ApiTarget): { domain: string; fetch: typeof fetch } {
  const domain = new URL(target.baseUrl).host
  return {
    domain,
    fetch: (url, init) => target.fetch(String(url).replace(`https://${domain}`, target.baseUrl), init),
  }
}

/** A plain request with a token: status, headers, and the body as JSON or undefined when there is none. */
export async function call(
  target: Pick<ApiTarget, 'baseUrl' | 'fetch'>,
  token: string,
  request: { method: string; path: string; body?: unknown; headers?: Record<string, string> },
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}`, ...request.headers }
  const init: RequestInit = { method: request.method, headers }
  if (request.body !== undefined) {
    headers['content-type'] ??= 'application/json'
    init.body = typeof request.body === 'string' ? request.body : JSON.stringify(request.body)
  }
  const response = await target.fetch(`${target.baseUrl}/api/v2/flows/vault${request.path}`, init)
  const text = await response.text()
  const body: unknown = text === '' ? undefined : JSON.parse(text)
  return { status: response.status, headers: response.headers, body }
}
