import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { MovableClock } from '../support/movable-clock.ts'
import { type Caller, type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { until } from '../support/until.ts'

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

describe('GET /api/v2/flows/vault/events', () => {
  test('tells every change in order, with a sentence and a cursor to go on from', async () => {
    const id = await create('one')
    await rename(id, 'two')
    const first = await feedOf(2)
    expect(first.events).toEqual([
      expect.objectContaining({
        type: 'connection.created',
        connection_id: id,
        app_id: 'HTTP',
        sequence: 1,
        message: 'The connection was added.',
      }),
      expect.objectContaining({ type: 'connection.updated', sequence: 2, message: 'Changed: name.' }),
    ])
    expect(first).toMatchObject({ more: false, poll_after: 5 })
    await rename(id, 'three')
    const next = await feedOf(1, `?after=${first.after}`)
    expect(next.events.map((event: { sequence: number }) => event.sequence)).toEqual([3])
    expect((await ask('GET', `${EVENTS}?after=${next.after}`)).body.events).toEqual([])
  })

  test('comes in pages either way', async () => {
    for (const name of ['1', '2', '3', '4', '5']) await create(name)
    const all = (await feedOf(5)).events.map(({ id }: { id: string }) => id)
    const walk = async (order: string) => {
      const ids: string[] = []
      let after = ''
      for (let more = true; more; ) {
        const { body } = await ask('GET', `${EVENTS}?limit=2&order=${order}${after}`)
        ids.push(...body.events.map(({ id }: { id: string }) => id))
        more = body.more
        after = `&after=${body.after}`
      }
      return ids
    }
    expect(await walk('asc')).toEqual(all)
    expect(await walk('desc')).toEqual(all.toReversed())
  })

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

  test('refuses a cursor of another tenant like one there never was', async () => {
    await create('one')
    const { after } = await feedOf(1)
    const theirs = await ask('GET', `${EVENTS}?after=${after}`, undefined, { tenant: 'other' })
    const never = await ask('GET', `${EVENTS}?after=nonsense`, undefined, { tenant: 'other' })
    expect(theirs).toEqual(never)
  })
})

describe('GET /api/v2/flows/vault/connections/{id}/events', () => {
  test('pages from the newest back', async () => {
    const id = await create('one')
    for (const name of ['two', 'three', 'four']) await rename(id, name)
    const sequences = async (query: string) =>
      (await ask('GET', `${BASE}/connections/${id}/events?${query}`)).body.map(
        ({ sequence }: { sequence: number }) => sequence,
      )
    expect(await sequences('order=desc&per_page=3')).toEqual([4, 3, 2])
    expect(await sequences('order=desc&before=2')).toEqual([1])
    expect(await sequences('order=desc&before=1')).toEqual([])
    expect(await sequences('after=2')).toEqual([3, 4])
    const wrong = await ask('GET', `${BASE}/connections/${id}/events?before=2`)
    expect(wrong.status).toBe(400)
    expect(wrong.body.message).toContain('after with order=asc')
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
