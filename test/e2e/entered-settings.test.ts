import { ManualClock } from '../support/manual-clock.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { VaultSession } from '../support/vault-session.ts'

let vault: RunningVault
let session: VaultSession
let clock: ManualClock

beforeAll(async () => {
  clock = new ManualClock(Date.now())
  vault = await startRunningVault({ clock })
  session = await VaultSession.open(vault, 'entered')
})
afterAll(() => vault.stop())

const view = async (id: string) => (await session.ask('GET', `/connections/${id}?view=full`)).body
const create = async (body: object): Promise<string> =>
  (await session.ask('POST', '/connections', { body })).body.id

describe('view=full', () => {
  const SECRET = 'settings-client-secret-000'
  const KEY = { type: 'API_KEY', name: 'X-Api-Key', value: 'settings-key-000', in: 'HEADER' }
  const SETUP = {
    type: 'CLIENT_CREDENTIALS',
    client_id: 'settings-client',
    client_secret: SECRET,
    token_url: 'https://idp.example.com/token?tenant=hidden',
    scope: 'read',
  }

  test('tells what was entered that is no secret, and of a secret that it is there', async () => {
    const id = await create({ name: 'orders', app_id: 'OAUTH2', setup: SETUP })
    const { settings, secrets, settings_without_query: cut } = await view(id)
    expect(settings).toEqual({
      client_id: 'settings-client',
      token_url: 'https://idp.example.com/token',
      scope: 'read',
    })
    expect(cut).toEqual(['token_url'])
    expect(secrets).toEqual([{ name: 'client_secret', set_at: expect.any(String) }])
    const list = (await session.ask('GET', '/connections?view=full')).body
    expect(JSON.stringify(list)).not.toContain(SECRET)
  })

  test('does not call the OAuth application that a setup names a secret', async () => {
    const application = {
      app_id: 'OAUTH2',
      name: 'ours',
      client_id: 'settings-client',
      client_secret: SECRET,
    }
    const { body } = await session.ask('POST', '/oauth-apps', {
      body: { ...application, setup: { provider: 'github' } },
    })
    const setup = { oauth_app_id: body['id'], scope: 'repo' }
    const id = await create({ name: 'shared', app_id: 'OAUTH2', setup })
    expect(await view(id)).toMatchObject({
      oauth_app_id: body['id'],
      settings: { scope: 'repo' },
      secrets: [],
    })
  })

  test('follows a change of a part, and has nothing of a connection without a setup', async () => {
    const id = await create({ name: 'key', app_id: 'HTTP' })
    expect(await view(id)).toMatchObject({ settings: null, settings_without_query: [], secrets: null })
    await session.ask('PATCH', `/connections/${id}`, { body: { setup: KEY } })
    expect(await view(id)).toMatchObject({ settings: { name: 'X-Api-Key', in: 'HEADER' } })
    await session.ask('PATCH', `/connections/${id}`, { body: { setup_changes: { name: 'X-Other' } } })
    expect(await view(id)).toMatchObject({
      settings: { name: 'X-Other', in: 'HEADER' },
      secrets: [{ name: 'value', set_at: expect.any(String) }],
    })
  })

  test('says which addresses have a query, which stays until the address is changed', async () => {
    const id = await create({ name: 'versioned', app_id: 'OAUTH2', setup: SETUP })
    const change = (members: object) =>
      session.ask('PATCH', `/connections/${id}`, { body: { setup_changes: members } })
    await change({ base_url: 'https://api.example.com/v1?api-version=2026-01-01' })
    expect(await view(id)).toMatchObject({ settings_without_query: ['token_url', 'base_url'] })
    await change({ scope: 'write', token_url: 'https://idp.example.com/token' })
    expect(await view(id)).toMatchObject({
      settings: { base_url: 'https://api.example.com/v1' },
      settings_without_query: ['base_url'],
    })
  })

  describe('says since when each secret is stored', () => {
    const MINUTE_MS = 60_000
    const setAt = async (id: string) => {
      const { secrets } = (await view(id)) as { secrets: { name: string; set_at: string }[] }
      return Object.fromEntries(secrets.map(({ name, set_at: at }) => [name, Date.parse(at)]))
    }
    const aMinuteAfter = async (id: string, body: object): Promise<number> => {
      await clock.advance(MINUTE_MS)
      await session.ask('PATCH', `/connections/${id}`, { body })
      return clock.nowMs()
    }

    test('which a change of another member leaves as it is', async () => {
      const madeAtMs = clock.nowMs()
      const id = await create({ name: 'stored', app_id: 'HTTP', setup: KEY })
      expect(await setAt(id)).toEqual({ value: madeAtMs })
      await aMinuteAfter(id, { name: 'renamed' })
      await aMinuteAfter(id, { setup_changes: { name: 'X-Other' } })
      expect(await setAt(id)).toEqual({ value: madeAtMs })
      const changedAtMs = await aMinuteAfter(id, { setup_changes: { value: 'settings-key-001' } })
      expect(await setAt(id)).toEqual({ value: changedAtMs })
      const replacedAtMs = await aMinuteAfter(id, { setup: { ...KEY, name: 'X-Third' } })
      expect(await setAt(id)).toEqual({ value: replacedAtMs })
    })

    test('and tells nobody who guesses that they sent the stored one', async () => {
      const id = await create({ name: 'guessed', app_id: 'HTTP', setup: KEY })
      const sentAtMs = await aMinuteAfter(id, { setup_changes: { value: KEY.value, name: 'X-Other' } })
      expect(await setAt(id)).toEqual({ value: sentAtMs })
    })
  })

  test('counts the flows that use it, and says who made and who changed it', async () => {
    const id = await create({ name: 'used', app_id: 'HTTP' })
    for (const flow of ['a', 'b'])
      await session.ask('PUT', `/connections/${id}/flows/${flow}`, { body: { name: flow } })
    const seen = await view(id)
    expect(seen.used_by_count).toBe(2)
    expect(seen.created_by).toEqual({ id: expect.any(String), name: null })
    const other = await VaultSession.open(vault, 'entered')
    await other.ask('PATCH', `/connections/${id}`, { body: { name: 'used, renamed' } })
    const changed = await view(id)
    expect(changed.created_by).toEqual(seen.created_by)
    expect(changed.updated_by.id).not.toBe(seen.updated_by.id)
    const freeze = { connection_id: id, reason: 'leak' }
    const frozen = (await session.ask('POST', '/freezes', { body: freeze })).body
    expect(frozen.created_by).toEqual(seen.created_by)
    expect((await view(id)).frozen).toMatchObject({ reason: 'leak', by: seen.created_by })
    await session.ask('DELETE', `/freezes/${frozen.id}`)
    await other.ask('DELETE', `/connections/${id}`)
    const [gone] = (await session.ask('GET', `/connections?deleted=true&view=full&q=${id}`)).body
    expect(gone.deleted.by).toEqual(changed.updated_by)
    await session.ask('POST', `/connections/${id}/restore`)
    const plain = (await session.ask('GET', `/connections/${id}`)).body
    expect(Object.keys(plain)).not.toContain('created_by')
  })
})
