import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ClientRegistry } from '../../infra/embedded/issuer/client-registry.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { registration } from '../support/running-vault.ts'
import { fetchToken } from '../support/vault-token.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** The embedded server in a process of its own, whose log nobody reads. */
export interface ServedVault {
  readonly url: string
  /** Of the tenant that the first start makes a client for. */
  readonly token: string
  readonly readyMs: number
  readonly child: ChildProcess
  /** Of a new client of this tenant. */
  tokenOf(tenant: string): Promise<string>
}

/** Starts it over a data folder, on a free port. */
export async function serveVault(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServedVault> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'infra/embedded/main.ts'], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', TLS_PORT: '0', FLOW_VAULT_DATA: folder, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let printed = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(printed)))
    child.stderr.on('data', (chunk) => {
      printed += chunk
      const found = /API\s+(http:\/\/[^/]+)\//.exec(printed)
      if (found !== null) resolve(found[1]!)
    })
  })
  const readyMs = performance.now() - startedAtMs
  const audience = `${url}/api/v2/`
  const dev = JSON.parse(readFileSync(path.join(folder, 'dev.json'), 'utf8'))
  const token = await fetchToken(url, {
    clientId: dev.client_id,
    clientSecret: dev.client_secret,
    audience,
  })
  const tokenOf = async (tenant: string): Promise<string> => {
    const ports = { clock: new SystemClock(), random: new SystemRandom() }
    const registry = ClientRegistry.open(path.join(folder, 'clients.json'), ports)
    const { client, secret } = registry.add(registration({ tenant }))
    return fetchToken(url, { clientId: client.client_id, clientSecret: secret.reveal(), audience })
  }
  return { url, token, readyMs, child, tokenOf }
}

/** Ends it as an operator does. */
export async function stopVault({ child }: ServedVault): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

const SEED_CONCURRENCY = 64

/** Makes connections with a setup, so many. */
export async function seedConnections(
  { url }: Pick<ServedVault, 'url'>,
  token: string,
  count: number,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await createConnection(url, token, connectionBody(next++))
  }
  await Promise.all(Array.from({ length: SEED_CONCURRENCY }, worker))
}

/** A connection's body that differs from the others'. */
export function connectionBody(index: number): string {
  return JSON.stringify({
    name: `bench ${index}`,
    app_id: 'HTTP',
    setup: { type: 'BEARER', token: `bench-token-${String(index).padStart(12, '0')}` },
  })
}

/** Makes one, and answers its id. */
export async function createConnection(url: string, token: string, body: string): Promise<string> {
  const answer = await fetch(`${url}/api/v2/flows/vault/connections`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
  })
  if (answer.status !== 201) throw new Error(`create answered ${answer.status}`)
  return ((await answer.json()) as { id: string }).id
}
