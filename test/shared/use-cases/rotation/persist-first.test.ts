import { connectionKey } from '../../../../shared/domain/keys.ts'
import { type ItemStore, StoreUnavailableError, type Write } from '../../../../shared/ports/item-store.ts'
import { deleteConnection } from '../../../../shared/use-cases/connections/delete-connection.ts'
import { restoreConnection } from '../../../../shared/use-cases/connections/restore-connection.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
  revocation_url: 'https://idp.example.test/revoke',
}
const away = () => new StoreUnavailableError('throttled', 'not-applied')

describe('a new grant', () => {
  let world: GrantsUnderTest
  let id: string
  let issued = 0
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    issued = 0
    answer()
    id = (await world.create('OAUTH2', CODE_SETUP)).id
    await world.connect(id)
    await world.clock.advance(HOUR_MS)
  })
  afterEach(() => world.close())

  /** Every token request gets the next pair. */
  function answer(until: Promise<void> = Promise.resolve()): void {
    world.provider.answerWith(async ({ path }) => {
      if (path !== '/token') return { body: {} }
      await until
      const pair = { access_token: `access-${issued}`, refresh_token: `refresh-${issued}` }
      issued++
      return { body: { ...pair, token_type: 'Bearer', expires_in: 3600 } }
    })
  }

  /** The ports with some calls to the row store replaced. */
  function portsWith(some: Partial<ItemStore>) {
    const items = new Proxy<ItemStore>(world.ports.items, {
      get: (target, name: keyof ItemStore & string) => {
        const member = name in some ? some[name] : target[name]
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    return { ...world.ports, items }
  }

  /** The outcome of a rotation, while time goes on as long as it needs. */
  async function rotate(ports: Parameters<typeof rotateConnection>[0] = world.ports) {
    let isOver = false
    const rotation = rotateConnection(ports, { tenant: world.tenant, id, cause: 'manual' }).finally(() => {
      isOver = true
    })
    while (!isOver) {
      await world.clock.advance(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return rotation
  }

  /** Somebody takes the row over just before the answer is committed. */
  function takenOver({ transact }: Partial<ItemStore> = {}) {
    let isTaken = false
    return portsWith({
      async transact(writes) {
        if (!isTaken && keepsAnswer(writes)) {
          isTaken = true
          const { fence } = await world.row(id)
          const key = connectionKey(world.tenant, id)
          const set = { fence: fence + 1, op: 'another' }
          await world.ports.items.transact([{ op: 'update', key, set, remove: ['attempt'] }])
        }
        return transact === undefined ? world.ports.items.transact(writes) : transact(writes)
      },
    })
  }

  function keepsAnswer(writes: readonly Write[]): boolean {
    return writes.some(({ op, key }) => op === 'put' && key.partition.startsWith('ACCESS#'))
  }

  async function rescues(): Promise<number> {
    const partition = `TENANT#${world.tenant}#RESCUES`
    return (await world.ports.items.query({ partition, limit: 10 })).items.length
  }

  it('is kept again and again until the store takes it', async () => {
    let refusals = 5
    const transact = async (writes: readonly Write[]) => {
      if (keepsAnswer(writes) && refusals-- > 0) throw away()
      return world.ports.items.transact(writes)
    }
    expect(await rotate(portsWith({ transact }))).toMatchObject({ kind: 'rotated' })
    expect((await world.fetch(id)).fields.access_token).toBe('access-1')
    expect(issued).toBe(2)
  })

  it.each([
    ['in one transaction where the store does both at once', true, [['put', 'delete']]],
    ['by a call of its own, once the row points at the new one', false, [['put'], ['delete']]],
  ] as const)('takes the place of the one before %s', async (_, removesAtOnce, expected) => {
    const before = (await world.row(id)).grant!.access
    const { sealer } = world.ports
    const seals = {
      removesAtOnce,
      prepare: (place: Parameters<typeof sealer.prepare>[0]) => sealer.prepare(place),
      open: (place: Parameters<typeof sealer.open>[0]) => sealer.open(place),
    }
    const done: string[][] = []
    const transact = async (writes: readonly Write[]) => {
      await world.ports.items.transact(writes)
      const ofAccess = writes.filter(({ key }) => key.partition.startsWith('ACCESS#'))
      if (ofAccess.length > 0) done.push(ofAccess.map(({ op }) => op))
    }
    expect(await rotate({ ...portsWith({ transact }), sealer: seals })).toMatchObject({ kind: 'rotated' })
    expect(done).toEqual(expected)
    const partition = `ACCESS#${world.tenant}#${id}`
    const sealed = (await world.ports.items.query({ partition, limit: 9 })).items.map(({ key }) => key.sort)
    expect(sealed).toEqual([(await world.row(id)).grant!.access])
    expect(sealed).not.toContain(before)
  })

  it('is kept with the name that the connection was given while the provider answered', async () => {
    let renames = 3
    const transact = async (writes: readonly Write[]) => {
      if (keepsAnswer(writes) && renames-- > 0)
        await updateConnection(world.ports, { tenant: world.tenant, id, name: `Renamed ${renames}` })
      return world.ports.items.transact(writes)
    }
    const { version } = await world.row(id)
    expect(await rotate(portsWith({ transact }))).toMatchObject({ kind: 'rotated' })
    expect(await world.row(id)).toMatchObject({ name: 'Renamed 0', version: version + 4 })
    expect(await rescues()).toBe(0)
    expect((await world.fetch(id)).fields.access_token).toBe('access-1')
  })

  it.each([
    ['does not take the lead three times', 3, 'not-applied'],
    ['does not say that it has the lead', 1, 'unknown'],
  ] as const)(
    'that could not be committed is led to and adopted, although the row store %s',
    async (_, times, outcome) => {
      let refusals: number = times
      const transact = async (writes: readonly Write[]) => {
        const isRescue = writes.some(({ op, key }) => op === 'put' && key.partition.endsWith('#RESCUES'))
        const isRefused = isRescue && refusals-- > 0
        if (!isRefused || outcome === 'unknown') await world.ports.items.transact(writes)
        if (isRefused) throw new StoreUnavailableError('throttled', outcome)
      }
      expect(await rotate(takenOver({ transact }))).toMatchObject({ kind: 'busy' })
      expect(refusals).toBeLessThan(0)
      expect(await rescues()).toBe(1)
      await world.clock.advance(2 * MINUTE_MS)
      await world.reconcile()
      expect(await rescues()).toBe(0)
      expect((await world.fetch(id)).fields.access_token).toBe('access-1')
      expect(issued).toBe(2)
    },
  )

  it('that could not be committed gives way to one that came after it', async () => {
    expect(await rotate(takenOver())).toMatchObject({ kind: 'busy' })
    await world.clock.advance(1_000)
    expect(await rotate()).toMatchObject({ kind: 'rotated' })
    await world.clock.advance(2 * MINUTE_MS)
    await world.reconcile()
    expect(await rescues()).toBe(0)
    expect((await world.fetch(id)).fields.access_token).toBe('access-2')
  })

  it.each(['invalid_grant', 'computer_says_no'])(
    'that could not be committed is adopted once the token that it replaced is refused: %s',
    async (error) => {
      expect(await rotate(takenOver())).toMatchObject({ kind: 'busy' })
      world.provider.answerWith(() => ({ status: 400, body: { error } }))
      expect(await rotate()).toMatchObject({ kind: 'rotated', row: { status: 'ready' } })
      expect(await rescues()).toBe(0)
      expect((await world.fetch(id)).fields.access_token).toBe('access-1')
    },
  )

  /** The tokens that are revoked when the connection is deleted before the provider's answer comes. */
  async function revokedAfterDelete(answerLate: (until: Promise<void>) => void): Promise<unknown[]> {
    const released = Promise.withResolvers<void>()
    answerLate(released.promise)
    const before = world.provider.requests.length
    const rotation = world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'manual' }, HOUR_MS)
    while (world.provider.requests.length === before) await new Promise((resolve) => setImmediate(resolve))
    await deleteConnection(world.ports, { tenant: world.tenant, id, purge: false })
    released.resolve()
    expect(await rotation).toEqual({ kind: 'gone' })
    const revoked = world.provider.requests.filter(({ path }) => path === '/revoke')
    return revoked.map(({ parameters }) => parameters['token'])
  }

  it('is revoked when its connection was deleted while the provider answered', async () => {
    expect(await revokedAfterDelete(answer)).toEqual(['refresh-0', 'refresh-1'])
  })

  it('is there when its connection was deleted meanwhile, nobody could revoke it, and it is restored', async () => {
    const { revocation_url: _none, ...setup } = CODE_SETUP
    id = (await world.create('OAUTH2', setup)).id
    await world.connect(id)
    await world.clock.advance(HOUR_MS)
    expect(await revokedAfterDelete(answer)).toEqual([])
    await world.clock.advance(2 * MINUTE_MS)
    await world.reconcile()
    expect(await rescues()).toBe(0)
    await restoreConnection(world.ports, { tenant: world.tenant, id })
    expect((await world.fetch(id)).fields.access_token).toBe('access-2')
    await world.clock.advance(HOUR_MS)
    await world.fetch(id)
    expect(world.provider.requests.at(-1)?.parameters['refresh_token']).toBe('refresh-2')
  })

  describe('of an answer that is of no use but for its refresh token', () => {
    const useless = (until = Promise.resolve()) =>
      world.provider.answerWith(async ({ path }) => {
        if (path !== '/token') return { body: {} }
        await until
        return { body: { refresh_token: 'refresh-kept-0001' } }
      })
    /** What is sent by the first flow that comes after the pause of a failure. */
    async function sentNext(): Promise<unknown> {
      answer()
      await world.clock.advance(10 * MINUTE_MS)
      await world.fetch(id)
      return world.provider.requests.at(-1)?.parameters['refresh_token']
    }

    it.each([0, 5])('is kept, although the store does not take it %i times', async (times) => {
      useless()
      let refusals = times
      const transact = async (writes: readonly Write[]) => {
        if (keepsAnswer(writes) && refusals-- > 0) throw away()
        return world.ports.items.transact(writes)
      }
      expect(await rotate(portsWith({ transact }))).toMatchObject({
        kind: 'failed',
        row: { status: 'degraded', failure: { count: 1 } },
      })
      expect(await sentNext()).toBe('refresh-kept-0001')
    })

    it('is kept with the end that is said of it', async () => {
      world.provider.answerWith(() => ({
        body: { refresh_token: 'refresh-kept-0001', refresh_expires_in: 86_400 },
      }))
      const fromMs = world.ports.clock.nowMs()
      await rotate()
      const { refreshExpiresAtMs, refreshIssuedAtMs } = (await world.row(id)).grants!['main']!
      expect(refreshIssuedAtMs).toBeGreaterThanOrEqual(fromMs)
      expect(refreshExpiresAtMs).toBe(refreshIssuedAtMs! + 86_400_000)
    })

    it('is kept by a store that took it and did not say so', async () => {
      useless()
      let isTold = false
      const transact = async (writes: readonly Write[]) => {
        await world.ports.items.transact(writes)
        if (isTold || !keepsAnswer(writes)) return
        isTold = true
        throw new StoreUnavailableError('timeout', 'unknown')
      }
      expect(await rotate(portsWith({ transact }))).toMatchObject({ kind: 'failed' })
      expect(await sentNext()).toBe('refresh-kept-0001')
    })

    it('is revoked when its connection was deleted while the provider answered', async () => {
      expect(await revokedAfterDelete(useless)).toEqual(['refresh-0', 'refresh-kept-0001'])
    })

    it('waits beside the row that somebody has taken over', async () => {
      useless()
      expect(await rotate(takenOver())).toMatchObject({ kind: 'busy' })
      expect(await rescues()).toBe(1)
      await world.clock.advance(2 * MINUTE_MS)
      await world.reconcile()
      expect(await sentNext()).toBe('refresh-kept-0001')
    })
  })
})
