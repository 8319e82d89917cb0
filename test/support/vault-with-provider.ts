import { createServer } from 'node:net'
import { type AuthorizationServerOptions, startAuthorizationServer } from './authorization-server.ts'
import { type GrantCalls, grantCalls } from './grant-calls.ts'
import { type LoopbackCertificate, trustedLoopbackCertificate } from './loopback-tls.ts'
import { MovableClock } from './movable-clock.ts'
import { type RunningVault, startRunningVault } from './running-vault.ts'
import { fetchToken } from './vault-token.ts'

/** A vault in this process beside a real authorization server over TLS, and the calls that tests make of it. */
export interface VaultWithProvider extends GrantCalls {
  readonly vault: RunningVault
  readonly clock: MovableClock
  readonly certificate: LoopbackCertificate
  /** `127.0.0.1:<port>` that nothing listens on, and that the vault may call. */
  readonly nowhere: string
  close(): Promise<void>
}

/** Path of the OAuth applications. */
export const OAUTH_APPS = '/api/v2/flows/vault/oauth-apps'
const TENANT = 'acme'
const TOKEN_USED_MS = 30 * 60_000

/** Starts both. `also` are more `host:port`s the vault may call; `env` more settings of the vault. */
export async function startVaultWithProvider(
  options: AuthorizationServerOptions & {
    readonly also?: readonly string[]
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<VaultWithProvider> {
  const { also = [], env = {}, ...serverOptions } = options
  const certificate = await trustedLoopbackCertificate()
  const provider = await startAuthorizationServer({ ...serverOptions, tls: certificate })
  const nowhere = `127.0.0.1:${await unusedPort()}`
  const clock = new MovableClock()
  const vault = await startRunningVault({
    clock,
    env: { FLOW_VAULT_ALLOW_HOSTS: [provider.host, nowhere, ...also].join(','), ...env },
  })

  const tokens = new Map<string, { token: Promise<string>; untilMs: number }>()
  /** The vault's own tokens live an hour of the clock that tests move on. */
  function tokenOf(tenant: string): Promise<string> {
    const known = tokens.get(tenant)
    if (known !== undefined && known.untilMs > clock.nowMs()) return known.token
    const token = fetchToken(vault.url, vault.client({ tenant }))
    tokens.set(tenant, { token, untilMs: clock.nowMs() + TOKEN_USED_MS })
    return token
  }
  return {
    vault,
    clock,
    certificate,
    nowhere,
    ...grantCalls({ baseUrl: vault.url, fetch, tenant: TENANT, provider, token: tokenOf }),
    async close() {
      await vault.stop()
      await provider.close()
    },
  }
}

async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
