import { allRoutes } from '../../functions/route-table.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { type Caller, type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { itemsOfTenant } from '../support/stored-items.ts'

const BASE = '/api/v2/flows/vault'
const A: Caller = { tenant: 'alpha' }
const B: Caller = { tenant: 'bravo' }
const B_SECRET = 'bravo-canary-0123456789'

let vault: RunningVault
let ofB: Readonly<Record<'connection' | 'deleted' | 'application' | 'freeze' | 'subscription', string>>

beforeAll(async () => {
  vault = await startRunningVault()
  ofB = await furnish(B, B_SECRET)
})

afterAll(async () => {
  await vault.stop()
})

async function json(caller: Caller, method: string, path: string, body?: unknown) {
  const response = await vault.request(caller, method, path, body)
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? '' : JSON.parse(text) }
}

async function bearerConnection(caller: Caller, token: string, name = 'bearer'): Promise<string> {
  const setup = { type: 'BEARER', token }
  const created = await json(caller, 'POST', `${BASE}/connections`, { name, app_id: 'HTTP', setup })
  expect(created.status).toBe(201)
  return created.body.id
}

/** One of each thing that has an id, with every job about it done. */
async function furnish(caller: Caller, secret: string) {
  const connection = await bearerConnection(caller, secret)
  const deleted = await bearerConnection(caller, secret, 'deleted')
  expect((await json(caller, 'DELETE', `${BASE}/connections/${deleted}`)).status).toBe(204)
  const application = await json(caller, 'POST', `${BASE}/oauth-apps`, {
    app_id: 'SLACK',
    name: 'slack',
    client_id: 'client',
    client_secret: secret,
  })
  const freeze = await json(caller, 'POST', `${BASE}/freezes`, { app_id: 'TWILIO', reason: 'test' })
  const freezePath = `${BASE}/freezes/${freeze.body.id}`
  while ((await json(caller, 'GET', freezePath)).body.progress.state !== 'done') {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const subscription = await json(caller, 'POST', `${BASE}/subscriptions`, {
    url: 'https://hooks.example.com/bravo',
    types: ['connection.deleted'],
  })
  expect(subscription.status).toBe(201)
  const ids = { application: application.body.id, freeze: freeze.body.id, subscription: subscription.body.id }
  return { connection, deleted, ...ids }
}

/** A body that each route takes, so that nothing but the id decides. */
const BODIES: Readonly<Record<string, unknown>> = {
  'put-flow': { name: 'taken over' },
  'update-subscription': { url: 'https://alpha.example.test/taken-over' },
  'update-connection': { name: 'taken over', setup: { type: 'BEARER', token: 'alpha-token-000' } },
  'update-oauth-app': { name: 'taken over', client_secret: 'alpha-secret-000', is_default: true },
  'authorize-connection': {},
  'reject-credential': { credential_version: 1 },
}

/** Where a route needs one. */
const QUERIES: Readonly<Record<string, string>> = { 'replay-subscription': '?after=beginning' }

/** What may differ between two answers that say the same. */
const OF_THE_REQUEST = ['x-request-id', 'date', 'x-ratelimit-remaining', 'x-ratelimit-reset']

function comparable(answer: { status: number; headers: Headers; body: unknown }) {
  const headers = Object.fromEntries(answer.headers)
  for (const name of OF_THE_REQUEST) delete headers[name]
  return { status: answer.status, headers, body: answer.body }
}

const BY_ID = allRoutes()
  // A callback knows no caller: whose it is, its state says.
  .filter((route) => route.path.includes('{id}') && route.scopes !== undefined)
  .map((route) => [`${route.method} ${route.path}`, route] as const)
const UNKNOWN = {
  connection: 'ac_00000000UnknownUnknown',
  deleted: 'ac_00000000UnknownUnknown',
  application: 'oa_00000000UnknownUnknown',
  freeze: 'fz_00000000UnknownUnknown',
  subscription: 'su_00000000UnknownUnknown',
}
const KINDS = Object.keys(UNKNOWN) as (keyof typeof UNKNOWN)[]

describe.each(BY_ID)('%s', (_key, route) => {
  test.each(KINDS)(
    'answers another tenant’s %s as an id there never was, and changes nothing',
    async (kind) => {
      const before = await itemsOfTenant(vault.server.vault.items, 'bravo')
      const query = QUERIES[route.name] ?? ''
      const path = (id: string): string => route.path.replace('{id}', id).replace('{flow_id}', 'flow') + query
      const theirs = await json(A, route.method, path(ofB[kind]), BODIES[route.name])
      const unknown = await json(A, route.method, path(UNKNOWN[kind]), BODIES[route.name])
      expect(theirs.status).toBe(404)
      expect(comparable(theirs)).toEqual(comparable(unknown))
      expect(await itemsOfTenant(vault.server.vault.items, 'bravo')).toEqual(before)
    },
  )
})

describe('another tenant’s id', () => {
  test('in a body is as unknown as in a path', async () => {
    const mine = await json(A, 'POST', `${BASE}/connections`, { name: 'slack', app_id: 'SLACK' })
    const before = await itemsOfTenant(vault.server.vault.items, 'bravo')
    const freeze = (connection_id: string) =>
      json(A, 'POST', `${BASE}/freezes`, { connection_id, reason: 'theirs' })
    const authorize = (oauth_app_id: string) =>
      json(A, 'POST', `${BASE}/connections/${mine.body.id}/authorize`, { oauth_app_id })
    const answers = [await freeze(ofB.connection), await authorize(ofB.application)]
    expect(answers.map(({ status }) => status)).toEqual([400, 409])
    expect(answers.map(comparable)).toEqual(
      [await freeze(UNKNOWN.connection), await authorize(UNKNOWN.application)].map(comparable),
    )
    expect(await itemsOfTenant(vault.server.vault.items, 'bravo')).toEqual(before)
  })

  test('beside the right tag is not found, neither by If-Match nor by If-None-Match', async () => {
    const path = `${BASE}/connections/${ofB.connection}`
    const headers = { authorization: `Bearer ${await vault.token(A)}` }
    for (const [method, target, condition] of [
      ['DELETE', path, { 'if-match': '"v1"' }],
      ['DELETE', path, { 'if-match': '*' }],
      ['DELETE', path, { 'if-match': '"v9"' }],
      ['GET', `${path}/credentials`, { 'if-none-match': '"c1.1"' }],
      ['GET', `${path}/credentials`, { 'if-none-match': '*' }],
    ] as const) {
      const answer = await fetch(`${vault.url}${target}`, { method, headers: { ...headers, ...condition } })
      expect(answer.status).toBe(404)
      expect(answer.headers.get('etag')).toBeNull()
    }
  })

  test('is in none of the lists', async () => {
    await bearerConnection(A, 'alpha-token-000')
    const lists = [
      ...['', '?per_page=1', '?include_totals=true', '?view=full', '?q=bravo', `?q=${ofB.connection}`],
      ...['?app_id=HTTP', '?status=ready&include_totals=true', '?page=1&per_page=1'],
    ].map((query) => `${BASE}/connections${query}`)
    for (const path of [...lists, `${BASE}/oauth-apps`, `${BASE}/freezes`, `${BASE}/subscriptions`]) {
      const text = JSON.stringify((await json(A, 'GET', path)).body)
      expect(Object.values(ofB).filter((id) => text.includes(id))).toEqual([])
    }
  })

  test('does not count in totals, nor shift pages', async () => {
    const C: Caller = { tenant: 'charlie' }
    const ids = []
    for (const name of ['one', 'two', 'three']) ids.push(await bearerConnection(C, 'charlie-token', name))
    const pages = []
    for (const page of [0, 1, 2, 3]) {
      pages.push(
        (await json(C, 'GET', `${BASE}/connections?include_totals=true&per_page=1&page=${page}`)).body,
      )
    }
    expect(pages.map(({ total }) => total)).toEqual([3, 3, 3, 3])
    expect(pages.flatMap(({ connections }) => connections.map((item: { id: string }) => item.id))).toEqual(
      ids,
    )
  })
})

describe('the tenant', () => {
  test.each([
    ['x-tenant', 'bravo'],
    ['x-tenant-id', 'bravo'],
    ['tenant', 'bravo'],
    ['x-amzn-requestcontext-authorizer', '{"tenant":"bravo"}'],
    ['x-forwarded-host', 'bravo.vault.test'],
    ['cookie', 'tenant=bravo'],
  ])('comes from the token, whatever %s says', async (name, value) => {
    const headers = { authorization: `Bearer ${await vault.token(A)}`, [name]: value }
    const one = await fetch(`${vault.url}${BASE}/connections/${ofB.connection}`, { headers })
    expect(one.status).toBe(404)
    const all = await fetch(`${vault.url}${BASE}/connections?include_totals=true`, { headers })
    expect(await all.text()).not.toContain(ofB.connection)
  })

  test('in the query or the body is refused, and nothing is made', async () => {
    const before = [
      await itemsOfTenant(vault.server.vault.items, 'alpha'),
      await itemsOfTenant(vault.server.vault.items, 'bravo'),
    ]
    const body = { name: 'planted', app_id: 'HTTP', tenant: 'bravo' }
    const answers = [
      await json(A, 'GET', `${BASE}/connections?tenant=bravo`),
      await json(A, 'POST', `${BASE}/connections?tenant=bravo`, { name: 'planted', app_id: 'HTTP' }),
      await json(A, 'POST', `${BASE}/connections`, body),
      await json(A, 'POST', `${BASE}/freezes`, { app_id: 'HTTP', reason: 'r', tenant: 'bravo' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400])
    expect([
      await itemsOfTenant(vault.server.vault.items, 'alpha'),
      await itemsOfTenant(vault.server.vault.items, 'bravo'),
    ]).toEqual(before)
  })
})

describe('an Idempotency-Key', () => {
  const body = JSON.stringify({
    name: 'once',
    app_id: 'HTTP',
    setup: { type: 'BEARER', token: 'same-token' },
  })

  async function create(token: string) {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': 'the-same-key',
    }
    const response = await fetch(`${vault.url}${BASE}/connections`, { method: 'POST', headers, body })
    const { id } = (await response.json()) as { id: string }
    return { status: response.status, id, replayed: response.headers.get('idempotency-replayed') }
  }

  test('is one client’s own: others with the same key and body make connections of their own', async () => {
    // Scopes in another order make another client of the same tenant.
    const scopes = ['create:flows_vault_connections', 'read:flows_vault_connections']
    const first = { tenant: 'alpha', scopes }
    const second = { tenant: 'alpha', scopes: scopes.toReversed() }
    const made = []
    for (const caller of [first, second, { tenant: 'bravo', scopes }])
      made.push(await create(await vault.token(caller)))
    expect(made.map(({ status, replayed }) => ({ status, replayed }))).toEqual(
      Array(3).fill({ status: 201, replayed: null }),
    )
    expect(new Set(made.map(({ id }) => id)).size).toBe(3)
    expect(await create(await vault.token(first))).toEqual({ ...made[0], replayed: 'true' })
    expect(await create(await vault.token(second))).toEqual({ ...made[1], replayed: 'true' })
  })
})

describe('a flood of one tenant', () => {
  const PER_SECOND = 20

  /** Time stands still, so that no bucket fills up while the test runs. */
  class StillClock extends SystemClock {
    override monotonicMs(): number {
      return 0
    }
  }

  test('is refused by Auth0’s 429, leaves the other’s budget whole, and its own credentials fetched', async () => {
    const flooded = await startRunningVault({
      clock: new StillClock(),
      env: { FLOW_VAULT_RATE_LIMIT: String(PER_SECOND) },
    })
    try {
      const created = await flooded.request(A, 'POST', `${BASE}/connections`, {
        name: 'bearer',
        app_id: 'HTTP',
        setup: { type: 'BEARER', token: 'alpha-token-000' },
      })
      const { id } = (await created.json()) as { id: string }
      const statuses = []
      for (let sent = 1; sent < PER_SECOND; sent++) {
        statuses.push((await flooded.request(A, 'GET', `${BASE}/connections`)).status)
      }
      expect(new Set(statuses)).toEqual(new Set([200]))
      const refused = await flooded.request(A, 'GET', `${BASE}/connections`)
      expect(refused.status).toBe(429)
      expect(await refused.json()).toEqual({
        statusCode: 429,
        error: 'Too Many Requests',
        message: 'Global limit has been reached',
        errorCode: 'too_many_requests',
      })
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(refused.headers.get('x-ratelimit-remaining')).toBe('0')
      const other = await flooded.request(B, 'GET', `${BASE}/connections`)
      expect(other.status).toBe(200)
      expect(other.headers.get('x-ratelimit-limit')).toBe(String(PER_SECOND))
      expect(other.headers.get('x-ratelimit-remaining')).toBe(String(PER_SECOND - 1))
      expect((await flooded.request(A, 'GET', `${BASE}/connections/${id}/credentials`)).status).toBe(200)
    } finally {
      await flooded.stop()
    }
  })
})
