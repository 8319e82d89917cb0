import { jest } from '@jest/globals'
import { MovableClock } from '../support/movable-clock.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { type SessionAnswer, VaultSession } from '../support/vault-session.ts'

const HOUR_MS = 3_600_000

const BEARER = { type: 'BEARER', token: 'precondition-token-000' }
const OTHER_BEARER = { type: 'BEARER', token: 'precondition-token-001' }

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
  session = await VaultSession.open(vault, `precondition-${tenants}`)
  const body = { name: 'Orders', app_id: 'HTTP', setup: BEARER }
  id = (await session.ask('POST', '/connections', { body })).body.id
})

const get = (): Promise<SessionAnswer> => session.ask('GET', `/connections/${id}?view=full`)
const fetchCredential = (headers: Record<string, string> = {}): Promise<SessionAnswer> =>
  session.ask('GET', `/connections/${id}/credentials`, { headers })
const patch = (body: unknown, headers: Record<string, string> = {}): Promise<SessionAnswer> =>
  session.ask('PATCH', `/connections/${id}`, { body, headers })
const events = async (): Promise<{ type: string; changed: string[]; sequence: number }[]> =>
  (await session.ask('GET', `/connections/${id}/events`)).body

describe('If-Match', () => {
  test('lets a change through with the tag of the last answer, and each change has a new tag', async () => {
    const read = (await get()).headers.get('etag')!
    const renamed = await patch({ name: 'Renamed' }, { 'if-match': read })
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Renamed' } })
    const tag = renamed.headers.get('etag')!
    expect(tag).not.toBe(read)
    expect((await get()).headers.get('etag')).toBe(tag)
    for (const header of ['*', tag, `"v99", ${tag}`]) {
      expect((await patch({ name: 'Renamed' }, { 'if-match': header })).status).toBe(200)
    }
  })

  test.each([
    ['a rename', { name: 'Lost' }],
    ['a setup', { setup: OTHER_BEARER }],
    ['what changes nothing', {}],
  ])('refuses %s against an old tag, shows the current one, and changes nothing', async (_kind, body) => {
    const old = (await get()).headers.get('etag')!
    const current = (await patch({ name: 'Renamed' })).headers.get('etag')!
    const before = await get()
    const refused = await patch(body, { 'if-match': old })
    expect(refused).toMatchObject({
      status: 412,
      body: { statusCode: 412, error: 'Precondition Failed', errorCode: 'precondition_failed' },
    })
    expect(refused.headers.get('etag')).toBe(current)
    expect(refused.body.message).toContain(current)
    expect((await get()).body).toEqual(before.body)
    expect((await fetchCredential()).body.fields.token).toBe(BEARER.token)
    expect(await events()).toHaveLength(2)
  })

  test('refuses to delete against an old tag, and deletes against the current one', async () => {
    const old = (await get()).headers.get('etag')!
    const current = (await patch({ name: 'Renamed' })).headers.get('etag')!
    const remove = (tag: string): Promise<SessionAnswer> =>
      session.ask('DELETE', `/connections/${id}`, { headers: { 'if-match': tag } })
    const refused = await remove(old)
    expect(refused.status).toBe(412)
    expect(refused.headers.get('etag')).toBe(current)
    expect((await get()).status).toBe(200)
    expect((await remove(current)).status).toBe(204)
  })

  test.each([
    ['a rename', { name: 'Lost' }],
    ['a setup', { setup: OTHER_BEARER }],
  ])('refuses %s that another change overtakes between its reading and its writing', async (_kind, body) => {
    const tag = (await get()).headers.get('etag')!
    const overtaken = overtakeOnce(async () => {
      expect((await patch({ name: 'First' }, { 'if-match': tag })).status).toBe(200)
    })
    const late = await patch(body, { 'if-match': tag })
    expect(overtaken()).toBe(true)
    expect(late).toMatchObject({ status: 412, body: { errorCode: 'precondition_failed' } })
    expect((await get()).body).toMatchObject({ name: 'First', version: 2, credential_version: 1 })
    expect((await fetchCredential()).body.fields.token).toBe(BEARER.token)
    expect(await events()).toHaveLength(2)
  })

  test('refuses to delete what another change overtakes', async () => {
    const tag = (await get()).headers.get('etag')!
    const overtaken = overtakeOnce(async () => {
      expect((await patch({ name: 'First' })).status).toBe(200)
    })
    const late = await session.ask('DELETE', `/connections/${id}`, { headers: { 'if-match': tag } })
    expect(overtaken()).toBe(true)
    expect(late.status).toBe(412)
    expect((await get()).body).toMatchObject({ name: 'First' })
  })

  test('lets a change without it go on from what overtook it', async () => {
    const overtaken = overtakeOnce(async () => {
      expect((await patch({ setup: OTHER_BEARER })).status).toBe(200)
    })
    expect((await patch({ name: 'Renamed' })).status).toBe(200)
    expect(overtaken()).toBe(true)
    expect((await get()).body).toMatchObject({ name: 'Renamed', version: 3, credential_version: 2 })
    expect((await fetchCredential()).body.fields.token).toBe(OTHER_BEARER.token)
  })

  test('lets one of ten changes with the same tag through', async () => {
    const tag = (await get()).headers.get('etag')!
    const changes = Array.from({ length: 10 }, (_, index) =>
      index % 2 === 0
        ? { name: `Name ${index}` }
        : { setup: { type: 'BEARER', token: `racing-token-00${index}` } },
    )
    const answers = await Promise.all(changes.map((body) => patch(body, { 'if-match': tag })))
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 412)])
    expect((await get()).body).toMatchObject({ version: 2 })
    expect(await events()).toHaveLength(2)
  })
})

