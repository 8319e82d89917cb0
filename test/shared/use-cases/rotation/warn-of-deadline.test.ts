import { eventsPartition } from '../../../../shared/domain/keys.ts'
import type { TokenRules } from '../../../simulation/model-server.ts'
import { People } from '../../../simulation/people.ts'
import { FAIR_PROVIDER, FAIR_STORES, scenarioOf } from '../../../simulation/scenario.ts'
import { World } from '../../../simulation/world.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000
const LIFE = 30 * DAY

const ROLLING: TokenRules = {
  accessLifeMs: 8 * HOUR,
  expiryBasis: 'stated',
  rotates: true,
  graceMs: 0,
  reuseRevokes: true,
  refreshLifeMs: LIFE,
}

/** A vault whose one connection has these rules, swept each hour, which is often enough where tokens live for eight. */
async function withGrant(rules: TokenRules) {
  const apps = [{ appId: 'DOCUSIGN', type: 'OAUTH_CODE', rules }]
  const calm = { stores: FAIR_STORES, provider: FAIR_PROVIDER, maxOffsetMs: 0, machines: 1, apps }
  const world = new World({ ...scenarioOf(1), ...calm })
  const people = new People(world)
  const { time } = world
  const startMs = time.nowMs
  void world.attempt('moving in', () => people.moveIn())
  await time.runUntil(startMs + MINUTE)
  world.startLoops(HOUR)
  const connection = people.connections[0]!
  return {
    people,
    world,
    row: () => world.invariants.rows.get(connection.id)!,
    until: (day: number) => time.runUntil(startMs + day * DAY),
    reauthorize: async () => {
      void people.reauthorize(connection)
      await time.runUntil(time.nowMs + MINUTE)
    },
    /** The days on which a warning was given, counted from the first authorization. */
    warnings: async () => {
      const page = await world.items.query({ partition: eventsPartition(connection.tenant), limit: 1_000 })
      return page.items
        .filter(({ attributes }) => attributes['type'] === 'connection.authorization_expiring')
        .map(({ attributes }) => Math.floor((Date.parse(String(attributes['occurred_at'])) - startMs) / DAY))
    },
  }
}

describe('connection.authorization_expiring', () => {
  it('is never told of a deadline that rotation moves', async () => {
    const vault = await withGrant(ROLLING)
    await vault.until(90)
    expect(await vault.warnings()).toEqual([])
    expect(vault.row().status).toBe('ready')
  })

  it('is told once, a week ahead of one that it does not move, and again after the next authorization', async () => {
    const vault = await withGrant({ ...ROLLING, refreshIsFixed: true })
    await vault.until(29)
    expect(await vault.warnings()).toEqual([23])
    await vault.reauthorize()
    await vault.until(58)
    expect(await vault.warnings()).toEqual([23, 52])
    expect(vault.row().status).toBe('ready')
  })

  it('leaves the end itself to the provider', async () => {
    const vault = await withGrant({ ...ROLLING, refreshIsFixed: true })
    await vault.until(32)
    expect(vault.row()).toMatchObject({
      status: 'reauthorization_required',
      failure: { code: 'invalid_grant' },
    })
    expect(await vault.warnings()).toEqual([23])
  })

  it('is told when keeping the token alive does not work, with half of its time left', async () => {
    const vault = await withGrant(ROLLING)
    await vault.until(1)
    vault.world.provider.outage = { untilMs: Number.POSITIVE_INFINITY, as: 'not-sent' }
    await vault.until(28)
    expect(await vault.warnings()).toEqual([])
    await vault.until(30)
    expect(await vault.warnings()).toEqual([29])
  })

  it('wakes a connection that has nothing else to do', async () => {
    const vault = await withGrant({ ...ROLLING, accessLifeMs: 200 * DAY })
    expect(vault.row().due_at! - vault.row().createdAtMs).toBeLessThan(28 * DAY)
    await vault.until(60)
    // The token was renewed on day 27 and on day 54, for the sake of its refresh token alone.
    expect(vault.world.invariants.counts.rotations).toBe(3)
    expect(await vault.warnings()).toEqual([])
  })
})
