import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ClientRegistry } from '../../infra/embedded/issuer/client-registry.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from './authorization-server.ts'
import { trustedLoopbackCertificate } from './loopback-tls.ts'
import { spawnVaultWorker, type VaultWorker, WORKER_AUDIENCE, type WorkerOptions } from './spawned-worker.ts'
import { fetchToken } from './vault-token.ts'

/** What one of the two answered, and when it was asked, in epoch ms of the test's own clock. */
export interface AskedAnswer {
  readonly status: number
  readonly askedAtMs: number
  readonly retryAfter: string | null
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  readonly body: any
}

/** Two vaults in processes of their own over one database, beside real authorization servers over TLS. */
export interface TwoVaults {
  readonly providers: readonly AuthorizationServer[]
  /** 0 and 1. */
  worker(index: number): VaultWorker
  /** Kills one with `kill -9` and puts another in its place. */
  replace(index: number): Promise<void>
  /** Moves the calendar of both. */
  moveOn(ms: number): Promise<void>
  request(worker: number, method: string, pathAndQuery: string, body?: object): Promise<AskedAnswer>
  fetchFrom(worker: number, id: string, query?: string): Promise<AskedAnswer>
  /** The connection with `?view=full`, as one of the two tells it. */
  view(worker: number, id: string): Promise<AskedAnswer['body']>
  /** A connection with a grant of its own, by a code that was obtained elsewhere, at the first provider or another. */
  connect(account: string, provider?: AuthorizationServer): Promise<string>
  close(): Promise<void>
}

const CONNECTIONS = '/api/v2/flows/vault/connections'

/** Starts both, and one authorization server for each of the options given. */
export async function startTwoVaults(
  ...providerOptions: readonly AuthorizationServerOptions[]
): Promise<TwoVaults> {
  const certificate = await trustedLoopbackCertificate()
  const providers = await Promise.all(
    providerOptions.map((options) => startAuthorizationServer({ ...options, tls: certificate })),
  )
  const folder = await mkdtemp(path.join(tmpdir(), 'flow-vault-two-'))
  const authorityPath = path.join(folder, 'provider-ca.pem')
  await writeFile(authorityPath, certificate.authority)
  const options: WorkerOptions = { folder, allowHosts: providers.map(({ host }) => host), authorityPath }
  const workers = [await spawnVaultWorker(options)]
  workers.push(await spawnVaultWorker(options))
  const client = addClient(folder)
  const newToken = () => fetchToken(workers[0]!.url, client)
  let token = await newToken()

  const request: TwoVaults['request'] = async (worker, method, pathAndQuery, body) => {
    const askedAtMs = Date.now()
    const response = await fetch(`${workers[worker]!.url}${pathAndQuery}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const { status, headers } = response
    return { status, askedAtMs, retryAfter: headers.get('retry-after'), body: await response.json() }
  }
  return {
    providers,
    worker: (index) => workers[index]!,
    async replace(index) {
      await workers[index]!.kill()
      workers[index] = await spawnVaultWorker(options)
    },
    async moveOn(ms) {
      for (const worker of workers) await worker.moveOn(ms)
      // The old one may be over by now.
      token = await newToken()
    },
    request,
    fetchFrom: (worker, id, query = '') => request(worker, 'GET', `${CONNECTIONS}/${id}/credentials${query}`),
    view: async (worker, id) => (await request(worker, 'GET', `${CONNECTIONS}/${id}?view=full`)).body,
    async connect(account, provider = providers[0]!) {
      const setup = await setupWithCode(provider, account)
      const { status, body } = await request(0, 'POST', CONNECTIONS, {
        name: account,
        app_id: 'OAUTH2',
        setup,
      })
      if (status !== 201) throw new Error(`create answered ${status} ${body.message}`)
      return body.id
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()))
      await Promise.all(providers.map((provider) => provider.close()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** How often each refresh token was sent to the provider. */
export function timesSent(provider: AuthorizationServer): number[] {
  const sent = provider.tokenRequests.map(({ refreshToken }) => refreshToken)
  return [...new Set(sent.filter((text) => text !== undefined))].map((text) => provider.requestsWith(text))
}

/** A client of the issuer that both share. */
function addClient(folder: string): Parameters<typeof fetchToken>[1] {
  const ports = { clock: new SystemClock(), random: new SystemRandom() }
  const { client, secret } = ClientRegistry.open(path.join(folder, 'clients.json'), ports).add({
    name: 'test',
    tenant: 'acme',
    scopes: ALL_SCOPES,
  })
  return { clientId: client.client_id, clientSecret: secret.reveal(), audience: WORKER_AUDIENCE }
}

async function setupWithCode(
  provider: AuthorizationServer,
  account: string,
): Promise<Record<string, string>> {
  const { id: client_id, secret: client_secret } = provider.clients.webBasic
  const redirect_uri = 'http://127.0.0.1:1/callback'
  const url = new URL(provider.authorizationUrl)
  const query = { response_type: 'code', client_id, redirect_uri, scope: 'read write', state: 'elsewhere' }
  url.search = new URLSearchParams(query).toString()
  const code = (await provider.consent(url.href, { account })).searchParams.get('code') ?? ''
  return {
    type: 'AUTHORIZATION_CODE',
    client_id,
    client_secret,
    authorization_url: provider.authorizationUrl,
    token_url: provider.tokenUrl,
    code,
    redirect_uri,
  }
}