/** Runs `change` just before the store applies the next write; answers whether it has come to that. */
function overtakeOnce(change: () => Promise<void>): () => boolean {
  const { items } = vault.server.vault
  const transact = items.transact.bind(items)
  let done = false
  const spy = jest.spyOn(items, 'transact').mockImplementationOnce(async (writes) => {
    spy.mockRestore()
    await change()
    done = true
    return transact(writes)
  })
  return () => done
}

describe('If-None-Match on a fetch', () => {
  test('answers 304 without a body while the credential is the same, through renames', async () => {
    const fetched = await fetchCredential()
    const tag = fetched.headers.get('etag')!
    await patch({ name: 'Renamed' })
    for (const header of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const unchanged = await fetchCredential({ 'if-none-match': header })
      expect(unchanged).toMatchObject({ status: 304, body: undefined })
      expect(unchanged.headers.get('etag')).toBe(tag)
      expect(unchanged.headers.get('cache-control')).toBe('no-store')
    }
  })

  test('answers the new credential after the setup was replaced', async () => {
    const tag = (await fetchCredential()).headers.get('etag')!
    await patch({ setup: OTHER_BEARER })
    const changed = await fetchCredential({ 'if-none-match': tag })
    expect(changed).toMatchObject({ status: 200, body: { credential_version: 2 } })
    expect(changed.body.request.headers.Authorization).toBe(`Bearer ${OTHER_BEARER.token}`)
    expect(changed.headers.get('etag')).not.toBe(tag)
  })

  test('never hides that the connection was frozen or deleted', async () => {
    const tag = (await fetchCredential()).headers.get('etag')!
    const freeze = await session.ask('POST', '/freezes', { body: { connection_id: id, reason: 'test' } })
    expect(await fetchCredential({ 'if-none-match': tag })).toMatchObject({
      status: 409,
      body: { errorCode: 'connection_frozen' },
    })
    await session.ask('DELETE', `/freezes/${freeze.body.id}`)
    expect((await fetchCredential({ 'if-none-match': tag })).status).toBe(304)
    await session.ask('DELETE', `/connections/${id}`)
    expect((await fetchCredential({ 'if-none-match': tag })).status).toBe(404)
  })
})

describe('an update', () => {
  test.each([
    ['nothing', {}],
    ['the same name', { name: 'Orders' }],
    ['the same setup', { setup: BEARER }],
    ['the same setup in another order', { setup: { token: BEARER.token, type: 'BEARER' } }],
    ['both as they are', { name: 'Orders', setup: BEARER }],
  ])('of %s changes nothing: no version, no date, no event, no credential', async (_kind, body) => {
    const before = await get()
    const tag = (await fetchCredential()).headers.get('etag')!
    const noted = await get()
    clock.moveOn(HOUR_MS)
    const answer = await patch(body)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('etag')).toBe(before.headers.get('etag'))
    expect((await get()).body).toEqual(noted.body)
    expect(await events()).toHaveLength(1)
    expect((await fetchCredential({ 'if-none-match': tag })).status).toBe(304)
  })

  test('with the type left out where it may be is the same setup', async () => {
    const created = {
      name: 'Sheet',
      app_id: 'GOOGLE_SHEETS',
      setup: { type: 'OAUTH_CODE', code: 'used-once-000' },
    }
    id = (await session.ask('POST', '/connections', { body: created })).body.id
    const before = await get()
    expect((await patch({ setup: { code: 'used-once-000' } })).status).toBe(200)
    expect((await get()).body).toMatchObject({ version: 1, updated_at: before.body.updated_at })
    expect(await events()).toHaveLength(1)
  })

  test.each([
    ['the name', { name: 'Renamed' }, ['name'], 1],
    ['the setup', { setup: OTHER_BEARER }, ['setup'], 2],
    ['both', { name: 'Renamed', setup: OTHER_BEARER }, ['name', 'setup'], 2],
  ])(
    'of %s moves version, date and fingerprint once, and tells so',
    async (_kind, body, changed, credential) => {
      const before = (await get()).body
      clock.moveOn(HOUR_MS)
      await session.renew()
      await patch(body)
      const after = (await get()).body
      expect(after).toMatchObject({
        version: 2,
        credential_version: credential,
        created_at: before.created_at,
      })
      expect(Date.parse(after.updated_at) - Date.parse(before.updated_at)).toBeGreaterThanOrEqual(HOUR_MS)
      expect(after.fingerprint).not.toBe(before.fingerprint)
      expect((await events()).at(-1)).toMatchObject({ type: 'connection.updated', changed, sequence: 2 })
      expect(after.refreshed_at === before.refreshed_at).toBe(credential === 1)
    },
  )
})
