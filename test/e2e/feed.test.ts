import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { newTenant, targetOf } from '../support/api-target.ts'
import { type FeedCalls, feedCalls } from '../support/feed-calls.ts'
import { MovableClock } from '../support/movable-clock.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { until } from '../support/until.ts'
import { feedSuite } from './feed-suite.ts'

/** Publishing follows the commit within milliseconds. */
const SOON_MS = 10_000
const DAY_MS = 86_400_000

let vault: RunningVault
/** Each test is a tenant of its own. */
let acme: FeedCalls

beforeAll(async () => {
  vault = await startRunningVault()
})

afterAll(async () => {
  await vault.stop()
})

beforeEach(() => {
  acme = feedCalls(targetOf(vault), newTenant(), SOON_MS)
})

feedSuite(() => ({ ...targetOf(vault), soonMs: SOON_MS }))

describe('GET /api/v2/flows/vault/events, embedded', () => {
  test('holds a request that waits until something comes, and answers the one who waits for another tenant not', async () => {
    const { after } = (await acme.ask('GET', '/events?after=latest')).body
    const waiting = acme.ask('GET', `/events?after=${after}&wait=20`)
    const stranger = acme.as(newTenant()).ask('GET', '/events?after=latest&wait=1')
    const id = await acme.create('one')
    const { body } = await waiting
    expect(body.events).toEqual([expect.objectContaining({ connection_id: id })])
    expect(body.poll_after).toBe(0)
    expect((await stranger).body.events).toEqual([])
  })

  test('tells whom it cannot hold to come again later, and not at once', async () => {
    const held = Array.from({ length: 100 }, () => acme.ask('GET', '/events?after=latest&wait=20'))
    await until(
      async () => vault.server.vault.feedWaits.size,
      (count) => count === 100,
      SOON_MS,
    )
    expect((await acme.ask('GET', '/events?after=latest&wait=20')).body.poll_after).toBe(5)
    await acme.create('one')
    for (const { body } of await Promise.all(held))
      expect([body.events.length, body.poll_after]).toEqual([1, 0])
  })

  test.each([
    ['after=nonsense', 'after', 'latest'],
    ['after=', 'after', ''],
    ['wait=21', 'wait', '0 to 20'],
    ['wait=1&order=desc', 'wait', 'order=asc'],
    ['limit=0', 'limit', '1 to 100'],
    ['order=up', 'order', 'asc'],
    ['type=connection.created', 'type', 'order=desc'],
    ['kind=connection.created', '', 'after, limit, wait, order'],
    ['order=desc&type=created', 'type', 'connection.created'],
  ])('refuses ?%s and says what is allowed', async (query, field, allowed) => {
    const { status, body } = await acme.ask('GET', `/events?${query}`)
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
    acme = feedCalls(targetOf(vault), newTenant(), SOON_MS)
  })

  afterEach(async () => {
    await vault.stop()
    vault = shared
  })

  test('lets requests that wait go when the vault stops', async () => {
    const waiting = acme.ask('GET', '/events?after=latest&wait=20')
    await until(
      async () => vault.server.vault.feedWaits.size,
      (count) => count === 1,
      10_000,
    )
    await vault.server.close({ graceMs: 15_000 })
    expect((await waiting).status).toBe(200)
  })

  test('answers 410 for a cursor behind what is kept, and goes on from `latest`', async () => {
    const id = await acme.create('one')
    const { after } = await acme.feedOf(1)
    await acme.rename(id, 'two')
    await acme.feedOf(2)
    clock.moveOn(31 * DAY_MS)
    // The token has expired with the events.
    const token = (tenant: string) => vault.token({ tenant, scopes: ALL_SCOPES })
    acme = feedCalls({ ...targetOf(vault), token }, acme.tenant, SOON_MS)
    const gone = await acme.ask('GET', `/events?after=${after}`)
    expect(gone.status).toBe(410)
    expect(gone.body).toMatchObject({ errorCode: 'events_expired', error: 'Gone' })
    const latest = await acme.ask('GET', '/events?after=latest')
    expect(latest.status).toBe(200)
    expect((await acme.ask('GET', `/events?after=${latest.body.after}`)).body.events).toEqual([])
    expect((await acme.ask('GET', '/events')).body.events).toEqual([])
  })
})
