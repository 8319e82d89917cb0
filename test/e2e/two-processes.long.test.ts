import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ClientRegistry } from '../../infra/embedded/client-registry.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import {
  spawnVaultWorker,
  type VaultWorker,
  WORKER_AUDIENCE,
  type WorkerOptions,
} from '../support/spawned-worker.ts'
import { fetchToken } from '../support/vault-token.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const MINUTE_MS = 60_000
const SHORT_LIFE_S = 20
const GRANTS = 200
const LOAD_MS = 2 * MINUTE_MS
const FLOWS_A_PROCESS = 8

interface Fetched {
  readonly status: number
  readonly askedAtMs: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  readonly body: any
}

describe('two processes over one database', () => {
  let provider: AuthorizationServer
  let folder: string
  let options: WorkerOptions
  let workers: VaultWorker[] = []
  let token: string

  async function start(accessTokenSeconds: number): Promise<void> {
    const certificate = await trustedLoopbackCertificate()
    provider = await startAuthorizationServer({ accessTokenSeconds, tls: certificate })
    folder = await mkdtemp(path.join(tmpdir(), 'flow-vault-two-'))
    const authorityPath = path.join(folder, 'provider-ca.pem')
    await writeFile(authorityPath, certificate.authority)
    options = { folder, allowHosts: [provider.host], authorityPath }
    workers = [await spawnVaultWorker(options)]
    workers.push(await spawnVaultWorker(options))
    const ports = { clock: new SystemClock(), random: new SystemRandom() }
    const { client, secret } = ClientRegistry.open(path.join(folder, 'clients.json'), ports).add({
      name: 'test',
      tenant: 'acme',
      scopes: ALL_SCOPES,
    })
    token = await fetchToken(workers[0]!.url, {
      clientId: client.client_id,
      clientSecret: secret.reveal(),
      audience: WORKER_AUDIENCE,
    })
  }
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.close()))
    await provider.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function request(
    worker: number,
    method: string,
    pathAndQuery: string,
    body?: object,
  ): Promise<Fetched> {
    const askedAtMs = Date.now()
    const response = await fetch(`${workers[worker]!.url}${pathAndQuery}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, askedAtMs, body: await response.json() }
  }
  const fetchFrom = (worker: number, id: string, query = '') =>
    request(worker, 'GET', `${CONNECTIONS}/${id}/credentials${query}`)

  /** A connection with a grant of its own, by a code that was obtained elsewhere. */
  async function connect(account: string): Promise<string> {
    const { id: client_id, secret: client_secret } = provider.clients.webBasic
    const redirect_uri = 'http://127.0.0.1:1/callback'
    const url = new URL(provider.authorizationUrl)
    const query = { response_type: 'code', client_id, redirect_uri, scope: 'read write', state: 'elsewhere' }
    url.search = new URLSearchParams(query).toString()
    const code = (await provider.consent(url.href, { account })).searchParams.get('code')
    const setup = {
      type: 'AUTHORIZATION_CODE',
      client_id,
      client_secret,
      authorization_url: provider.authorizationUrl,
      token_url: provider.tokenUrl,
      code,
      redirect_uri,
    }
    const { status, body } = await request(0, 'POST', CONNECTIONS, { name: account, app_id: 'OAUTH2', setup })
    if (status !== 201) throw new Error(`create answered ${status} ${body.message}`)
    return body.id
  }
  const timesSent = (): number[] => {
    const sent = provider.tokenRequests.map(({ refreshToken }) => refreshToken)
    return [...new Set(sent.filter((text) => text !== undefined))].map((text) => provider.requestsWith(text))
  }

  it('renews an expired grant once for fifty fetches from both, and answers all of them', async () => {
    await start(3600)
    const id = await connect('alice')
    const old = (await fetchFrom(0, id)).body
    for (const worker of workers) await worker.moveOn(61 * MINUTE_MS)
    provider.setDelayMs(300)
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => fetchFrom(index % 2, id)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
    const tokens = new Set(answers.map(({ body }) => body.fields.access_token))
    expect(tokens.size).toBe(1)
    expect(tokens.has(old.fields.access_token)).toBe(false)
    expect(timesSent()).toEqual([1])
    await expect(provider.isActive([...tokens][0])).resolves.toBe(true)
  })

  it('serves what is left of the old token in both while the provider answers 503', async () => {
    await start(3600)
    const id = await connect('alice')
    const old = (await fetchFrom(0, id)).body
    for (const worker of workers) await worker.moveOn(56 * MINUTE_MS)
    provider.setFault('status-503-retry-after')
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => fetchFrom(index % 2, id, '?min_ttl=600')),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
    expect(new Set(answers.map(({ body }) => body.fields.access_token))).toEqual(
      new Set([old.fields.access_token]),
    )
    expect(timesSent()).toEqual([1])
    provider.setFault(undefined)
    for (const worker of workers) await worker.moveOn(10 * MINUTE_MS)
    const renewed = await Promise.all([fetchFrom(0, id), fetchFrom(1, id)])
    expect(renewed.map(({ status }) => status)).toEqual([200, 200])
  })

  it('hands out no expired token and loses no grant while one of them is killed again and again', async () => {
    await start(SHORT_LIFE_S)
    const ids: string[] = []
    for (let i = 0; i < GRANTS; i += 1) ids.push(await connect(`person-${i}`))
    provider.setDelayMs(40)
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
    const random = lehmer(seed)
    const endsAtMs = Date.now() + LOAD_MS
    const answers: Fetched[] = []
    let kills = 0
    let broken = 0

    const flow = async (worker: number): Promise<void> => {
      while (Date.now() < endsAtMs) {
        const id = ids[Math.floor(random() * ids.length)]!
        try {
          answers.push(await fetchFrom(worker, id, '?min_ttl=5'))
        } catch {
          // The process was killed while it answered, or is not up again yet.
          broken += 1
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    }
    const killer = async (): Promise<void> => {
      while (Date.now() < endsAtMs - 10_000) {
        await new Promise((resolve) => setTimeout(resolve, 2_000 + random() * 4_000))
        await workers[1]!.kill()
        kills += 1
        workers[1] = await spawnVaultWorker(options)
      }
    }
    const flows = [0, 1].flatMap((worker) => Array.from({ length: FLOWS_A_PROCESS }, () => flow(worker)))
    await Promise.all([...flows, killer()])

    const good = answers.filter(({ status }) => status === 200)
    const refused = answers.filter(({ status }) => status !== 200)
    const expired = good.filter(({ askedAtMs, body }) => Date.parse(body.expires_at) <= askedAtMs)
    const states = await Promise.all(ids.map((id) => request(0, 'GET', `${CONNECTIONS}/${id}?view=full`)))
    const dead = states.filter(({ body }) => body.status === 'reauthorization_required')
    const interrupted = states.filter(({ body }) => body.status !== 'ready')
    const renewals = provider.tokenRequests.filter(({ refreshToken }) => refreshToken !== undefined)
    process.stdout.write(
      `seed ${seed}: ${kills} kills, ${good.length} good answers, ${refused.length} refused, ${broken} broken off, ${renewals.length} renewals, ${interrupted.length} of ${GRANTS} grants interrupted\n`,
    )
    expect(kills).toBeGreaterThan(10)
    expect(renewals.length).toBeGreaterThan(GRANTS)
    expect(expired).toEqual([])
    expect(dead).toEqual([])
    expect(Math.max(...timesSent())).toBe(1)
    expect(provider.tokenRequests.some(({ overlapped }) => overlapped)).toBe(false)
    // Only the grants whose rotation a kill cut off have no token for a while, and they say when to come back.
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set(refused.length === 0 ? [] : [503]))
    expect(interrupted.length).toBeLessThan(GRANTS / 4)
  })
})

/** A sequence of numbers in [0, 1) that a seed repeats (Lehmer's generator, Park and Miller's constants). */
function lehmer(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return (state - 1) / 2_147_483_646
  }
}
