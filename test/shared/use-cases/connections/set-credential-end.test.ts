import { eventsPartition } from '../../../../shared/domain/keys.ts'
import { browseConnections } from '../../../../shared/use-cases/connections/browse-connections.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import type { CreateConnectionInput } from '../../../../shared/use-cases/connections/prepare-creation.ts'
import { previewCreate, previewUpdate } from '../../../../shared/use-cases/connections/preview-change.ts'
import {
  type UpdateConnectionInput,
  updateConnection,
} from '../../../../shared/use-cases/connections/update-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const DAY_MS = 24 * 3_600_000
const KEY = { type: 'API_KEY', api_key: 'key-000000000' }
const MINTED = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
}
const CODED = {
  ...MINTED,
  type: 'AUTHORIZATION_CODE',
  authorization_url: 'https://idp.example.test/authorize',
}
const EXPIRING = 'connection.authorization_expiring'

describe('the end of a static credential', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  const inDays = (days: number) => world.clock.nowMs() + days * DAY_MS
  async function create(members: Partial<CreateConnectionInput>) {
    const input = { tenant: world.tenant, clientId: 'test', name: 'Bases', appId: 'AIRTABLE', setup: KEY }
    return (await createConnection(world.ports, { ...input, ...members })).row
  }
  const update = (id: string, members: Partial<UpdateConnectionInput>) =>
    updateConnection(world.ports, { tenant: world.tenant, id, ...members })
  async function told(id: string) {
    const page = await world.ports.items.query({ partition: eventsPartition(world.tenant), limit: 100 })
    const events = page.items
      .map(({ attributes }) => attributes)
      .filter((event) => event['connection_id'] === id)
    return events.map(({ type }) => type).slice(1)
  }
  /** A sweep a day, and two on the first. */
  async function live(days: number) {
    await world.sweep()
    for (let day = 0; day < days; day++) {
      await world.sweep()
      await world.clock.advance(DAY_MS)
    }
    await world.sweep()
  }

  it.each<[string, Partial<CreateConnectionInput>]>([
    ['is past', { credentialExpiresAtMs: Date.parse('2020-01-01T00:00:00Z') }],
    ['is to be enforced and not there', { enforceExpiry: true }],
    ['is of what a provider mints', { credentialExpiresAtMs: 1e15, appId: 'OAUTH2', setup: MINTED }],
  ])('is refused when it %s, of a create and of an update, tried out alike', async (_, members) => {
    const input = { tenant: world.tenant, clientId: 'test', name: 'Bases', appId: 'AIRTABLE', setup: KEY }
    const refused = { code: 'invalid-body', detail: { field: 'credential_expires_at' } }
    await expect(create(members)).rejects.toMatchObject(refused)
    await expect(previewCreate(world.ports, { ...input, ...members })).rejects.toMatchObject(refused)
    const { id } = await create(members.appId === undefined ? {} : { appId: members.appId, setup: CODED })
    const { appId: _app, ...change } = {
      ...input,
      setup: { ...KEY, api_key: 'key-111111111' },
      ...members,
      id,
    }
    await expect(updateConnection(world.ports, change)).rejects.toMatchObject(refused)
    await expect(previewUpdate(world.ports, change)).rejects.toMatchObject(refused)
  })

  it('is tried out for the setup that comes with it, and not for the one that is there', async () => {
    const http = { appId: 'HTTP', setup: { ...MINTED, type: 'OAUTH_CLIENT_CREDENTIALS' } }
    const { token_url: token_endpoint, ...client } = http.setup
    const { id } = await create({ appId: 'HTTP', setup: { ...client, token_endpoint } })
    const change = {
      tenant: world.tenant,
      id,
      setup: { type: 'BEARER', token: 'token-000000' },
      credentialExpiresAtMs: inDays(40),
    }
    expect((await previewUpdate(world.ports, change)).changes).toEqual(['credential_expires_at', 'setup'])
    expect((await updateConnection(world.ports, change)).credentialExpiresAtMs).toBe(inDays(40))
  })

  it('is told 30, 7 and 1 days ahead, once each, and shows in the last week', async () => {
    const { id } = await create({ credentialExpiresAtMs: inDays(40) })
    const steps: unknown[] = []
    for (const days of [9, 1, 22, 1, 5, 1]) {
      await live(days)
      steps.push([(await told(id)).length, (await world.row(id)).status])
    }
    expect(steps).toEqual([
      [0, 'ready'],
      [1, 'ready'],
      [1, 'ready'],
      [2, 'degraded'],
      [2, 'degraded'],
      [3, 'degraded'],
    ])
    expect(await told(id)).toEqual([EXPIRING, EXPIRING, EXPIRING])
    expect((await world.row(id)).statusReason).toMatch(/^The credential ends at .*Z\. Enter a new one/)
    await live(3)
    expect(await told(id)).toEqual([EXPIRING, EXPIRING, EXPIRING, 'connection.degraded'])
    expect((await world.fetch(id)).expires_at).toBeNull()
    expect((await world.row(id)).due_at).toBeUndefined()
  })

  it('that is near when it is said is told of once', async () => {
    const { id, status } = await create({ credentialExpiresAtMs: inDays(5) })
    expect(status).toBe('degraded')
    await live(2)
    expect(await told(id)).toEqual([EXPIRING])
  })

  it('that is enforced is known to flows, and they are refused after it', async () => {
    const { id } = await create({ credentialExpiresAtMs: inDays(2), enforceExpiry: true })
    const endsAt = new Date(inDays(2)).toISOString()
    expect(await world.fetch(id)).toMatchObject({ expires_at: endsAt, usable_for_seconds: 2 * 86_400 })
    await world.clock.advance(2 * DAY_MS)
    const refused = { code: 'reauthorization-required', message: expect.stringContaining(endsAt) }
    await expect(world.fetch(id)).rejects.toMatchObject(refused)
    await world.sweep()
    expect(await told(id)).toEqual(['connection.reauthorization_required'])
    await expect(world.fetch(id)).rejects.toMatchObject(refused)
    const mended = await update(id, { credentialExpiresAtMs: inDays(90) })
    expect(mended).toMatchObject({ status: 'ready', enforceExpiry: true })
    expect((await told(id)).at(-1)).toBe('connection.recovered')
    expect(await world.fetch(id)).toMatchObject({ expires_at: new Date(inDays(90)).toISOString() })
  })

  it('is over with its credential: a new one has none, or its own', async () => {
    const { id } = await create({ credentialExpiresAtMs: inDays(3), enforceExpiry: true })
    const other = (key: string) => ({ ...KEY, api_key: `${key}-000000000` })
    expect(await update(id, { setup: other('b'), credentialExpiresAtMs: inDays(60) })).toMatchObject({
      status: 'ready',
      enforceExpiry: true,
      credentialExpiresAtMs: inDays(60),
    })
    const bare = await update(id, { setup: other('c') })
    expect([bare.status, bare.credentialExpiresAtMs, bare.enforceExpiry, bare.due_at]).toEqual([
      'ready',
      undefined,
      undefined,
      undefined,
    ])
    await world.clock.advance(90 * DAY_MS)
    await world.sweep()
    expect(await told(id)).not.toContain(EXPIRING)
    expect((await world.fetch(id)).request.headers).toEqual({ Authorization: 'Bearer c-000000000' })
  })

  it('said again with the same setup changes nothing, also when it is over; null takes it away', async () => {
    const end = { credentialExpiresAtMs: inDays(1) }
    const { id, version } = await create(end)
    await world.clock.advance(2 * DAY_MS)
    expect(await update(id, { ...end, setup: KEY })).toMatchObject({ version })
    expect(await update(id, { credentialExpiresAtMs: null })).toMatchObject({ status: 'ready' })
    expect((await world.row(id)).credentialExpiresAtMs).toBeUndefined()
  })

  it('is found by a list', async () => {
    const { id } = await create({ credentialExpiresAtMs: inDays(20) })
    await create({ credentialExpiresAtMs: inDays(50) })
    await create({})
    const found = browseConnections(world.ports, world.tenant, { expiresBeforeMs: inDays(30) })
    const ids: string[] = []
    for await (const { row } of found) ids.push(row.id)
    expect(ids).toEqual([id])
  })

  it.each([
    ['an end that is over', { credentialExpiresAtMs: 1 }, 'credential_expires_at'],
    ['one to enforce that is not there', { enforceExpiry: true }, 'credential_expires_at'],
    ['an empty connection', { setup: undefined, credentialExpiresAtMs: 9e12 }, 'credential_expires_at'],
    [
      'a credential that is minted',
      {
        appId: 'OAUTH2',
        setup: { provider: 'gitlab', client_id: 'own-client-000', client_secret: 'own-secret-000' },
        credentialExpiresAtMs: 9e12,
      },
      'credential_expires_at',
    ],
  ])('is refused for %s', async (_what, members, field) => {
    await expect(create(members as Partial<CreateConnectionInput>)).rejects.toMatchObject({
      code: 'invalid-body',
      detail: { field },
    })
  })
})
