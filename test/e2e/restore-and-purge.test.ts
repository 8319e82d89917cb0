import { MovableClock } from '../support/movable-clock.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { type SessionAnswer, VaultSession } from '../support/vault-session.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const BEARER = { type: 'BEARER', token: 'restored-token-000' }

let clock: MovableClock
let vault: RunningVault
let session: VaultSession
let id: string
let tenants = 0

beforeAll(async () => {
  clock = new MovableClock()
  vault = await startRunningVault({ clock })
})
afterAll(() => vault.stop())

/** Each test has a tenant of its own, with one connection. */
beforeEach(async () => {
  tenants += 1
  session = await VaultSession.open(vault, `deleted-${tenants}`)
  const body = { name: 'Orders', app_id: 'HTTP', setup: BEARER }
  id = (await session.ask('POST', '/connections', { body })).body.id
})

const get = (): Promise<SessionAnswer> => session.ask('GET', `/connections/${id}?view=full`)
const fetchCredential = (): Promise<SessionAnswer> => session.ask('GET', `/connections/${id}/credentials`)
const events = async (): Promise<{ type: string; changed: string[] }[]> =>
  (await session.ask('GET', `/connections/${id}/events`)).body

describe('a deleted connection', () => {
  const remove = (query = ''): Promise<SessionAnswer> => session.ask('DELETE', `/connections/${id}${query}`)
  const restore = (as = session): Promise<SessionAnswer> => as.ask('POST', `/connections/${id}/restore`)

  test('is gone everywhere at once, and a second delete finds nothing', async () => {
    expect(await remove()).toMatchObject({ status: 204, body: undefined })
    for (const answer of [
      await get(),
      await fetchCredential(),
      await session.ask('PATCH', `/connections/${id}`, { body: { name: 'x' } }),
      await remove(),
      await session.ask('POST', `/connections/${id}/rotate`),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { message: 'Connection not found' } })
    }
    expect((await session.ask('GET', '/connections')).body).toEqual([])
    expect(await session.total()).toBe(0)
    expect((await events()).map(({ type }) => type)).toEqual(['connection.created', 'connection.deleted'])
  })

  test('comes back with its id, setup and history, and once is enough', async () => {
    const before = (await get()).body
    await remove()
    const restored = await restore()
    expect(restored).toMatchObject({ status: 200, body: { id, name: 'Orders', ready: true } })
    expect(restored.body.fingerprint).toBe(before.fingerprint)
    expect((await fetchCredential()).body).toMatchObject({
      credential_version: 1,
      fields: { token: BEARER.token },
    })
    expect((await get()).body.version).toBeGreaterThan(before.version)
    expect(await session.total()).toBe(1)
    expect((await restore()).body).toEqual(restored.body)
    expect((await events()).map(({ type, changed }) => [type, changed])).toEqual([
      ['connection.created', []],
      ['connection.deleted', []],
      ['connection.created', ['restored']],
    ])
    expect((await remove()).status).toBe(204)
    expect((await restore()).status).toBe(200)
  })

  test('can be restored for seven days, and by its own tenant alone', async () => {
    await remove()
    clock.moveOn(7 * DAY_MS - HOUR_MS)
    await session.renew()
    const stranger = await VaultSession.open(vault, `deleted-${tenants}-other`)
    expect((await restore(stranger)).status).toBe(404)
    expect((await restore()).status).toBe(200)
    await remove()
    clock.moveOn(7 * DAY_MS + HOUR_MS)
    await session.renew()
    expect((await restore()).status).toBe(404)
    expect((await get()).status).toBe(404)
  })

  test.each([
    ['at once', false],
    ['after it was deleted', true],
  ])('is destroyed by a purge %s, for good', async (_when, deletedBefore) => {
    if (deletedBefore) expect((await remove()).status).toBe(204)
    expect((await remove('?purge=true')).status).toBe(204)
    expect((await restore()).status).toBe(404)
    expect((await get()).status).toBe(404)
    expect((await remove('?purge=true')).status).toBe(404)
    expect(await session.total()).toBe(0)
  })
})
