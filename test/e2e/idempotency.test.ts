import { type HeldTokenEndpoint, startHeldTokenEndpoint } from '../support/held-token-endpoint.ts'
import { trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import { MovableClock } from '../support/movable-clock.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { itemsOfTenant } from '../support/stored-items.ts'
import { type SessionAnswer, VaultSession } from '../support/vault-session.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000

const BEARER = { type: 'BEARER', token: 'idempotent-token-000' }
const BODY = { name: 'Orders', app_id: 'HTTP', setup: BEARER }

let clock: MovableClock
let vault: RunningVault
let endpoint: HeldTokenEndpoint

beforeAll(async () => {
  endpoint = await startHeldTokenEndpoint(await trustedLoopbackCertificate())
  clock = new MovableClock()
  vault = await startRunningVault({ clock, env: { FLOW_VAULT_ALLOW_HOSTS: endpoint.host } })
})

afterAll(async () => {
  await vault.stop()
  await endpoint.close()
})

/** Each test has a tenant of its own. */
let tenant: string
let session: VaultSession
let tenants = 0

beforeEach(async () => {
  tenants += 1
  tenant = `idempotent-${tenants}`
  session = await VaultSession.open(vault, tenant)
})

function create(key: string, body: unknown = BODY, as = session, query = ''): Promise<SessionAnswer> {
  return as.ask('POST', `/connections${query}`, { body, headers: { 'idempotency-key': key } })
}

/** A setup whose creation lasts until the endpoint answers. */
function mintedBody(): { name: string; app_id: string; setup: Record<string, string> } {
  const client = { client_id: 'client-000', client_secret: 'held-client-secret-000' }
  const setup = { type: 'OAUTH_CLIENT_CREDENTIALS', ...client, token_endpoint: endpoint.url }
  return { name: 'Minted', app_id: 'HTTP', setup }
}

/** The sealed versions of all secrets of the tenant. */
async function secretVersions(): Promise<string[]> {
  const items = await itemsOfTenant(vault.server.vault.items, tenant)
  return Object.keys(items).filter((key) => key.startsWith('SECRET#') && key.includes(' v#'))
}

describe('a create with an Idempotency-Key', () => {
  test.each([
    ['with a setup', BODY],
    ['empty', { name: 'Orders', app_id: 'HTTP' }],
  ])('is answered again with what the first one made, %s', async (_kind, body) => {
    const first = await create('key-1', body)
    const again = await create('key-1', body)
    expect(first).toMatchObject({ status: 201 })
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    expect(again.status).toBe(201)
    expect(again.body).toStrictEqual(first.body)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'))
    expect(again.headers.get('location')).toBe(`/api/v2/flows/vault/connections/${first.body.id}`)
    expect(await session.total()).toBe(1)
  })

  test('is the same request however its members are ordered', async () => {
    const first = await create('key-1')
    const reordered = JSON.stringify({
      setup: { token: BEARER.token, type: 'BEARER' },
      app_id: 'HTTP',
      name: 'Orders',
    })
    expect((await create('key-1', reordered)).body).toStrictEqual(first.body)
  })

  test.each([
    ['name', { ...BODY, name: 'Others' }],
    ['setup', { ...BODY, setup: { ...BEARER, token: 'idempotent-token-001' } }],
    ['app', { name: 'Orders', app_id: 'SLACK' }],
    ['lack of a setup', { name: 'Orders', app_id: 'HTTP' }],
  ])('is refused with another %s, and makes nothing', async (_difference, other) => {
    const first = await create('key-1')
    const refused = await create('key-1', other)
    expect(refused).toMatchObject({
      status: 422,
      body: { statusCode: 422, error: 'Unprocessable Entity', errorCode: 'idempotency_mismatch' },
    })
    expect(await session.total()).toBe(1)
    expect((await create('key-1')).body).toStrictEqual(first.body)
  })

  test('is remembered for a day and no longer', async () => {
    const first = await create('key-1')
    clock.moveOn(24 * HOUR_MS - 10 * SECOND_MS)
    await session.renew()
    expect((await create('key-1')).body).toStrictEqual(first.body)
    clock.moveOn(11 * SECOND_MS)
    const another = await create('key-1', { ...BODY, name: 'The next day' })
    expect(another.status).toBe(201)
    expect(another.headers.get('idempotency-replayed')).toBeNull()
    expect(another.body.id).not.toBe(first.body.id)
    expect(await session.total()).toBe(2)
  })

  test("says what it made then, also after a rename; and keys are each client's own", async () => {
    const first = await create('key-1')
    await session.ask('PATCH', `/connections/${first.body.id}`, { body: { name: 'Renamed' } })
    expect((await create('key-1')).body).toStrictEqual(first.body)
    const colleague = await VaultSession.open(vault, tenant)
    const theirs = await create('key-1', BODY, colleague)
    expect(theirs).toMatchObject({ status: 201 })
    expect(theirs.body.id).not.toBe(first.body.id)
    const stranger = await VaultSession.open(vault, `${tenant}-other`)
    expect((await create('key-1', BODY, stranger)).body.id).not.toBe(first.body.id)
  })

  test('does not use its key up when it is refused', async () => {
    const bad = { ...BODY, setup: { type: 'BEARER' } }
    expect((await create('key-1', bad)).status).toBe(400)
    expect((await create('key-1')).status).toBe(201)

    const refused = create('key-2', mintedBody(), session, '?verify=true')
    ;(await endpoint.nextRequest()).refuse()
    expect(await refused).toMatchObject({ status: 400, body: { errorCode: 'invalid_client' } })
    const accepted = create('key-2', mintedBody(), session, '?verify=true')
    ;(await endpoint.nextRequest()).grant('access-token-after-refusal')
    expect((await accepted).status).toBe(201)
    expect(await session.total()).toBe(2)
  })

  test.each(['', 'a b', 'é', 'k'.repeat(256)])('is refused with the key "%s"', async (key) => {
    const refused = await create(encodeLatin1(key))
    expect(refused).toMatchObject({ status: 400, body: { errorCode: 'invalid_headers' } })
    expect(await session.total()).toBe(0)
  })

  test('makes one connection when twenty arrive at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => create('key-1')))
    const made = answers.filter(({ status }) => status === 201)
    const others = answers.filter(({ status }) => status !== 201)
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1)
    for (const { status, body } of others) {
      expect({ status, errorCode: body.errorCode }).toEqual({
        status: 409,
        errorCode: 'idempotency_in_progress',
      })
    }
    expect(await session.total()).toBe(1)
    expect(await secretVersions()).toHaveLength(1)
  })

  test('is a 409 while the first one is still running, and its answer afterwards', async () => {
    const running = create('key-1', mintedBody())
    const held = await endpoint.nextRequest()
    const second = await create('key-1', mintedBody())
    expect(second).toMatchObject({
      status: 409,
      body: { statusCode: 409, error: 'Conflict', errorCode: 'idempotency_in_progress' },
    })
    const waitSeconds = Number(second.headers.get('retry-after'))
    expect(waitSeconds).toBeGreaterThanOrEqual(1)
    expect(waitSeconds).toBeLessThanOrEqual(60)
    expect((await create('key-1')).status).toBe(422)
    held.grant('access-token-000')
    const first = await running
    expect(first).toMatchObject({ status: 201, body: { ready: true } })
    expect((await create('key-1', mintedBody())).body).toStrictEqual(first.body)
    expect(await session.total()).toBe(1)
  })

  test('is taken over after three minutes, where a provider was asked; the one that comes back late leaves nothing', async () => {
    const lost = create('key-1', mintedBody())
    const heldForLost = await endpoint.nextRequest()
    clock.moveOn(179 * SECOND_MS)
    expect((await create('key-1', mintedBody())).status).toBe(409)
    clock.moveOn(2 * SECOND_MS)
    const taken = create('key-1', mintedBody())
    ;(await endpoint.nextRequest()).grant('access-token-of-the-second')
    const second = await taken
    expect(second).toMatchObject({ status: 201, body: { ready: true } })

    heldForLost.grant('access-token-of-the-first')
    expect(await lost).toMatchObject({ status: 503, body: { errorCode: 'store_unavailable' } })
    expect(await session.total()).toBe(1)
    expect((await create('key-1', mintedBody())).body).toStrictEqual(second.body)
    const { body } = await session.ask('GET', `/connections/${second.body.id}/credentials`)
    expect(body.fields.access_token).toBe('access-token-of-the-second')
    const kept = await secretVersions()
    expect(kept.length).toBeGreaterThan(0)
    expect(kept.filter((key) => !key.includes(second.body.id))).toEqual([])
  })
})

/** A header carries bytes; `fetch` takes them as Latin-1 only. */
function encodeLatin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
