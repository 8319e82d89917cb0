import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { targetOf } from '../support/api-target.ts'
import { MovableClock } from '../support/movable-clock.ts'
import { type Caller, type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { until } from '../support/until.ts'
import { feedSuite } from './feed-suite.ts'

const BASE = '/api/v2/flows/vault'
const EVENTS = `${BASE}/events`
const DAY_MS = 86_400_000

let vault: RunningVault
/** Each test is a tenant of its own. */
let acme: Caller
let tenants = 0

beforeAll(async () => {
  vault = await startRunningVault()
})

afterAll(async () => {
  await vault.stop()
})

beforeEach(() => {
  acme = { tenant: `acme-${++tenants}` }
})

async function ask(method: string, path: string, body?: unknown, caller = acme) {
  const response = await vault.request(caller, method, path, body)
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

async function create(name: string): Promise<string> {
  const setup = { type: 'BEARER', token: 'a-token-0123456789' }
  return (await ask('POST', `${BASE}/connections`, { name, app_id: 'HTTP', setup })).body.id
}

const rename = (id: string, name: string) => ask('PATCH', `${BASE}/connections/${id}`, { name })

/** The feed once it holds so many events: publishing follows the commit within milliseconds. */
const feedOf = (count: number, query = '') =>
  until(
    async () => (await ask('GET', `${EVENTS}${query}`)).body,
    (body) => body.events.length >= count,
    10_000,
  )

feedSuite(() => ({ ...targetOf(vault), soonMs: 10_000 }))

describe('GET /api/v2/flows/vault/events, embedded', () => {
  test('holds a request that waits until something comes, and answers the one who waits for another tenant not', async () => {
    const { after } = (await ask('GET', `${EVENTS}?after=latest`)).body
    const waiting = ask('GET', `${EVENTS}?after=${after}&wait=20`)
    const stranger = ask('GET', `${EVENTS}?after=latest&wait=1`, undefined, { tenant: 'other' })
    const id = await create('one')
    const { body } = await waiting
    expect(body.events).toEqual([expect.objectContaining({ connection_id: id })])
    expect(body.poll_after).toBe(0)
    expect((await stranger).body.events).toEqual([])
  })

  test.each([
    ['after=nonsense', 'after', 'latest'],
    ['after=', 'after', ''],
    ['wait=21', 'wait', '0 to 20'],
    ['wait=1&order=desc', 'wait', 'order=asc'],
    ['limit=0', 'limit', '1 to 100'],
    ['order=up', 'order', 'asc'],
    ['type=connection.created', '', 'after, limit, wait, order'],
  ])('refuses ?%s and says what is allowed', async (query, field, allowed) => {
    const { status, body } = await ask('GET', `${EVENTS}?${query}`)
    expect(status).toBe(400)
    expect(body.message).toContain(field)
    expect(body.message).toContain(allowed)
  })
})

describe('the feed of a vault of its own', () => {
  let clock: MovableClock
  let shared: RunningVault

  beforeEach(async () => {
    shared = vault
    clock = new MovableClock()
    vault = await startRunningVault({ clock })
  })

  afterEach(async () => {
    await vault.stop()
    vault = shared
  })

  test('lets requests that wait go when the vault stops', async () => {
    const waiting = ask('GET', `${EVENTS}?after=latest&wait=20`)
    await until(
      async () => vault.server.vault.feedWaits.size,
      (count) => count === 1,
      10_000,
    )
    await vault.server.close({ graceMs: 15_000 })
    expect((await waiting).status).toBe(200)
  })

  test('answers 410 for a cursor behind what is kept, and goes on from `latest`', async () => {
    const id = await create('one')
    const { after } = await feedOf(1)
    await rename(id, 'two')
    await feedOf(2)
    clock.moveOn(31 * DAY_MS)
    // The token has expired with the events.
    acme = { ...acme, scopes: ALL_SCOPES }
    const gone = await ask('GET', `${EVENTS}?after=${after}`)
    expect(gone.status).toBe(410)
    expect(gone.body).toMatchObject({ errorCode: 'events_expired', error: 'Gone' })
    const latest = await ask('GET', `${EVENTS}?after=latest`)
    expect(latest.status).toBe(200)
    expect((await ask('GET', `${EVENTS}?after=${latest.body.after}`)).body.events).toEqual([])
    expect((await ask('GET', EVENTS)).body.events).toEqual([])
  })
})
