import { FAULT_RETRY_AFTER_SECONDS } from '../support/authorization-server.ts'
import { CONNECTIONS } from '../support/grant-calls.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

const MINUTE_MS = 60_000

describe('fetching a credential that expires', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider({ accessTokenSeconds: 3600 })
  })
  afterAll(() => world.close())
  afterEach(async () => {
    world.provider.setFault(undefined)
    world.provider.setDelayMs(0)
    // Tests count what the provider is asked, and the sweep renews whatever another test left behind.
    const { body } = await world.call('GET', CONNECTIONS)
    for (const { id } of body) await world.call('DELETE', `${CONNECTIONS}/${id}`)
  })

  const machine = async () => {
    const body = { name: 'Orders', app_id: 'OAUTH2', setup: world.machineSetup() }
    return (await world.create(body)).body.id as string
  }
  const sent = () => world.provider.tokenRequests.length
  const rejected = (id: string, version: number) =>
    world.call('POST', `${CONNECTIONS}/${id}/credentials/rejected`, { credential_version: version })
  const rotate = async (id: string) => (await world.call('POST', `${CONNECTIONS}/${id}/rotate`)).body
  const verify = async (id: string) => (await world.call('POST', `${CONNECTIONS}/${id}/verify`)).body

  it('answers from memory while enough is left: no call to the provider', async () => {
    const id = await world.authorized()
    const before = sent()
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.fetchCredential(id)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(new Set(answers.map(({ body }) => body.fields.access_token)).size).toBe(1)
    expect(sent()).toBe(before)
  })

  it('renews in line, once for twenty fetches at a time', async () => {
    const id = await world.authorized()
    const old = (await world.fetchCredential(id)).body
    world.clock.moveOn(60 * MINUTE_MS)
    world.provider.setDelayMs(100)
    const before = sent()
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.fetchCredential(id)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    const tokens = new Set(answers.map(({ body }) => body.fields.access_token))
    expect(tokens.size).toBe(1)
    expect(tokens.has(old.fields.access_token)).toBe(false)
    expect(sent()).toBe(before + 1)
    expect(world.provider.tokenRequests.some(({ overlapped }) => overlapped)).toBe(false)
    await expect(world.provider.isActive([...tokens][0])).resolves.toBe(true)
    expect(answers[0]?.body.usable_for_seconds).toBeGreaterThan(3500)
  })

  it('renews when less is left than the flow needs', async () => {
    const id = await world.authorized()
    world.clock.moveOn(30 * MINUTE_MS)
    const before = sent()
    expect((await world.fetchCredential(id, '?min_ttl=1700')).body.credential_version).toBe(2)
    expect(sent()).toBe(before)
    const renewed = (await world.fetchCredential(id, '?min_ttl=1900')).body
    expect(renewed.credential_version).toBe(3)
    expect(renewed.usable_for_seconds).toBeGreaterThan(1900)
  })

  it('caps what a flow asks for by the life of the token', async () => {
    const id = await world.authorized()
    const before = sent()
    for (let i = 0; i < 3; i += 1)
      expect((await world.fetchCredential(id, '?min_ttl=86400')).status).toBe(200)
    expect(sent()).toBe(before)
  })

  it('answers 304 for a version that lasts, and the credential again for one that does not', async () => {
    const id = await world.authorized()
    const etag = (await world.fetchCredential(id)).headers.get('etag') ?? ''
    expect((await world.fetchCredential(id, '', { 'if-none-match': etag })).status).toBe(304)
    world.clock.moveOn(58 * MINUTE_MS)
    world.provider.setFault('status-503-retry-after')
    const old = await world.fetchCredential(id, '?min_ttl=300', { 'if-none-match': etag })
    expect(old.status).toBe(200)
    expect(old.headers.get('etag')).toBe(etag)
    expect(old.body.usable_for_seconds).toBeLessThanOrEqual(120)
  })

  it('serves the old token while the provider answers 503, and never an expired one', async () => {
    const id = await world.authorized()
    const old = (await world.fetchCredential(id)).body
    world.clock.moveOn(57 * MINUTE_MS)
    world.provider.setFault('status-503-retry-after')
    const before = sent()
    const served = await world.fetchCredential(id, '?min_ttl=600')
    expect(served.status).toBe(200)
    expect(served.body.fields).toEqual(old.fields)
    expect(served.body.usable_for_seconds).toBeLessThanOrEqual(180)
    expect(sent()).toBe(before + 1)
    // The provider said when to come back; flows that ask meanwhile do not disturb it.
    await world.fetchCredential(id, '?min_ttl=600')
    expect(sent()).toBe(before + 1)
    expect(await world.view(id)).toMatchObject({
      status: 'degraded',
      failure: { class: 'passing', code: 'temporarily_unavailable', count: 1 },
    })

    world.clock.moveOn(4 * MINUTE_MS)
    const expired = await world.fetchCredential(id)
    expect(expired.status).toBe(503)
    expect(expired.body.errorCode).toBe('temporarily_unavailable')
    expect(Number(expired.headers.get('retry-after'))).toBeGreaterThanOrEqual(FAULT_RETRY_AFTER_SECONDS)
    expect(expired.headers.get('cache-control')).toBe('no-store')

    world.provider.setFault(undefined)
    world.clock.moveOn(5 * MINUTE_MS)
    expect((await world.fetchCredential(id)).status).toBe(200)
    expect(await world.view(id)).toMatchObject({ status: 'ready', failure: null })
    expect((await world.events(id)).map(({ type }) => type).slice(2)).toEqual([
      'connection.degraded',
      'connection.recovered',
    ])
  })

  it('does not send a refresh token again whose fate is unknown while the old token works', async () => {
    const id = await world.authorized()
    world.clock.moveOn(57 * MINUTE_MS)
    world.provider.setFault('drop-after', 1)
    const served = await world.fetchCredential(id, '?min_ttl=600')
    expect(served.status).toBe(200)
    const used = world.provider.tokenRequests.at(-1)?.refreshToken ?? ''
    for (let i = 0; i < 3; i += 1) {
      expect((await world.fetchCredential(id, '?min_ttl=600')).status).toBe(200)
      await rotate(id)
    }
    expect(world.provider.requestsWith(used)).toBe(1)
    expect(await world.view(id)).toMatchObject({ status: 'degraded', failure: { class: 'unknown' } })
  })

  it('ends the connection when the provider says that the grant is dead, once', async () => {
    const id = await world.authorized()
    const token = (await world.fetchCredential(id)).body.fields.access_token
    world.provider.revokeGrantOf(token)
    expect(await rotate(id)).toMatchObject({
      rotated: false,
      reason: expect.stringContaining('Authorize the connection again.'),
      connection: { status: 'reauthorization_required', ready: false },
    })
    const before = sent()
    const fetched = await world.fetchCredential(id)
    expect(fetched.status).toBe(409)
    expect(fetched.body.errorCode).toBe('reauthorization_required')
    expect(await rotate(id)).toMatchObject({ rotated: false })
    expect(sent()).toBe(before)
    expect((await world.events(id)).map(({ type }) => type).slice(2)).toEqual([
      'connection.reauthorization_required',
    ])
  })

  it('rotates for a complaint once a version and once a minute', async () => {
    const id = await world.authorized()
    expect((await rejected(id, 2)).body).toMatchObject({ renewed: true, credential_version: 3 })
    const before = sent()
    expect((await rejected(id, 2)).body).toMatchObject({ renewed: true, credential_version: 3 })
    expect((await rejected(id, 3)).body).toEqual({
      connection_id: id,
      credential_version: 3,
      renewed: false,
      reason: 'A new credential was asked for less than a minute ago.',
    })
    expect(sent()).toBe(before)
    world.clock.moveOn(MINUTE_MS)
    expect((await rejected(id, 3)).body).toMatchObject({ renewed: true, credential_version: 4 })
    expect((await rejected(id, 99)).status).toBe(400)
  })

  it('tells all flows that complain at the same time of the one new version', async () => {
    const id = await world.authorized()
    world.provider.setDelayMs(150)
    const before = sent()
    const answers = await Promise.all(Array.from({ length: 10 }, () => rejected(id, 2)))
    expect(answers.map(({ body }) => body.renewed)).toEqual(Array.from({ length: 10 }, () => true))
    expect(sent()).toBe(before + 1)
  })

  it('says why a complaint brings nothing', async () => {
    const setup = { type: 'BEARER', token: 'static-token-000' }
    const key = (await world.create({ name: 'Key', app_id: 'HTTP', setup })).body.id
    expect((await rejected(key, 1)).body).toMatchObject({
      renewed: false,
      reason: 'This credential was entered by a person. Replace it in the connection.',
    })
    const [id, dead] = [await machine(), await world.authorized()]
    world.provider.setFault('status-503-retry-after')
    expect((await rejected(id, 1)).body).toMatchObject({
      renewed: false,
      reason: expect.stringContaining('busy'),
    })
    world.provider.setFault(undefined)
    world.provider.revokeGrantOf((await world.fetchCredential(dead)).body.fields.access_token)
    expect((await rejected(dead, 2)).body).toMatchObject({
      renewed: false,
      reason: expect.stringContaining('Authorize the connection again.'),
    })
  })

  it.each(['status-503-retry-after', 'status-429', 'status-500', 'redirect', 'drop-before'] as const)(
    'never leaves the connection worse when a rotation asked for ends in %s',
    async (fault) => {
      const id = await machine()
      const old = (await world.fetchCredential(id)).body
      world.provider.setFault(fault)
      const { rotated, reason, connection } = await rotate(id)
      expect(rotated).toBe(false)
      expect(reason).toEqual(expect.any(String))
      expect(connection).toMatchObject({ ready: true, status: 'degraded' })
      expect((await world.fetchCredential(id)).body.fields).toEqual(old.fields)
      expect((await verify(id)).result).toBe('accepted')
    },
  )

  it('refuses to rotate what a person entered', async () => {
    const setup = { type: 'BEARER', token: 'static-token-000' }
    const key = (await world.create({ name: 'Key', app_id: 'HTTP', setup })).body.id
    const answer = await world.call('POST', `${CONNECTIONS}/${key}/rotate`)
    expect(answer.status).toBe(409)
    expect(answer.body.errorCode).toBe('not_rotatable')
  })

  it('verifies by renewing what has expired, and keeps what that brings', async () => {
    const id = await world.authorized()
    world.clock.moveOn(61 * MINUTE_MS)
    expect(await verify(id)).toEqual({ result: 'accepted', message: 'The provider issued a credential.' })
    expect((await world.fetchCredential(id)).body.credential_version).toBe(3)
    world.clock.moveOn(61 * MINUTE_MS)
    world.provider.setFault('status-503-retry-after')
    expect(await verify(id)).toMatchObject({ result: 'unreachable' })
    world.provider.setFault(undefined)
    const broken = await world.create({
      name: 'Broken',
      app_id: 'OAUTH2',
      setup: world.machineSetup({ client_secret: 'wrong' }),
    })
    expect(await verify(broken.body.id)).toMatchObject({ result: 'refused' })
  })
})
