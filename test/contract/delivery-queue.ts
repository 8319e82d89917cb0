import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { deliveryShard } from '../../shared/domain/keys.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { Subscription } from '../../shared/domain/subscription.ts'
import type { DeliveryMessage, DeliveryQueue } from '../../shared/ports/delivery-queue.ts'
import type { OutgoingFetch } from '../../shared/ports/outgoing-fetch.ts'
import type { DeliverPorts } from '../../shared/use-cases/subscriptions/deliver-event.ts'
import { listDeliveries } from '../../shared/use-cases/subscriptions/replay.ts'
import { subscriptionWrite } from '../../shared/use-cases/subscriptions/subscription-rows.ts'
import { deliveryMessage } from '../support/delivery-message.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { NoMetrics } from '../support/no-metrics.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const TENANT = 'acme'
/** Longer than the first pause after a failure, and shorter than the second. */
const FIRST_PAUSE_MS = 7_000
const SECOND_PAUSE_MS = 75_000

/** What a queue and those who work it reach the world through, on a clock that the test moves. */
export type DeliveringPorts = Omit<DeliverPorts, 'metrics' | 'clock'> & {
  readonly metrics: NoMetrics
  readonly clock: ManualClock
}

/** A queue as it is wired, with who works it. */
export interface WorkedQueue {
  readonly queue: DeliveryQueue
  /** Has all sent that may be sent. */
  settle(): Promise<void>
  /** Lets time pass, and has sent what may be sent then. */
  advance(ms: number): Promise<void>
  /** Its process ends and another begins; what waits in the queue is all that goes over. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** What every queue of deliveries keeps, told by what receivers get and by what the list of deliveries shows. */
export function deliveryQueueContract(
  name: string,
  open: (ports: DeliveringPorts) => Promise<WorkedQueue>,
): void {
  describe(`${name} as the delivery queue`, () => {
    let world: Awaited<ReturnType<typeof openWorld>>
    let worked: WorkedQueue
    beforeEach(async () => {
      world = await openWorld()
      worked = await open(world.ports)
    })
    afterEach(() => worked.close())

    const take = async (...messages: DeliveryMessage[]) => {
      await worked.queue.enqueue(messages)
      await worked.settle()
    }

    it('sends what it takes, in order for one subscription and connection', async () => {
      await take(message('a', 1), message('b', 2), message('a', 3), message('a', 4))
      await take(message('b', 5), message('a', 6), message('a', 7, { to: 'su_2' }))
      expect(world.received('su_1', 'a')).toEqual([1, 3, 4, 6])
      expect(world.received('su_1', 'b')).toEqual([2, 5])
      expect(world.received('su_2', 'a')).toEqual([7])
      expect(await world.listed('su_1')).toEqual(
        [6, 5, 4, 3, 2, 1].map((place) => ({ place, status: 'delivered', tries: 1 })),
      )
    })

    it('sends nothing behind one that has to wait, lists both, and lets all others go on', async () => {
      world.answers = ({ to, place }) => (to === 'su_1' && place === 1 ? 500 : 204)
      await take(message('a', 1), message('a', 2), message('b', 3), message('a', 4, { to: 'su_2' }))
      expect([world.received('su_1', 'b'), world.received('su_2', 'a')]).toEqual([[3], [4]])
      expect(world.received('su_1', 'a')).toEqual([1])
      expect(await world.listed('su_1')).toEqual([
        { place: 3, status: 'delivered', tries: 1 },
        { place: 2, status: 'pending', tries: 0 },
        { place: 1, status: 'pending', tries: 1 },
      ])
      await worked.advance(FIRST_PAUSE_MS)
      world.answers = () => 204
      await worked.advance(SECOND_PAUSE_MS)
      expect(world.received('su_1', 'a')).toEqual([1, 1, 1, 2])
      expect((await world.listed('su_1')).map(({ status }) => status)).toEqual(Array(3).fill('delivered'))
    })

    it('takes one that it has no second time, whether it waits or was sent', async () => {
      world.answers = ({ place }) => (place === 1 ? 500 : 204)
      await take(message('a', 1), message('b', 2))
      await take(message('a', 1), message('b', 2))
      world.answers = () => 204
      await worked.advance(FIRST_PAUSE_MS)
      await worked.advance(SECOND_PAUSE_MS)
      await take(message('a', 1), message('b', 2))
      expect([world.received('su_1', 'a'), world.received('su_1', 'b')]).toEqual([[1, 1], [2]])
    })

    it('has nothing left in the index once all is sent, also what had failed', async () => {
      world.answers = ({ place }) => (place === 1 ? 500 : 204)
      await take(message('a', 1), message('b', 2))
      world.answers = () => 204
      await worked.advance(FIRST_PAUSE_MS)
      await worked.advance(SECOND_PAUSE_MS)
      expect((await world.listed('su_1')).map(({ status }) => status)).toEqual(['delivered', 'delivered'])
      const waiting = await world.ports.items.queryDue({
        shard: deliveryShard(),
        dueAtMostMs: Number.MAX_SAFE_INTEGER,
        limit: 10,
      })
      expect(waiting.items).toEqual([])
    })

    it('sends again what was sent, for a request that asks for that', async () => {
      await take(message('a', 1))
      await take(message('a', 1, { again: 'replay-1' }))
      await take(message('a', 1, { again: 'replay-2' }))
      expect(world.received('su_1', 'a')).toEqual([1, 1, 1])
      expect(await world.listed('su_1')).toEqual([{ place: 1, status: 'delivered', tries: 1 }])
    })

    it('goes on after the end of its process, in the same order', async () => {
      world.answers = () => 500
      await take(message('a', 1), message('a', 2), message('b', 3))
      await worked.restart()
      world.answers = () => 204
      await take(message('a', 4))
      await worked.advance(FIRST_PAUSE_MS)
      await worked.advance(SECOND_PAUSE_MS)
      expect(world.received('su_1', 'a')).toEqual([1, 1, 2, 4])
      expect(world.received('su_1', 'b')).toEqual([3, 3])
    })

    it('takes as many at once as an event has subscriptions', async () => {
      const many = Array.from({ length: 120 }, (_, at) => message(`c${at % 50}`, at + 1))
      await take(...many)
      expect(world.received('su_1', 'c7')).toEqual([8, 58, 108])
      expect(world.count()).toBe(120)
    })
  })
}

interface Received {
  readonly to: string
  readonly connection: string
  readonly place: number
}

function message(
  connection: string,
  place: number,
  { to = 'su_1', again }: { to?: string; again?: string } = {},
): DeliveryMessage {
  return deliveryMessage({ id: `${to} ${connection} ${place}`, to, connection, place, again })
}

/** Two subscriptions, and receivers that answer as the test says and remember what they got. */
async function openWorld() {
  const items = new MemoryItemStore()
  const clock = new ManualClock()
  const got: Received[] = []
  const world = { answers: (_received: Received): number => 204 }
  const fetch: OutgoingFetch = async (_url, { body }) => {
    const [to = '', connection = '', place] = (JSON.parse(body!) as { id: string }).id.split(' ')
    const received = { to, connection, place: Number(place) }
    got.push(received)
    return { kind: 'answer', status: world.answers(received), headers: {}, body: new SecretText('') }
  }
  for (const id of ['su_1', 'su_2']) {
    const subscription = { ...SUBSCRIPTION, id, createdAtMs: clock.nowMs(), updatedAtMs: clock.nowMs() }
    await items.transact([subscriptionWrite(subscription, undefined)])
  }
  const quiet = () => undefined
  const unused = {} as never
  const ports: DeliveringPorts = {
    ...{ items, clock, fetch, random: new SeededRandom(1), metrics: new NoMetrics() },
    ...{ secrets: unused, digester: unused, opened: unused, grants: unused },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet, access: quiet },
    deployment: 'test',
    publicUrl: 'https://vault.example.com',
  }
  return Object.assign(world, {
    ports,
    count: () => got.length,
    received: (to: string, connection: string) =>
      got.filter((each) => each.to === to && each.connection === connection).map(({ place }) => place),
    listed: async (id: string) =>
      (await listDeliveries(ports, { tenant: TENANT, id, limit: 100 })).deliveries.map(
        ({ place, status, tries }) => ({ place, status, tries }),
      ),
  })
}

const SUBSCRIPTION: Omit<Subscription, 'id' | 'createdAtMs' | 'updatedAtMs'> = {
  tenant: TENANT,
  target: { kind: 'webhook', url: 'https://hooks.example.com/x' },
  filter: {},
  status: 'enabled',
  createdBy: 'me',
  generations: 1,
  version: 1,
  op: 'op',
}
