import type { SQSRecord } from 'aws-lambda'
import { createHandler as createDeliver } from '../../functions/deliver/handler.ts'
import { createHandler as createPublish } from '../../functions/publish/handler.ts'
import { outboxKeysOf } from '../../shared/adapters/dynamodb/stream-keys.ts'
import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { SqsDeliveryQueue } from '../../shared/adapters/sqs/sqs-delivery-queue.ts'
import { eventKey, feedPartition } from '../../shared/domain/keys.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { Subscription } from '../../shared/domain/subscription.ts'
import type { OutgoingFetch } from '../../shared/ports/outgoing-fetch.ts'
import { deliverInTurn } from '../../shared/use-cases/neighbours/call-turns.ts'
import { SubscriptionOutlet } from '../../shared/use-cases/subscriptions/fan-out.ts'
import { StoredDeliveryQueue } from '../../shared/use-cases/subscriptions/store-deliveries.ts'
import { subscriptionWrite } from '../../shared/use-cases/subscriptions/subscription-rows.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { NoMetrics } from '../support/no-metrics.ts'
import { commitEvent } from '../support/outbox.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { faultyStore } from './faulty-store.ts'
import { ModelFifo } from './model-fifo.ts'

const CONNECTIONS = 4
const COMMITS = 24
/** A function is killed, the table, the queue or the receiver fails, before or after it has done what it was asked. */
const FAULT = 0.1
const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
/** More rounds than any storm needs to end: a delivery that never ends is found by them. */
const MAX_ROUNDS = 3_000

/** Bugs that somebody could have built in; each must be found. */
export type DeliveringBug = 'overtakes' | 'forgets-one-that-waits' | 'trusts-the-stream'

const SUBSCRIPTION: Subscription = {
  id: 'su_1',
  tenant: 'acme',
  target: { kind: 'webhook', url: 'https://hooks.example.com/x' },
  filter: {},
  status: 'enabled',
  createdAtMs: 0,
  updatedAtMs: 0,
  createdBy: 'me',
  generations: 1,
  version: 1,
  op: 'op',
}

/**
 * The way on AWS, with its functions killed: commits, a stream that hands batches over twice or not at all, a FIFO
 * queue, and a receiver that is away for an hour. Answers what is wrong with the feed and with what was received.
 */
