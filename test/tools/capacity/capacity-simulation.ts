import { MemoryItemStore } from '../../../shared/adapters/memory/memory-item-store.ts'
import { SealedSecretStore } from '../../../shared/adapters/sealed/sealed-secret-store.ts'
import { secretIdOf } from '../../../shared/domain/secret-id.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import type { ItemStore, Write } from '../../../shared/ports/item-store.ts'
import type { SecretStore } from '../../../shared/ports/secret-store.ts'
import { Chance } from '../../simulation/chance.ts'
import { People } from '../../simulation/people.ts'
import { FAIR_PROVIDER, FAIR_STORES, scenarioOf } from '../../simulation/scenario.ts'
import { World } from '../../simulation/world.ts'

const MINUTE_MS = 60_000

/** What happened per rotation, and how often there was one. */
export interface MeasuredRotations {
  readonly rotations: number
  readonly perSecond: number
  /** Writes outside and inside of transactions, the latter with their checks. */
  readonly singleWrites: number
  readonly transactionWrites: number
  readonly dueIndexChanges: number
  readonly rowReads: number
  readonly secretPuts: number
  readonly secretReads: number
  /** The largest items written, as JSON, which is a little more than DynamoDB counts. */
  readonly rowBytes: number
  /** What a lease and its attempt add to a row meanwhile. */
  readonly leaseBytes: number
  readonly eventBytes: number
}

/** Runs `connections` of one hour's or another life over virtual time in fair weather, and counts calls per rotation. */
export async function measureRotations(options: {
  connections: number
  accessLifeMs: number
  hours: number
}): Promise<MeasuredRotations> {
  const { connections, accessLifeMs, hours } = options
  const rules = {
    accessLifeMs,
    expiryBasis: 'stated',
    rotates: true,
    graceMs: 0,
    reuseRevokes: true,
  } as const
  const app = { appId: 'OAUTH2', type: 'AUTHORIZATION_CODE', rules }
  const counts = newCounts()
  const lease = { bytes: 0 }
  const world = new World(
    {
      ...scenarioOf(1),
      machines: 2,
      apps: Array.from({ length: connections }, () => app),
      stores: FAIR_STORES,
      provider: FAIR_PROVIDER,
      maxOffsetMs: 0,
      queueTrouble: 0,
    },
    {
      items: (real) => countingItems(real, counts, lease),
      secrets: (real) => countingSecrets(real, counts),
    },
  )
  const people = new People(world)
  void world.attempt('moving in', () => people.moveIn())
  await world.time.runUntil(world.time.nowMs + 5 * MINUTE_MS)
  world.startLoops()
  // A whole life first, so that the start is forgotten.
  await world.time.runUntil(world.time.nowMs + accessLifeMs)
  const before = world.invariants.counts.rotations
  Object.assign(counts, newCounts())
  await world.time.runUntil(world.time.nowMs + hours * 60 * MINUTE_MS)
  const rotations = world.invariants.counts.rotations - before
  const each = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / rotations]))
  return {
    ...(each as unknown as ReturnType<typeof newCounts>),
    ...(await largestItems(world.items)),
    leaseBytes: lease.bytes,
    rotations,
    perSecond: rotations / (hours * 3600),
  }
}

async function largestItems(items: ItemStore) {
  const bytes = { rowBytes: 0, eventBytes: 0 }
  let nextToken: string | undefined
  do {
    const page = await items.scan({ limit: 100, ...(nextToken === undefined ? {} : { nextToken }) })
    for (const { key, attributes } of page.items) {
      const size = JSON.stringify({ key, attributes }).length
      if (key.partition.endsWith('#CONNECTIONS')) bytes.rowBytes = Math.max(bytes.rowBytes, size)
      if (key.partition.endsWith('#EVENTS')) bytes.eventBytes = Math.max(bytes.eventBytes, size)
    }
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return bytes
}

function newCounts() {
  return {
    singleWrites: 0,
    transactionWrites: 0,
    dueIndexChanges: 0,
    rowReads: 0,
    secretPuts: 0,
    secretReads: 0,
  }
}

type Counted = ReturnType<typeof newCounts>

function countingItems(real: ItemStore, counts: Counted, lease = { bytes: 0 }): ItemStore {
  return {
    get: (key, options) => {
      counts.rowReads++
      return real.get(key, options)
    },
    transact: (writes) => {
      const [first] = writes
      if (first !== undefined && 'set' in first && first.set !== undefined && 'attempt' in first.set)
        lease.bytes = Math.max(lease.bytes, JSON.stringify(first.set).length)
      if (writes.length === 1) counts.singleWrites++
      else counts.transactionWrites += writes.length
      counts.dueIndexChanges += writes.filter(changesDueIndex).length
      return real.transact(writes)
    },
    query: (query) => real.query(query),
    queryDue: (query) => real.queryDue(query),
    scan: (query) => real.scan(query),
  }
}

function changesDueIndex(write: Write): boolean {
  return 'set' in write && write.set !== undefined && 'due_at' in write.set
}

function countingSecrets(real: SecretStore, counts: Counted): SecretStore {
  return new Proxy(real, {
    get(target, name) {
      if (name === 'put') counts.secretPuts++
      if (name === 'get') counts.secretReads++
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** A wrapped data key of KMS, 184 bytes, in base64. */
const WRAPPED_KEY = 'k'.repeat(248)
const FIRST = '00000000-0000-4000-8000-000000000001'
const SECOND = '00000000-0000-4000-8000-000000000002'

/** What a rotation asks of the sealed store: a version read, its successor put, the old one removed. */
export async function measureSealedRotation(secretBytes: number) {
  const counts = newCounts()
  const items = new MemoryItemStore()
  let keyCalls = 0
  const dataKey = () => {
    keyCalls++
    return new Uint8Array(32)
  }
  const keys = {
    generateDataKey: async () => ({ plaintext: dataKey(), key: { keyId: 'k', wrapped: WRAPPED_KEY } }),
    unwrap: async () => dataKey(),
    rewrap: async () => ({ keyId: 'k', wrapped: WRAPPED_KEY }),
  }
  const clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: async () => undefined }
  const store = new SealedSecretStore({
    items: countingItems(items, counts),
    keys,
    clock,
    random: new Chance(1),
  })
  const secretId = secretIdOf({ tenant: 'acme', ownerId: 'ac_1', generation: 1 })
  await store.put(secretId, FIRST, new SecretText('a'.repeat(secretBytes)), { isNew: true })
  Object.assign(counts, newCounts())
  keyCalls = 0
  await store.get(secretId, FIRST)
  await store.put(secretId, SECOND, new SecretText('b'.repeat(secretBytes)))
  await store.discard(secretId, FIRST)
  const versions = (await items.scan({ limit: 10 })).items.map((item) => JSON.stringify(item).length)
  return { ...counts, keyCalls, versionBytes: Math.max(...versions) }
}
