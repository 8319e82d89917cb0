import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { type ItemStore, StoreUnavailableError, type Write } from '../../../../shared/ports/item-store.ts'
import { mintedConnection } from '../../../../shared/use-cases/grants/minted-connection.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { decideNow, takeAttempt } from '../../../../shared/use-cases/rotation/take-attempt.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { CODE_SETUP } from '../../../support/oauth2-setups.ts'

const HOUR_MS = 3_600_000

describe('an attempt whose write was not answered', () => {
  let world: GrantsUnderTest
  let id: string
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    const grant = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 3600 }
    world.provider.answerWith(() => ({ body: grant }))
    id = (await world.create('OAUTH2', CODE_SETUP)).id
    await world.connect(id)
    await world.clock.advance(HOUR_MS)
  })
  afterEach(() => world.close())

  /** Rotates while the write that takes the attempt is lost, before or after it took effect. */
  function rotateWith(applied: boolean) {
    const items: ItemStore = world.ports.items
    const isAttempt = (write: Write) => write.op === 'update' && write.set?.['attempt'] !== undefined
    const losing = new Proxy(items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          if (!writes.some(isAttempt)) return target.transact(writes)
          if (applied) await target.transact(writes)
          throw new StoreUnavailableError('the answer was lost', 'unknown')
        }
      },
    })
    return rotateConnection({ ...world.ports, items: losing }, { tenant: world.tenant, id, cause: 'manual' })
  }

  it('is used when it turns out to be there, so that no attempt stands that was never sent', async () => {
    const before = world.provider.requests.length
    expect(await rotateWith(true)).toMatchObject({ kind: 'rotated' })
    expect(world.provider.requests).toHaveLength(before + 1)
    expect((await world.row(id)).attempt).toBeUndefined()
  })

  it('is not used when it is not there: nothing is sent, and nothing stands', async () => {
    const before = world.provider.requests.length
    await expect(rotateWith(false)).rejects.toThrow('could not reach its store')
    expect(world.provider.requests).toHaveLength(before)
    expect((await world.row(id)).attempt).toBeUndefined()
  })
})

describe('takeAttempt', () => {
  const WAY = {
    kind: 'refresh-token',
    refreshToken: new SecretText('r'),
    grantName: 'main',
    extra: {},
  } as const
  let world: GrantsUnderTest
  let id: string
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({
      body: { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 3600 },
    }))
    id = (await world.create('OAUTH2', CODE_SETUP)).id
    await world.connect(id)
  })
  afterEach(() => world.close())

  /** Ports whose clocks move by that much as a write is made. */
  function portsWhile(moves: { wallMs: number; monotonicMs: number }) {
    const real = world.ports.clock
    const moved = { wallMs: 0, monotonicMs: 0 }
    const clock = {
      nowMs: () => real.nowMs() + moved.wallMs,
      monotonicMs: () => real.monotonicMs() + moved.monotonicMs,
      sleep: real.sleep.bind(real),
    }
    const items = new Proxy(world.ports.items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          await target.transact(writes)
          Object.assign(moved, moves)
        }
      },
    })
    return { ...world.ports, clock, items }
  }

  /** Takes the attempt while the clocks move. */
  async function takeWhile(moves: { wallMs: number; monotonicMs: number }) {
    const ports = portsWhile(moves)
    const held = mintedConnection(await world.row(id))!
    const decidedAt = decideNow(ports.clock)
    return takeAttempt(ports, held.row, { way: WAY, grantName: 'main', decidedAt })
  }

  it.each([
    ['taken in its time', { wallMs: 15_000, monotonicMs: 15_000 }, 'taken'],
    ['late when too much time has passed', { wallMs: 15_001, monotonicMs: 15_001 }, 'late'],
    ['late when time passed that the wall clock did not count', { wallMs: 0, monotonicMs: 15_001 }, 'late'],
    ['late when the wall clock jumped forward', { wallMs: 15_001, monotonicMs: 5 }, 'late'],
    ['late when the wall clock was put back', { wallMs: -1, monotonicMs: 5 }, 'late'],
  ])('is %s', async (_, moves, kind) => {
    expect(await takeWhile(moves)).toMatchObject({ kind })
  })

  it.each([
    ['in time', { wallMs: 15_000, monotonicMs: 15_000 }, 1, undefined],
    ['late', { wallMs: 15_001, monotonicMs: 15_001 }, 0, 'too_late_to_send'],
    ['after the clock was put back', { wallMs: -1, monotonicMs: 5 }, 0, 'too_late_to_send'],
  ])('has the token sent or not when it comes %s', async (_, moves, requests, code) => {
    await world.clock.advance(HOUR_MS)
    const before = world.provider.requests.length
    await rotateConnection(portsWhile(moves), { tenant: world.tenant, id, cause: 'manual' })
    expect(world.provider.requests).toHaveLength(before + requests)
    const row = await world.row(id)
    expect([row.failure?.code, row.attempt]).toEqual([code, undefined])
  })

  it('dates the attempt by the decision and not by its writing', async () => {
    const decidedAt = decideNow(world.ports.clock)
    await world.clock.advance(4_000)
    const held = mintedConnection(await world.row(id))!
    await takeAttempt(world.ports, held.row, { way: WAY, grantName: 'main', decidedAt })
    expect((await world.row(id)).attempt?.startedAtMs).toBe(decidedAt.nowMs)
  })

  it('writes nothing for a decision that is too old already', async () => {
    const decidedAt = decideNow(world.ports.clock)
    await world.clock.advance(16_000)
    const held = mintedConnection(await world.row(id))!
    const taken = await takeAttempt(world.ports, held.row, { way: WAY, grantName: 'main', decidedAt })
    expect(taken).toEqual({ kind: 'lost' })
    expect((await world.row(id)).attempt).toBeUndefined()
  })
})
