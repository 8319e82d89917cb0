import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { createHandler } from '../../../functions/deliver/handler.ts'
import { MemoryItemStore } from '../../../shared/adapters/memory/memory-item-store.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import type { Subscription } from '../../../shared/domain/subscription.ts'
import type { DeliveryMessage } from '../../../shared/ports/delivery-queue.ts'
import { StoreUnavailableError } from '../../../shared/ports/item-store.ts'
import type { OutgoingOutcome } from '../../../shared/ports/outgoing-fetch.ts'
import { subscriptionWrite } from '../../../shared/use-cases/subscriptions/subscription-rows.ts'
import { deliveryMessage } from '../../support/delivery-message.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { NoMetrics } from '../../support/no-metrics.ts'
import { SeededRandom } from '../../support/seeded-random.ts'

const HOUR_MS = 3_600_000

/** A receiver that answers with a status a call, and the function before it. */
async function world(statusOf: (eventId: string) => number) {
  const items = new MemoryItemStore()
  const clock = new ManualClock()
  const sent: string[] = []
  const putOff: [handle: string, ms: number][] = []
  const lines: string[] = []
  const turns = { areFree: true }
  const note = (message: string) => lines.push(message)
  const unused = {} as never
  const subscription = {
    id: 'su_1',
    tenant: 'acme',
    target: { kind: 'webhook', url: 'https://hooks.example.com/x' },
    filter: {},
    status: 'enabled',
    createdAtMs: clock.nowMs(),
    updatedAtMs: clock.nowMs(),
    createdBy: 'me',
    generations: 1,
    version: 1,
    op: 'op',
  } as const satisfies Subscription
  await items.transact([subscriptionWrite(subscription, undefined)])
  const handle = createHandler({
    items,
    clock,
    secrets: unused,
    digester: unused,
    opened: unused,
    grants: unused,
    random: new SeededRandom(1),
    log: { debug: note, info: note, warn: note, error: note, access: () => undefined },
    metrics: new NoMetrics(),
    deployment: 'test',
    publicUrl: 'https://vault.example.com',
    fetch: async (_url, { body }): Promise<OutgoingOutcome> => {
      const { id } = JSON.parse(body!) as { id: string }
      sent.push(id)
      return { kind: 'answer', status: statusOf(id), headers: {}, body: new SecretText('') }
    },
    inTurn: async (_tenant, act) => (turns.areFree ? { result: await act() } : undefined),
    putOff: async (receiptHandle, ms) => void putOff.push([receiptHandle, ms]),
  })
  return { items, clock, handle, sent, putOff, lines, turns }
}

const messageOf = (connection: string, place: number, again?: string): DeliveryMessage =>
  deliveryMessage({ id: `${connection}-${place}`, to: 'su_1', connection, place, again })
/** How often the queue says that it has handed a message out. */
const receives = { count: 1 }
const record = (message: DeliveryMessage | string): SQSRecord => {
  const body = typeof message === 'string' ? message : JSON.stringify(message)
  const id = typeof message === 'string' ? message : message.event.id
  const group = typeof message === 'string' ? message : message.event.connection_id
  return {
    messageId: id,
    receiptHandle: `handle of ${id}`,
    body,
    attributes: { MessageGroupId: group, ApproximateReceiveCount: String(receives.count) },
  } as SQSRecord
}
const batch = (...messages: (DeliveryMessage | string)[]): SQSEvent => ({ Records: messages.map(record) })
const failuresOf = ({ batchItemFailures }: { batchItemFailures: { itemIdentifier: string }[] }) =>
  batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)

describe('the handler of deliver', () => {
  it('sends a group in order, and nothing behind one that has to wait; other groups go on', async () => {
    const { handle, sent, putOff } = await world((id) => (id === 'ac_a-2' ? 500 : 204))
    const answer = await handle(
      batch(messageOf('ac_a', 1), messageOf('ac_b', 4), messageOf('ac_a', 2), messageOf('ac_a', 3)),
    )
    expect(sent.toSorted()).toEqual(['ac_a-1', 'ac_a-2', 'ac_b-4'])
    expect(failuresOf(answer)).toEqual(['ac_a-2', 'ac_a-3'])
    expect(putOff.map(([handle]) => handle)).toEqual(['handle of ac_a-2', 'handle of ac_a-3'])
    for (const [, ms] of putOff) expect(ms).toBeGreaterThan(3_000)
  })

  it('does not call a receiver again before its time, and not after it has taken the event', async () => {
    let status = 500
    const { handle, sent, clock, putOff } = await world(() => status)
    await handle(batch(messageOf('ac_a', 1)))
    expect(failuresOf(await handle(batch(messageOf('ac_a', 1))))).toEqual(['ac_a-1'])
    expect(sent).toHaveLength(1)
    await clock.advance(putOff[0]![1])
    status = 204
    expect(failuresOf(await handle(batch(messageOf('ac_a', 1))))).toEqual([])
    expect(failuresOf(await handle(batch(messageOf('ac_a', 1))))).toEqual([])
    expect(sent).toHaveLength(2)
  })

  it('gives a replay up after its own day, however often the queue brings it', async () => {
    const { handle, sent, clock, putOff } = await world(() => 500)
    const again = messageOf('ac_a', 1, 'replay-1')
    let tries = 0
    while (failuresOf(await handle(batch(again))).length > 0 && ++tries < 30) {
      await clock.advance(putOff.at(-1)![1])
    }
    expect(tries).toBeLessThan(30)
    expect(sent).toHaveLength(9)
    expect(clock.nowMs() - Date.UTC(2030, 0, 1)).toBeLessThan(26 * HOUR_MS)
  })

  it('sends on request what was taken, once a request', async () => {
    const { handle, sent } = await world(() => 204)
    const all = [undefined, 'replay-1', 'replay-1', 'replay-2', undefined]
    for (const again of all) await handle(batch(messageOf('ac_a', 1, again)))
    expect(sent).toHaveLength(3)
  })

  it('sets aside what it cannot read, and goes on', async () => {
    const { handle, sent, lines } = await world(() => 204)
    const answer = await handle(batch('{', 'null', '{"tenant":"acme"}', messageOf('ac_a', 1)))
    expect(failuresOf(answer)).toEqual([])
    expect(sent).toEqual(['ac_a-1'])
    expect(lines).toHaveLength(3)
  })

  it('calls nobody without a turn of the tenant, and comes back later each time', async () => {
    const { handle, sent, putOff, turns } = await world(() => 204)
    turns.areFree = false
    for (receives.count of [1, 10, 900]) {
      expect(failuresOf(await handle(batch(messageOf('ac_a', 1))))).toEqual(['ac_a-1'])
    }
    receives.count = 1
    expect(putOff.map(([, ms]) => ms)).toEqual([2_000, 20_000, 120_000])
    expect(sent).toEqual([])
    turns.areFree = true
    await handle(batch(messageOf('ac_a', 1)))
    expect(sent).toEqual(['ac_a-1'])
  })

  it('has a message back within seconds when the table is away', async () => {
    const { handle, putOff, items } = await world(() => 204)
    items.transact = () => Promise.reject(new StoreUnavailableError('away', 'unknown'))
    expect(failuresOf(await handle(batch(messageOf('ac_a', 1))))).toEqual(['ac_a-1'])
    expect(putOff).toEqual([['handle of ac_a-1', 5_000]])
  })
})
