import { rmSync } from 'node:fs'
import path from 'node:path'
import { createLocalGrantRunner } from '../../functions/grants/local-grant-runner.ts'
import { createEventFlow } from '../../infra/embedded/event-flow.ts'
import { createGuardedFetch } from '../../shared/adapters/oauth/outgoing-guard.ts'
import { createKeyFile } from '../../shared/adapters/sealed/key-file.ts'
import { SqliteItemStore } from '../../shared/adapters/sqlite/sqlite-item-store.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { findPartitionParts } from '../../shared/domain/keys.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { OutgoingFetch } from '../../shared/ports/outgoing-fetch.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { deliverEvent } from '../../shared/use-cases/subscriptions/deliver-event.ts'
import { createSubscription } from '../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { NoMetrics } from '../support/no-metrics.ts'
import { commitEvent } from '../support/outbox.ts'
import { newDataFolder } from '../support/running-vault.ts'
import { until } from '../support/until.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { mintingPorts } from './minting-ports.ts'
import { printTable, type Row } from './table.ts'

/** Deliveries of one measure, whatever the number of webhooks; the least number of events shows a rate. */
const DELIVERIES = 8_000
const LEAST_EVENTS = 200
const CONNECTIONS = 50
const CREATES = 2_000
const CALLERS = 32
/** A tenant may have fifty. */
const WEBHOOKS_PER_TENANT = 50
const WITHIN_MS = 180_000

/** Events a second to the feed and to webhooks, and what the outbox costs a create; embedded, on SQLite. */
export async function benchEvents(): Promise<void> {
  const told: Row[] = []
  for (const webhooks of [0, 1, 10, 100]) told.push(await toldRow(webhooks))
  printTable('Events told, embedded (vault and receiver in one process)', told)
  printTable('What the outbox costs a create', await createRows())
}

interface World {
  readonly ports: Awaited<ReturnType<typeof mintingPorts>>
  readonly items: SqliteItemStore
  close(): Promise<void>
}

async function openWorld(): Promise<World> {
  const folder = await newDataFolder()
  const keyPath = path.join(folder, 'keys.json')
  const items = SqliteItemStore.open({ path: path.join(folder, 'vault.db') })
  await createKeyFile(keyPath, new SystemRandom())
  const ports = await mintingPorts(items, keyPath, { answerMs: 0 })
  return {
    ports,
    items,
    async close() {
      await items.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Events are committed as fast as they can be, and counted when the last of them has arrived everywhere. */
async function toldRow(webhooks: number): Promise<Row> {
  const { ports, close } = await openWorld()
  const receiver = await startWebhookReceiver()
  const flow = createEventFlow({ ...ports, metrics: new NoMetrics() })
  const fetch: OutgoingFetch = createGuardedFetch({ allowHosts: [receiver.host], clock: ports.clock })
  const sending = { ...ports, fetch, grants: createLocalGrantRunner(ports), metrics: new NoMetrics() }
  const where = { deployment: 'bench', publicUrl: 'http://127.0.0.1' }
  flow.connect((message) => deliverEvent({ ...sending, ...where, items: flow.items }, message))
  const tenants = Math.max(1, Math.ceil(webhooks / WEBHOOKS_PER_TENANT))
  for (let index = 0; index < webhooks; index++) {
    const tenant = `bench-${index % tenants}`
    const target = { kind: 'webhook', url: receiver.url } as const
    await createSubscription(ports, { tenant, clientId: 'bench', target, filter: {} })
  }
  const each = webhooks / tenants
  const events = Math.max(LEAST_EVENTS, Math.ceil(DELIVERIES / Math.max(1, each)))
  const startedAtMs = performance.now()
  const sequences = new Map<string, number>()
  await side(CALLERS, events, async (index) => {
    const connection = `ac_${index % CONNECTIONS}`
    const sequence = (sequences.get(connection) ?? 0) + 1
    sequences.set(connection, sequence)
    const tenant = `bench-${index % tenants}`
    await commitEvent(flow.items, { tenant, connection, sequence, nowMs: ports.clock.nowMs() })
  })
  const committedMs = performance.now() - startedAtMs
  await flow.loop.run()
  await until(
    async () => receiver.received.length,
    (count) => count >= events * each,
    WITHIN_MS,
  )
  const seconds = (performance.now() - startedAtMs) / 1000
  await flow.close()
  await receiver.close()
  await close()
  const calls = events * each
  return {
    what:
      webhooks === 0
        ? 'the feed alone'
        : `${webhooks} webhooks of ${tenants} tenant${tenants > 1 ? 's' : ''}`,
    value: `${Math.round(events / seconds)} events/s, ${Math.round(calls / seconds)} calls/s`,
    beside: `committed ${Math.round(events / (committedMs / 1000))}/s meanwhile`,
  }
}

async function createRows(): Promise<Row[]> {
  const setup = { type: 'BEARER', token: 'bench-token-000' }
  const input = { tenant: 'bench', clientId: 'bench', name: 'bench', appId: 'HTTP', setup }
  const rates = async (items: (world: World) => { store: ItemStore; close(): Promise<void> }) => {
    const world = await openWorld()
    const { store, close } = items(world)
    const ports = { ...world.ports, items: store }
    const grants = createLocalGrantRunner(ports)
    const startedAtMs = performance.now()
    await side(CALLERS, CREATES, () => createConnection({ ...ports, grants }, input))
    const rate = CREATES / ((performance.now() - startedAtMs) / 1000)
    await close()
    await world.close()
    return `${Math.round(rate)}/s`
  }
  const nothing = async () => undefined
  const without = await rates(({ items }) => ({ store: withoutEvents(items), close: nothing }))
  const written = await rates(({ items }) => ({ store: items, close: nothing }))
  const published = await rates(({ ports }) => {
    const flow = createEventFlow({ ...ports, metrics: new NoMetrics() })
    return { store: flow.items, close: () => flow.close() }
  })
  return [
    { what: 'create, with its event', value: written, beside: `without an event: ${without}` },
    { what: 'create, with its event published', value: published, beside: `without an event: ${without}` },
  ]
}

/** The store as it was before there were events: nothing but rows is written. */
function withoutEvents(store: ItemStore): ItemStore {
  const isEvent = ({ partition }: { partition: string }) => findPartitionParts(partition)?.kind === 'EVENTS'
  return {
    get: (key) => store.get(key),
    query: (query) => store.query(query),
    queryDue: (query) => store.queryDue(query),
    scan: (query) => store.scan(query),
    transact: (writes) => store.transact(writes.filter(({ key }) => !isEvent(key))),
  }
}

/** Does it `count` times, so many side by side. */
async function side(callers: number, count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const caller = async () => {
    while (next < count) await act(next++)
  }
  await Promise.all(Array.from({ length: callers }, caller))
}
