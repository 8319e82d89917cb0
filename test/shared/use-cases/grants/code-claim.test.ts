import type { JsonObject } from '../../../../shared/domain/json.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { claimCode } from '../../../../shared/use-cases/grants/code-claim.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { CODE_SETUP } from '../../../support/oauth2-setups.ts'
import type { ScriptedAnswer } from '../../../support/scripted-provider.ts'

const CODE = { ...CODE_SETUP, code: 'code-000' }
const GOOD = { body: { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3600 } }
const CODE_OF_TEST = { tenant: 'acme', appId: 'OAUTH2', code: new SecretText('code-000') }

describe('a second request with a code', () => {
  let world: GrantsUnderTest
  let arrived: PromiseWithResolvers<void>
  let answer: PromiseWithResolvers<ScriptedAnswer>
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    arrived = Promise.withResolvers<void>()
    answer = Promise.withResolvers<ScriptedAnswer>()
    world.provider.answerWith(() => {
      arrived.resolve()
      return world.provider.requests.length === 1 ? answer.promise : GOOD
    })
  })
  afterEach(() => world.close())

  const create = (members: { idempotencyKey?: string; setup?: JsonObject } = {}) =>
    createConnection(world.ports, {
      ...{ tenant: world.tenant, clientId: 'test', name: 'Orders', appId: 'OAUTH2', setup: CODE },
      ...members,
    })
  const update = (id: string) =>
    updateConnection(world.ports, { tenant: world.tenant, id, setup: CODE, name: 'Renamed' })
  const rows = async () => {
    const { items } = await world.ports.items.scan({ limit: 1000 })
    return items.filter(({ key }) => key.partition.endsWith('#CONNECTIONS'))
  }

  /** What becomes of it while the clock goes on in steps of 100 ms, with `meanwhile` after so many. */
  async function passing<T>(asked: Promise<T>, after: number, meanwhile: () => void = () => undefined) {
    let ended = false
    const settled = Promise.allSettled([asked]).then(([outcome]) => {
      ended = true
      return outcome!
    })
    for (let step = 0; step < 100 && !ended; step++) {
      if (step === after) meanwhile()
      await world.clock.advance(100)
    }
    return settled
  }
  const refusal = (code: string, detail = {}) => ({
    status: 'rejected',
    reason: expect.objectContaining({ code, ...detail }),
  })

  it('gets what the first one made, by the same Idempotency-Key', async () => {
    const first = create({ idempotencyKey: 'once' })
    await arrived.promise
    const second = await passing(create({ idempotencyKey: 'once' }), 10, () => answer.resolve(GOOD))
    const { row } = await first
    expect(second).toMatchObject({ status: 'fulfilled', value: { row: { id: row.id }, replayed: true } })
    expect(world.provider.requests).toHaveLength(1)
  })

  it('gets what the first one made of the same connection', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    const first = update(id)
    await arrived.promise
    const second = await passing(update(id), 10, () => answer.resolve(GOOD))
    expect(second).toEqual({ status: 'fulfilled', value: await first })
    expect(await world.row(id)).toMatchObject({ status: 'ready', name: 'Renamed' })
    expect(world.provider.requests).toHaveLength(1)
  })

  it('is told that it was used, when it makes another connection', async () => {
    const first = create()
    await arrived.promise
    const second = await passing(create(), 10, () => answer.resolve(GOOD))
    expect(second).toEqual(refusal('provider-refused', { detail: { errorCode: 'code_used' } }))
    expect((await first).row.status).toBe('ready')
    expect(await rows()).toHaveLength(1)
  })

  it('sends it, where the provider did not take it from the first', async () => {
    const first = create()
    await arrived.promise
    const second = await passing(create(), 10, () => answer.resolve({ status: 429, body: {} }))
    expect(second).toMatchObject({ status: 'fulfilled', value: { row: { status: 'ready' } } })
    expect((await first).row.status).toBe('pending')
    expect(world.provider.requests).toHaveLength(2)
  })

  it('is the last one that sends it, where the first waits to try again', async () => {
    const first = create()
    await arrived.promise
    await passing(create(), 10, () => answer.resolve({ status: 429, body: {} }))
    const { id } = (await first).row
    await world.clock.advance(120_000)
    await world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'due' }, 60_000)
    expect(world.provider.requests).toHaveLength(2)
    expect(await world.row(id)).toMatchObject({ status: 'pending', failure: { code: 'code_used' } })
  })

  it('is refused what the first has sent when it tried again', async () => {
    const first = create()
    await arrived.promise
    answer.resolve({ status: 429, body: {} })
    const { id } = (await first).row
    await world.clock.advance(120_000)
    await world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'due' }, 60_000)
    expect((await world.row(id)).status).toBe('ready')
    expect(await passing(create(), 10)).toEqual(
      refusal('provider-refused', { detail: { errorCode: 'code_used' } }),
    )
    expect(world.provider.requests).toHaveLength(2)
  })

  it('is told to come again when the first has not heard in its time, and nothing is stored', async () => {
    const first = create()
    await arrived.promise
    const second = await passing(create(), 50)
    expect(second).toEqual(refusal('provider-unavailable', { detail: { retryAfterSeconds: 5 } }))
    expect(await rows()).toHaveLength(0)
    answer.resolve(GOOD)
    expect((await passing(first, 0)).status).toBe('fulfilled')
    expect(await rows()).toHaveLength(1)
  })

  it('is told that it was used once a sender that died cannot be at it any more', async () => {
    await claimCode(world.ports, { ...CODE_OF_TEST, op: 'died' })
    expect(await passing(create(), 50)).toEqual(refusal('provider-unavailable'))
    await world.clock.advance(120_000)
    expect(await passing(create(), 50)).toEqual(
      refusal('provider-refused', { detail: { errorCode: 'code_used' } }),
    )
    expect(world.provider.requests).toHaveLength(0)
  })
})
