import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DYNAMO_CLIENT_SETTINGS } from '../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import type { ConnectionRow } from '../../shared/domain/connection.ts'
import { connectionKey } from '../../shared/domain/keys.ts'
import { newTenant } from '../support/api-target.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { CONNECTIONS, type GrantCalls, grantCalls, type JsonAnswer } from '../support/grant-calls.ts'
import type { WokenPlace } from './woken-suite.ts'

const SUBSCRIPTIONS = '/api/v2/flows/vault/subscriptions'
/** At once, each in an instance of its own as far as the emulator has them. */
const AT_ONCE = 12
/** Of those that ask a provider, of which five of a tenant may be under way. */
const ASKING = 8
/** A busy emulator takes longer for a call than a fetch or a create waits: who is told to come again does, so often. */
const TRIES = 4
/** Emulated instances start in about a second, and a burst starts many. */
const BURST_WITHIN_MS = 90_000
const SECOND_MS = 1_000
const STATIC = {
  name: 'one of many',
  app_id: 'HTTP',
  setup: { type: 'BEARER', token: 'burst-token-0123456789' },
}

/**
 * What one tenant asks for in the same instant, of instances that know nothing of one another: nobody is refused for
 * having met others, and what may be had once is had once.
 */
export function burstSuite(place: () => WokenPlace): void {
  describe(`${AT_ONCE} requests of a tenant in one instant`, () => {
    const clock = new SystemClock()
    let items: DynamoItemStore
    let tenant: string
    let world: GrantCalls
    beforeAll(() => {
      const client = new DynamoDBClient({ ...emulatorClientConfig('ministack'), ...DYNAMO_CLIENT_SETTINGS })
      items = new DynamoItemStore({ client, tableName: place().tableName, clock, random: new SystemRandom() })
    })
    beforeEach(() => {
      tenant = newTenant()
      const { token, ...target } = place()
      const known = token(tenant)
      world = grantCalls({ ...target, tenant, token: () => known })
    })

    const burst = (ask: (at: number) => Promise<JsonAnswer>, count = AT_ONCE): Promise<JsonAnswer[]> =>
      Promise.all(Array.from({ length: count }, (_, at) => ask(at)))
    const machine = () => ({ name: 'Orders', app_id: 'OAUTH2', setup: world.machineSetup() })
    const createOne = async (body: unknown): Promise<string> => (await world.create(body)).body.id
    /** A few at a time: an emulator that starts many instances at once takes seconds for each. */
    async function createMany(body: unknown, count: number): Promise<string[]> {
      const ids: string[] = []
      while (ids.length < count)
        ids.push(...(await Promise.all(Array.from({ length: 4 }, () => createOne(body)))))
      return ids
    }
    /** Ends a connection's access token, as time would. */
    async function expire(id: string): Promise<void> {
      const key = connectionKey(tenant, id)
      const row = (await items.get(key)) as unknown as ConnectionRow
      const past = {
        issuedAtMs: clock.nowMs() - 3600 * SECOND_MS,
        accessExpiresAtMs: clock.nowMs() - SECOND_MS,
      }
      const grants = { main: { ...row.grants!['main']!, ...past } }
      await items.transact([{ op: 'update', key, set: { grants } }])
    }

    it(
      'creates that store a secret',
      async () => {
        expect(told(await burst(() => world.create(STATIC)))).toEqual({ 201: AT_ONCE })
        expect((await world.call('GET', `${CONNECTIONS}?include_totals=true`)).body.total).toBe(AT_ONCE)
      },
      BURST_WITHIN_MS,
    )

    it(
      'creates that ask a provider',
      async () => {
        const answers = await burst(() => world.create(machine()), ASKING)
        expect(told(answers)).toEqual({ 201: ASKING })
      },
      BURST_WITHIN_MS,
    )

    it(
      'creates with one Idempotency-Key',
      async () => {
        const headers = { 'idempotency-key': `burst-${tenant}` }
        const create = () => world.call('POST', CONNECTIONS, STATIC, { headers })
        const answers = await burst(create)
        expect(Object.keys(told(answers))).toEqual(expect.arrayContaining(['201']))
        expect(answers.filter(({ status }) => ![201, 409].includes(status))).toEqual([])
        const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.id)
        expect([...new Set([...made, (await create()).body.id])]).toHaveLength(1)
      },
      BURST_WITHIN_MS,
    )

    it(
      'fetches and lists',
      async () => {
        const id = await createOne(STATIC)
        expect(told(await burst(() => world.fetchCredential(id)))).toEqual({ 200: AT_ONCE })
        expect(told(await burst(() => world.call('GET', `${CONNECTIONS}?view=full`)))).toEqual({
          200: AT_ONCE,
        })
      },
      BURST_WITHIN_MS,
    )

    it(
      'fetches of one token that has ended: it is renewed once',
      async () => {
        const id = await createOne(machine())
        await expire(id)
        const asked = world.provider.tokenRequests.length
        expect(told(await burst(asTold(() => world.fetchCredential(id))))).toEqual({ 200: AT_ONCE })
        expect(world.provider.tokenRequests.length - asked).toBe(1)
      },
      BURST_WITHIN_MS,
    )

    it(
      'fetches of tokens that have all ended',
      async () => {
        const ids = await createMany(machine(), ASKING)
        await Promise.all(ids.map(expire))
        const fetched = await burst(
          asTold((at) => world.fetchCredential(ids[at]!)),
          ASKING,
        )
        expect(told(fetched)).toEqual({ 200: ASKING })
      },
      BURST_WITHIN_MS,
    )

    it(
      'changes of one connection',
      async () => {
        const id = await createOne(STATIC)
        const path = `${CONNECTIONS}/${id}`
        expect(told(await burst((at) => world.call('PATCH', path, { name: `name ${at}` })))).toEqual({
          200: AT_ONCE,
        })
        expect(await world.view(id)).toMatchObject({ version: AT_ONCE + 1 })
      },
      BURST_WITHIN_MS,
    )

    it(
      'verifications and rotations of one connection',
      async () => {
        const id = await createOne(machine())
        const verified = await burst(
          asTold(() => world.call('POST', `${CONNECTIONS}/${id}/verify`, {})),
          ASKING,
        )
        expect(told(verified)).toEqual({ 200: ASKING })
        const rotated = await burst(() => world.call('POST', `${CONNECTIONS}/${id}/rotate`, {}))
        expect(told(rotated)).toEqual({ 200: AT_ONCE })
        expect(await world.view(id)).toMatchObject({ status: 'ready' })
      },
      BURST_WITHIN_MS,
    )

    it(
      'reports of one refused credential',
      async () => {
        const id = await createOne(machine())
        const reports = await burst(() =>
          world.call('POST', `${CONNECTIONS}/${id}/credentials/rejected`, { credential_version: 1 }),
        )
        expect(told(reports)).toEqual({ 200: AT_ONCE })
      },
      BURST_WITHIN_MS,
    )

    it(
      'deletions, of many and of one',
      async () => {
        const ids = await createMany(STATIC, AT_ONCE)
        const [first = '', ...others] = ids
        const many = await burst((at) => world.call('DELETE', `${CONNECTIONS}/${others[at]}`), others.length)
        expect(told(many)).toEqual({ 204: others.length })
        const one = told(await burst(() => world.call('DELETE', `${CONNECTIONS}/${first}`)))
        expect(one).toEqual({ 204: 1, 404: AT_ONCE - 1 })
        expect((await world.call('GET', `${CONNECTIONS}?include_totals=true`)).body.total).toBe(0)
        const restored = told(await burst(() => world.call('POST', `${CONNECTIONS}/${first}/restore`)))
        expect(restored).toEqual({ 200: AT_ONCE })
      },
      BURST_WITHIN_MS,
    )

    it(
      'subscriptions',
      async () => {
        const create = (at: number) =>
          world.call('POST', SUBSCRIPTIONS, { url: `https://hooks.example.com/${at}` })
        expect(told(await burst(create))).toEqual({ 201: AT_ONCE })
      },
      BURST_WITHIN_MS,
    )
  })
}

/** Asks again after the pause that it is told, as a client does. */
function asTold(ask: (at: number) => Promise<JsonAnswer>): (at: number) => Promise<JsonAnswer> {
  return async (at) => {
    for (let tries = 1; ; tries++) {
      const answer = await ask(at)
      const pauseS = answer.headers.get('retry-after')
      if (pauseS === null || tries === TRIES) return answer
      await sleep(Number(pauseS) * SECOND_MS)
    }
  }
}

/** How often each status was answered, and what was said with those that refuse. */
function told(answers: readonly JsonAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, body } of answers) {
    const what =
      status < 500 && status !== 429 ? `${status}` : `${status} ${body?.errorCode} ${body?.message}`
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}