export async function deliverWithFaults(seed: number, bug?: DeliveringBug): Promise<string[]> {
  const random = new SeededRandom(seed)
  const store = new MemoryItemStore()
  const clock = new ManualClock()
  const fifo = new ModelFifo({ clock, random, overtakes: bug === 'overtakes' })
  const received: string[] = []
  const faults = { rate: FAULT }
  const awayFromMs = clock.nowMs() + random.below(20) * SECOND_MS
  const isAway = () => clock.nowMs() >= awayFromMs && clock.nowMs() < awayFromMs + HOUR_MS
  const happens = () => random.fraction() < faults.rate

  const fetch: OutgoingFetch = async (_url, { body }) => {
    if (isAway() || happens()) return { kind: 'not-sent', code: 'connect_failed', message: 'away' }
    received.push((JSON.parse(body!) as { id: string }).id)
    if (happens()) throw new Error('killed after the receiver had it')
    return { kind: 'answer', status: happens() ? 500 : 204, headers: {}, body: new SecretText('') }
  }
  const quiet = () => undefined
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, access: quiet }
  const unused = {} as never
  const queue = new SqsDeliveryQueue({ client: fifo.client(happens), queueUrl: 'https://sqs/x.fifo' })
  const ports = () => ({
    items: faultyStore(store, happens),
    clock,
    log,
    random,
    metrics: new NoMetrics(),
    ...{ secrets: unused, digester: unused, opened: unused, grants: unused },
  })
  const publish = () =>
    createPublish({
      ...ports(),
      outlet: new SubscriptionOutlet({ items: store }, new StoredDeliveryQueue(ports(), queue)),
      newKeysOf: outboxKeysOf,
    })
  const deliver = () =>
    createDeliver({
      ...ports(),
      fetch,
      deployment: 'simulated',
      publicUrl: 'https://vault.example.com',
      inTurn: (tenant, act) => deliverInTurn({ ...ports(), items: store }, tenant, act),
      putOff: (handle, ms) => queue.putOff(handle, ms),
    })

  await store.transact([subscriptionWrite(SUBSCRIPTION, undefined)])
  const committed: string[] = []
  const sequences = new Map<string, number>()
  const stream: { connection: string; sequence: number }[] = []
  const commit = async () => {
    const connection = `ac_${random.below(CONNECTIONS)}`
    const sequence = (sequences.get(connection) ?? 0) + 1
    sequences.set(connection, sequence)
    await commitEvent(store, { connection, sequence, nowMs: clock.nowMs() })
    committed.push(`${connection}-${sequence}`)
    stream.push({ connection, sequence })
  }
  const runStream = async () => {
    const batch = stream.slice(0, 1 + random.below(4))
    await publish()({ Records: batch.map(recordOf) }).catch(quiet)
    // It comes twice, or is gone: a function that died of it three times is passed over.
    if (!happens()) stream.splice(0, batch.length)
  }
  const runQueue = async () => {
    const record = fifo.receive()
    if (record === undefined) return
    const answer = await deliver()({ Records: [record as unknown as SQSRecord] }).catch(() => undefined)
    if (answer === undefined) return
    const isDone = answer.batchItemFailures.length === 0 || bug === 'forgets-one-that-waits'
    if (isDone && !happens()) fifo.remove(record)
  }
  const runSweep = async () => {
    if (bug !== 'trusts-the-stream') await publish()({}).catch(quiet)
  }

  while (committed.length < COMMITS) {
    const step = [commit, runStream, runStream, runQueue, runQueue][random.below(5)]!
    await step()
    await clock.advance(random.below(1_500))
    if (random.below(30) === 0) {
      await clock.advance(60 * SECOND_MS)
      await runSweep()
    }
  }
  // The storm is over: what is left comes to its end by itself.
  faults.rate = 0
  for (let round = 0; round < MAX_ROUNDS && (stream.length > 0 || !fifo.isEmpty || round < 10); round++) {
    await runStream()
    await runSweep()
    for (let messages = 0; messages < 10; messages++) await runQueue()
    await clock.advance(60 * SECOND_MS)
  }
  const feed = (await store.query({ partition: feedPartition('acme'), limit: 1000 })).items
  const told = feed.map(({ attributes }) => String(attributes['id']))
  return [
    ...(feed.some(({ key }, at) => Number(key.sort) !== at + 1) ? ['the feed has a gap'] : []),
    ...(new Set(told).size === told.length ? [] : ['the feed has an event twice']),
    ...complaints('feed', committed, told),
    ...complaints('receiver', committed, received),
  ]
}

function recordOf({ connection, sequence }: { connection: string; sequence: number }) {
  const { partition, sort } = eventKey('acme', connection, sequence)
  const NewImage = { pk: { S: partition }, sk: { S: sort }, kind: { S: 'outbox' } }
  return { eventName: 'INSERT' as const, dynamodb: { NewImage } }
}

/** What is missing, and which connection's events came out of order the first time that they came. */
function complaints(where: string, committed: readonly string[], seen: readonly string[]): string[] {
  const firsts = [...new Set(seen)]
  const missing = committed.filter((id) => !firsts.includes(id)).map((id) => `${id} is missing: ${where}`)
  const disordered = Array.from({ length: CONNECTIONS }, (_, index) => `ac_${index}`).filter((connection) => {
    const own = firsts.filter((id) => id.startsWith(`${connection}-`)).map((id) => Number(id.split('-')[1]))
    return own.some((sequence, at) => at > 0 && sequence < own[at - 1]!)
  })
  return [...missing, ...disordered.map((connection) => `${connection} is out of order: ${where}`)]
}
