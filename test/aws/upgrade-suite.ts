import { newTenant } from '../support/api-target.ts'
import { type FeedCalls, feedCalls } from '../support/feed-calls.ts'
import { CONNECTIONS, type GrantCalls, grantCalls } from '../support/grant-calls.ts'
import { until } from '../support/until.ts'
import type { DeployedPlace } from './deployed-suite.ts'
import { type Load, startLoad } from './upgrade-load.ts'

const UPGRADE_WITHIN_MS = 600_000
/** A message that an ended call had in hand is seen again after a minute (`app.ts`). */
const TOLD_WITHIN_MS = 150_000
/** Fewer would say little of an upgrade. */
const LEAST_ROUNDS = 9
const FAILURES_SHOWN = 3
/** MiniStack ends the calls of a function that is changed: at most one of each caller, and function on the way. */
const MOST_CUT_OFF = 20
const BEFORE = { name: 'of before', app_id: 'HTTP', setup: { type: 'BEARER', token: 'of-before-0123456789' } }

/** What is there before an upgrade, and what was done during it. */
interface Upgraded {
  readonly world: GrantCalls
  readonly feed: FeedCalls
  readonly load: Load
  /** What a person entered, what is renewed meanwhile, and what nobody touches. */
  readonly fixed: string
  readonly granted: readonly string[]
  readonly idle: string
}

/**
 * `upgrade` deploys another release over a vault that is called all the while: no call fails that is not cut off, and
 * what was answered is there after it, as is what was there before it. Answers a suite for later, when also those were
 * told again whom the emulator cut off: that each change was.
 */
export function upgradeSuite(place: () => DeployedPlace, upgrade: () => Promise<void>): () => void {
  let upgraded: Upgraded
  const theirs = () => place().upgradeReceiver

  describe('deployed again in place as another release, under load', () => {
    beforeAll(async () => {
      upgraded = await upgradeUnderLoad(place(), upgrade)
    }, UPGRADE_WITHIN_MS)

    it('answers every call as the documentation says', () => {
      const { load, granted } = upgraded
      expect(load.failed.slice(0, FAILURES_SHOWN)).toEqual([])
      expect(load.made.size).toBeGreaterThan(LEAST_ROUNDS)
      expect(load.rotated.size).toBe(granted.length)
      expect(load.cutOff.length).toBeLessThanOrEqual(MOST_CUT_OFF)
      process.stderr.write(
        `upgraded under load: ${load.made.size} made, ${load.rotations()} rotated, cut off: ${load.cutOff.join(', ')}\n`,
      )
    })

    it(
      'has all that it answered',
      async () => {
        const { load, world } = upgraded
        for (const [id, { token, name }] of load.made) {
          expect([id, (await world.view(id)).name]).toEqual([id, name])
          expect(await world.fetchCredential(id)).toMatchObject({ status: 200, body: { fields: { token } } })
        }
      },
      UPGRADE_WITHIN_MS,
    )

    it('serves, renews and changes what is older than the upgrade', async () => {
      const { load, world, fixed, granted, idle } = upgraded
      expect(await world.fetchCredential(fixed)).toMatchObject({
        status: 200,
        body: { credential_version: 1, fields: { token: BEFORE.setup.token } },
      })
      for (const id of [...granted, idle]) {
        const fetched = await world.fetchCredential(id)
        expect([id, fetched.status]).toEqual([id, 200])
        if (load.wasCutOff(id)) continue
        await expect(world.provider.isActive(fetched.body.fields.access_token)).resolves.toBe(true)
        expect((await world.call('POST', `${CONNECTIONS}/${id}/rotate`)).status).toBe(200)
        expect(await world.view(id)).toMatchObject({
          status: 'ready',
          credential_version: fetched.body.credential_version + 1,
        })
        expect((await world.fetchCredential(id)).body.fields.access_token).not.toBe(
          fetched.body.fields.access_token,
        )
      }
      const setup = { type: 'BEARER', token: 'changed-after-0123456789' }
      expect((await world.call('PATCH', `${CONNECTIONS}/${fixed}`, { setup })).status).toBe(200)
      expect((await world.fetchCredential(fixed)).body.fields).toEqual({ token: setup.token })
    })
  })

  return () =>
    it(
      'told every change before, during and after the upgrade, in its order, to the feed and to who subscribed before',
      async () => {
        const { load, feed, fixed, granted, idle } = upgraded
        const ids = [fixed, idle, ...granted, ...load.made.keys()]
        const events = new Map<string, { id: string; sequence: number }[]>()
        for (const id of ids)
          events.set(id, (await feed.ask('GET', `/connections/${id}/events?per_page=100`)).body)
        for (const [id, known] of events)
          expect([id, known.map(({ sequence }) => sequence)]).toEqual([id, known.map((_, at) => at + 1)])
        const published = await feed.ids('limit=100')
        expect([...events.values()].flat().filter(({ id }) => !published.includes(id))).toEqual([])
        const told = (id: string) =>
          theirs()
            .received.filter(({ body }) => body.data.connection_id === id)
            .map(({ body }) => body.data.sequence as number)
        const missing = async () =>
          [...events].flatMap(([id, known]) =>
            known
              .filter(({ sequence }) => !told(id).includes(sequence))
              .map(({ sequence }) => [id, sequence]),
          )
        expect(await until(missing, (left) => left.length === 0, TOLD_WITHIN_MS)).toEqual([])
        for (const id of ids) {
          const firsts = [...new Set(told(id))]
          expect([id, firsts]).toEqual([id, firsts.toSorted((one, other) => one - other)])
        }
      },
      TOLD_WITHIN_MS * 2,
    )
}

/** Makes connections and a subscription, and has the vault upgraded while others are made, renewed and changed. */
async function upgradeUnderLoad(place: DeployedPlace, upgrade: () => Promise<void>): Promise<Upgraded> {
  const tenant = newTenant()
  const { token, ...target } = place
  const known = await token(tenant)
  const world = grantCalls({ ...target, tenant, token: async () => known })
  const feed = feedCalls(place, tenant, TOLD_WITHIN_MS)
  const subscribed = await feed.ask('POST', '/subscriptions', { url: place.upgradeReceiver.url })
  expect(subscribed.status).toBe(201)
  const fixed = (await world.create(BEFORE)).body.id
  const machine = { name: 'Orders', app_id: 'OAUTH2', setup: world.machineSetup() }
  const granted = [(await world.create(machine)).body.id, await world.authorized(), await world.authorized()]
  const idle = await world.authorized()
  const load = startLoad(world, granted)
  try {
    await upgrade()
  } finally {
    await load.end()
  }
  return { world, feed, load, fixed, granted, idle }
}
