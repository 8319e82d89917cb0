import { readFile } from 'node:fs/promises'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { METRICS, type MetricName, metricOf } from '../../shared/domain/metric-names.ts'
import { fetchTrusting } from '../support/private-fetch.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

const PATH = '/metrics'
const READER = { tenant: 'acme', scopes: ['read:flows_vault_events'] }
/** Where a scrape finds what a loop or the queue does a moment later. */
const WITHIN_MS = 10_000

/** The scraped value of a sample, by its full name with labels; 0 when it is not there. */
function sampleIn(text: string, sample: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `))
  return line === undefined ? 0 : Number(line.slice(sample.length))
}

describe('GET /metrics of a vault at work', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider({ accessTokenSeconds: 3600 })
  })
  afterAll(() => world.close())
  const scrape = async () => (await fetch(`${world.vault.url}${PATH}`)).text()
  /** What `act` adds to the samples; scraped again until `expected` is reached or time is over. */
  async function addedBy(
    act: () => Promise<unknown>,
    expected: Readonly<Record<string, number>>,
  ): Promise<Record<string, number>> {
    const before = await scrape()
    await act()
    const clock = new SystemClock()
    const untilMs = clock.monotonicMs() + WITHIN_MS
    for (;;) {
      const after = await scrape()
      const added = Object.fromEntries(
        Object.keys(expected).map((sample) => [sample, sampleIn(after, sample) - sampleIn(before, sample)]),
      )
      const isThere = Object.entries(expected).every(([sample, value]) => added[sample] === value)
      if (isThere || clock.monotonicMs() > untilMs) return added
      await clock.sleep(50)
    }
  }
  const machine = () => world.create({ name: 'Orders', app_id: 'OAUTH2', setup: world.machineSetup() })

  it('counts a token request by app and outcome, and times it', async () => {
    const expected = {
      'flow_vault_token_requests_total{app="OAUTH2",outcome="granted"}': 1,
      'flow_vault_token_request_duration_seconds_count{app="OAUTH2"}': 1,
      'flow_vault_http_requests_total{route="create-connection",status="2xx"}': 1,
      'flow_vault_http_request_duration_seconds_count{route="create-connection",status="2xx"}': 1,
    }
    expect(await addedBy(machine, expected)).toEqual(expected)
  })

  it('counts fetches by what came of them, and lookups of secrets', async () => {
    const { id } = (await machine()).body
    const empty = (await world.create({ name: 'Empty', app_id: 'HTTP' })).body.id
    const { headers } = await world.fetchCredential(id)
    const expected = {
      'flow_vault_fetches_total{outcome="served"}': 1,
      'flow_vault_fetches_total{outcome="not-modified"}': 1,
      'flow_vault_fetches_total{outcome="connection-empty"}': 1,
      'flow_vault_fetches_total{outcome="not-found"}': 1,
      'flow_vault_fetch_duration_seconds_count{outcome="served"}': 1,
      'flow_vault_http_requests_total{route="fetch-credential",status="4xx"}': 2,
      'flow_vault_secret_lookups_total{outcome="hit"}': 1,
      'flow_vault_secret_lookups_total{outcome="miss"}': 0,
    }
    const fetches = async () => {
      await world.fetchCredential(id)
      await world.fetchCredential(id, '', { 'if-none-match': headers.get('etag') ?? '' })
      await world.fetchCredential(empty)
      await world.fetchCredential('ac_unknown0000000000000')
    }
    expect(await addedBy(fetches, expected)).toEqual(expected)
  })

  it('counts rotations by cause and outcome, a failure by its class', async () => {
    const manual = (await machine()).body.id
    const rotated = { 'flow_vault_rotations_total{cause="manual",outcome="rotated"}': 1 }
    const rotate = () => world.call('POST', `/api/v2/flows/vault/connections/${manual}/rotate`)
    expect(await addedBy(rotate, rotated)).toEqual(rotated)

    world.provider.setFault('status-503-retry-after', 1)
    const failed = { 'flow_vault_rotations_total{cause="manual",outcome="passing"}': 1 }
    expect(await addedBy(rotate, failed)).toEqual(failed)
  })

  it('shows an application that fails as an open breaker, until it answers', async () => {
    const { id } = (await machine()).body
    const rotate = () => world.call('POST', `/api/v2/flows/vault/connections/${id}/rotate`)
    const fail = async () => {
      world.provider.setFault('status-503-retry-after', 5)
      for (let time = 0; time < 5; time++) await rotate()
    }
    const opened = { 'flow_vault_breakers_open{kind="application"}': 1 }
    expect(await addedBy(fail, opened)).toEqual(opened)
    const closed = { 'flow_vault_breakers_open{kind="application"}': -1 }
    expect(await addedBy(rotate, closed)).toEqual(closed)
  })

  it('counts the runs of its loops, and shows how things stand', async () => {
    const text = await scrape()
    expect(sampleIn(text, 'flow_vault_loop_runs_total{loop="sweep",outcome="done"}')).toBeGreaterThan(0)
    expect(sampleIn(text, 'flow_vault_sweeps_total{outcome="complete"}')).toBeGreaterThan(0)
    expect(text).toMatch(/^flow_vault_oldest_due_seconds [\d.]+$/m)
    expect(text).toMatch(/^flow_vault_work_queue_depth \d+$/m)
    expect(text).toMatch(/^flow_vault_freezes_seen \d+$/m)
    expect(text).toMatch(/^flow_vault_secret_write_budget_use_ratio{operation="put"} 0$/m)
    for (const kind of ['application', 'host'])
      expect(text).toContain(`flow_vault_breakers_open{kind="${kind}"}`)
  })

  it('names no tenant, no connection and no client', async () => {
    const { id } = (await machine()).body
    await world.fetchCredential(id)
    const text = await scrape()
    for (const word of ['acme', id, world.provider.clients.machine.id]) expect(text).not.toContain(word)
    for (const name of Object.keys(METRICS) as MetricName[]) {
      expect(metricOf(name).dimensions).not.toContain('tenant')
    }
  })
})

describe('who may read /metrics', () => {
  const vaults: RunningVault[] = []
  afterAll(async () => {
    for (const vault of vaults) await vault.stop()
  })
  async function vaultWith(env: Readonly<Record<string, string>>): Promise<RunningVault> {
    const vault = await startRunningVault({ env })
    vaults.push(vault)
    return vault
  }

  it('is anyone on this machine by the plain listener, and by TLS only who has the scope', async () => {
    const vault = await vaultWith({})
    const answer = await fetch(`${vault.url}${PATH}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const trusting = fetchTrusting(await readFile(vault.caPath, 'utf8'))
    const forged = { 'x-forwarded-proto': 'http' }
    expect((await trusting.fetch(`${vault.tlsUrl}${PATH}`, { headers: forged })).status).toBe(401)
    trusting.close()
  })

  it.each([
    ['the vault listens on every address', { HOST: '0.0.0.0' }],
    ['a proxy hands on requests from elsewhere', { FLOW_VAULT_PUBLIC_URL: 'https://vault.example.test' }],
  ])('is only who has the scope when %s', async (_when, env) => {
    const vault = await vaultWith(env)
    const url = vault.url.replace('0.0.0.0', '127.0.0.1')
    const forged = { 'x-forwarded-proto': 'http' }
    expect((await fetch(`${url}${PATH}`)).status).toBe(401)
    expect((await fetch(`${url}${PATH}`, { headers: forged })).status).toBe(401)
    const other = await vault.request(
      { tenant: 'acme', scopes: ['read:flows_vault_connections'] },
      'GET',
      PATH,
    )
    expect(other.status).toBe(403)
    const answer = await vault.request(READER, 'GET', PATH)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('# TYPE flow_vault_rotations_total counter')
  })
})
