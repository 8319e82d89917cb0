import { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { CONNECTIONS, type JsonAnswer } from '../support/grant-calls.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

const FREEZES = '/api/v2/flows/vault/freezes'
const MINUTE_MS = 60_000
/** A job begins about a second after its freeze; a busy machine may need longer. */
const JOB_WITHIN_MS = 15_000

describe('freezes', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider({ accessTokenSeconds: 3600 })
  })
  afterAll(() => world.close())
  afterEach(async () => {
    for (const { id } of (await world.call('GET', FREEZES)).body) await lift(id)
  })

  const freeze = (body: object, tenant?: string) =>
    world.call('POST', FREEZES, { reason: 'a leaked token', ...body }, tenant === undefined ? {} : { tenant })
  const lift = (id: string) => world.call('DELETE', `${FREEZES}/${id}`)
  const key = (name = 'Bot') =>
    world.create({ name, app_id: 'TELEGRAM', setup: { type: 'TOKEN', token: '123456:telegram-bot-token' } })
  const machine = () => world.create({ name: 'Orders', app_id: 'OAUTH2', setup: world.machineSetup() })
  const eventTypes = async (id: string) => (await world.events(id)).map(({ type }) => type)

  const finished = async (id: string): Promise<JsonAnswer['body']> => {
    const ask = () => world.call('GET', `${FREEZES}/${id}`)
    return (await until(ask, ({ body }) => body.progress.state === 'done', JOB_WITHIN_MS)).body
  }
  const expectFrozen = (answer: JsonAnswer) => {
    expect(answer.status).toBe(409)
    expect(answer.body).toMatchObject({ errorCode: 'connection_frozen', statusCode: 409 })
    expect(answer.body.message).toMatch(
      /a leaked token\. It works again once the freeze fz_\w{22} is lifted\.$/,
    )
  }

  it('of a connection stop its fetch, with the reason and also for a version the flow has, and no other', async () => {
    const [{ body: one }, { body: other }] = [await key('One'), await key('Other')]
    const etag = (await world.fetchCredential(one.id)).headers.get('etag') ?? ''
    const known = { 'if-none-match': etag }
    expect((await world.fetchCredential(one.id, '', known)).status).toBe(304)
    const { status, body } = await freeze({ connection_id: one.id })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      id: expect.stringMatching(/^fz_[0-9A-Za-z]{22}$/),
      app_id: null,
      connection_id: one.id,
      reason: 'a leaked token',
      revoke: false,
    })
    expectFrozen(await world.fetchCredential(one.id))
    expectFrozen(await world.fetchCredential(one.id, '', known))
    expectFrozen(await world.fetchCredential(one.id, '', { 'if-none-match': '*' }))
    expect((await world.fetchCredential(other.id)).status).toBe(200)
  })

  it('of a connection stop what would renew it or send its credential to its service, asked for by a person', async () => {
    const [{ body: minted }, { body: entered }] = [await machine(), await key()]
    for (const { id } of [minted, entered]) {
      await freeze({ connection_id: id })
      const { version, credential_version: before } = (
        await world.call('GET', `${CONNECTIONS}/${id}?view=full`)
      ).body
      expectFrozen(await world.call('POST', `${CONNECTIONS}/${id}/rotate`))
      expectFrozen(await world.call('POST', `${CONNECTIONS}/${id}/verify`))
      const after = (await world.call('GET', `${CONNECTIONS}/${id}?view=full`)).body
      expect(after).toMatchObject({ version, credential_version: before })
    }
    const same = { setup: { type: 'TOKEN', token: '123456:telegram-bot-token' } }
    expectFrozen(await world.call('PATCH', `${CONNECTIONS}/${entered.id}?verify=true`, same))
  })

  it('end when they are lifted: the credential is as it was', async () => {
    const { id } = (await key()).body
    const before = (await world.fetchCredential(id)).body
    const made = (await freeze({ connection_id: id })).body
    await finished(made.id)
    expect((await lift(made.id)).status).toBe(204)
    expect((await world.fetchCredential(id)).body).toEqual(before)
    expect((await world.call('GET', `${FREEZES}/${made.id}`)).status).toBe(404)
    expect((await lift(made.id)).status).toBe(404)
    expect((await world.call('GET', FREEZES)).body).toEqual([])
    const types = await until(
      () => eventTypes(id),
      (all) => all.includes('connection.unfrozen'),
      JOB_WITHIN_MS,
    )
    expect(types).toEqual(['connection.created', 'connection.frozen', 'connection.unfrozen'])
  })

  it('of an app stop all its connections, and those that are made later, and no other app’s', async () => {
    const { id } = (await key()).body
    const other = (await machine()).body.id
    const made = (await freeze({ app_id: 'TELEGRAM' })).body
    expectFrozen(await world.fetchCredential(id))
    const later = await key('Later')
    expect(later.status).toBe(201)
    expectFrozen(await world.fetchCredential(later.body.id))
    expect((await world.fetchCredential(other)).status).toBe(200)
    const { progress } = await finished(made.id)
    expect(progress.connections).toBeGreaterThanOrEqual(1)
    expect(await eventTypes(id)).toContain('connection.frozen')
    expect(await eventTypes(other)).not.toContain('connection.frozen')
    expect((await world.call('GET', FREEZES)).body).toMatchObject([{ id: made.id, app_id: 'TELEGRAM' }])
  })

  it('stop what is asked for by a person or by a flow’s complaint: nothing is sent', async () => {
    const { id } = (await machine()).body
    const { credential_version: version } = (await world.fetchCredential(id)).body
    await freeze({ connection_id: id })
    const sent = world.provider.tokenRequests.length
    expectFrozen(await world.call('POST', `${CONNECTIONS}/${id}/rotate`))
    expectFrozen(
      await world.call('POST', `${CONNECTIONS}/${id}/credentials/rejected`, { credential_version: version }),
    )
    expect(world.provider.tokenRequests.length).toBe(sent)
  })

  it('stop the sweep: what is due waits, and is rotated by the first fetch after the end', async () => {
    // Connections of other tests are due as well: this one is known by what it asks for.
    const setup = world.machineSetup({ scope: 'admin' })
    const { id } = (await world.create({ name: 'Orders', app_id: 'OAUTH2', setup })).body
    const requests = () =>
      world.provider.tokenRequests.filter(({ parameters }) => parameters['scope'] === 'admin')
    expect(requests()).toHaveLength(1)
    const made = (await freeze({ connection_id: id })).body
    const due = Date.parse((await world.view(id)).next_rotation_at)
    world.clock.moveOn(due - world.clock.nowMs() + MINUTE_MS)
    const view = await until(
      () => world.view(id),
      ({ next_rotation_at: next }) => Date.parse(next) > world.clock.nowMs(),
      JOB_WITHIN_MS,
    )
    expect(Date.parse(view.next_rotation_at)).toBeGreaterThan(world.clock.nowMs())
    expect(view.credential_version).toBe(1)
    expect(requests()).toHaveLength(1)
    await lift(made.id)
    world.clock.moveOn(60 * MINUTE_MS)
    const fetched = await world.fetchCredential(id)
    expect(fetched.status).toBe(200)
    expect(fetched.body.credential_version).toBe(2)
  })

  it('hide no state: a frozen connection is read, renamed and deleted as ever', async () => {
    const { id } = (await key()).body
    const made = (await freeze({ connection_id: id })).body
    await finished(made.id)
    expect((await world.call('GET', `${CONNECTIONS}/${id}`)).body.ready).toBe(true)
    expect((await world.call('PATCH', `${CONNECTIONS}/${id}`, { name: 'Renamed' })).status).toBe(200)
    expect((await world.call('DELETE', `${CONNECTIONS}/${id}`)).status).toBe(204)
    expect((await world.fetchCredential(id)).status).toBe(404)
    expect((await lift(made.id)).status).toBe(204)
  })

  describe('with revoke', () => {
    it('end the grants at the provider, and say who must authorize again and what cannot be revoked', async () => {
      const [person, machineId] = [await world.authorized(), (await machine()).body.id]
      const mute = await world.authorized({ revocation_url: undefined })
      const { access_token: token } = (await world.fetchCredential(person)).body.fields
      const { access_token: kept } = (await world.fetchCredential(mute)).body.fields
      await expect(world.provider.isActive(token)).resolves.toBe(true)
      const { body } = await freeze({ app_id: 'OAUTH2', revoke: true })
      expect(body).toMatchObject({ revoke: true, progress: { state: 'running', revoked: 0 } })
      expectFrozen(await world.fetchCredential(person))
      const { progress } = await finished(body.id)
      expect(progress).toMatchObject({
        state: 'done',
        revoked: 1,
        failed: [],
        must_authorize_again: [person],
      })
      expect(progress.not_revocable).toEqual(expect.arrayContaining([machineId, mute]))
      expect(progress.not_revocable).not.toContain(person)
      await expect(world.provider.isActive(token)).resolves.toBe(false)
      await expect(world.provider.isActive(kept)).resolves.toBe(true)
      expect((await eventTypes(person)).slice(-2)).toEqual([
        'connection.frozen',
        'connection.reauthorization_required',
      ])

      await lift(body.id)
      expect((await world.fetchCredential(person)).body).toMatchObject({
        statusCode: 409,
        errorCode: 'reauthorization_required',
      })
      expect((await world.fetchCredential(machineId)).status).toBe(200)
      const answer = await world.open(await world.consent(person))
      expect(answer.status).toBe(200)
      const again = (await world.fetchCredential(person)).body.fields.access_token
      await expect(world.provider.isActive(again)).resolves.toBe(true)
    })

    it('name a connection whose provider is not to be reached', async () => {
      const id = await world.authorized({ revocation_url: `https://${world.nowhere}/revoke` })
      const made = (await freeze({ connection_id: id, revoke: true })).body
      const { progress } = await finished(made.id)
      expect(progress).toMatchObject({ revoked: 0, failed: [id], must_authorize_again: [] })
    })
  })

  describe('of one tenant', () => {
    it('do not reach another: not its connections, not its freezes, and not by its ids', async () => {
      const theirs = await world.call(
        'POST',
        CONNECTIONS,
        { name: 'Bot', app_id: 'TELEGRAM', setup: { type: 'TOKEN', token: '123456:telegram-bot-token' } },
        { tenant: 'globex' },
      )
      const { id } = theirs.body
      const asGlobex = { tenant: 'globex' }
      const made = (await freeze({ app_id: 'TELEGRAM' })).body
      await finished(made.id)
      const fetched = await world.call('GET', `${CONNECTIONS}/${id}/credentials`, undefined, asGlobex)
      expect(fetched.status).toBe(200)
      expect((await world.call('GET', FREEZES, undefined, asGlobex)).body).toEqual([])
      expect((await world.call('GET', `${FREEZES}/${made.id}`, undefined, asGlobex)).status).toBe(404)
      expect((await world.call('DELETE', `${FREEZES}/${made.id}`, undefined, asGlobex)).status).toBe(404)
      const foreign = await freeze({ connection_id: id })
      const unknown = await freeze({ connection_id: 'ac_0000000000000000000000' })
      expect(foreign.status).toBe(400)
      expect(foreign.body).toEqual(unknown.body)
      expect((await world.call('GET', `${FREEZES}/${made.id}`)).status).toBe(200)
    })
  })

  describe('that are asked for wrongly', () => {
    it.each<[string, object, string]>([
      ['neither an app nor a connection', {}, 'app_id'],
      ['both', { app_id: 'TELEGRAM', connection_id: 'ac_0000000000000000000000' }, 'app_id'],
      ['an unknown app', { app_id: 'MYSPACE' }, 'app_id'],
      ['an unknown connection', { connection_id: 'ac_0000000000000000000000' }, 'connection_id'],
      ['no reason', { app_id: 'TELEGRAM', reason: '' }, 'reason'],
      ['a reason too long', { app_id: 'TELEGRAM', reason: 'x'.repeat(501) }, 'reason'],
      ['an unknown member', { app_id: 'TELEGRAM', tenant: 'globex' }, 'tenant'],
      ['a revoke that is no boolean', { app_id: 'TELEGRAM', revoke: 'yes' }, 'revoke'],
    ])('are refused for %s, and freeze nothing', async (_what, body, field) => {
      const answer = await freeze(body)
      expect(answer.status).toBe(400)
      expect(answer.body.errorCode).toBe('invalid_body')
      expect(answer.body.message).toContain(field)
      expect((await world.call('GET', FREEZES)).body).toEqual([])
    })

    it.each<[string, string, readonly string[]]>([
      ['POST', FREEZES, ['delete:flows_vault_freezes', 'update:flows_vault_connections']],
      ['DELETE', `${FREEZES}/fz_0000000000000000000000`, ['create:flows_vault_freezes']],
      ['GET', FREEZES, ['read:flows_vault_credentials']],
      ['GET', `${FREEZES}/fz_0000000000000000000000`, ['read:flows_vault_credentials']],
    ])('are refused without the scope: %s %s', async (method, path, scopes) => {
      const body = method === 'POST' ? { app_id: 'TELEGRAM', reason: 'leak' } : undefined
      const answer = await world.vault.request({ tenant: 'acme', scopes }, method, path, body)
      expect(answer.status).toBe(403)
    })
  })

  it('reach another instance over the same store within a second', async () => {
    const [clock, { id }] = [new ManualClock(), (await key()).body]
    const elsewhere = new FreezeWatch(world.vault.server.vault.items, clock)
    const find = () => elsewhere.find('acme', { id, appId: 'TELEGRAM' })
    expect(await find()).toBeUndefined()
    const made = (await freeze({ connection_id: id })).body
    await clock.advance(1000)
    expect(await find()).toMatchObject({ id: made.id, reason: 'a leaked token' })
    await lift(made.id)
    await clock.advance(1000)
    expect(await find()).toBeUndefined()
  })
})
