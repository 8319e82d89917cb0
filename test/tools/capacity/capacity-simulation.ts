import { MemoryItemStore } from '../../../shared/adapters/memory/memory-item-store.ts'
import { SealedGrants } from '../../../shared/adapters/sealed/sealed-grants.ts'
import { MAIN_GRANT } from '../../../shared/domain/grant.ts'
import type { ItemStore, Write } from '../../../shared/ports/item-store.ts'
import type { SecretStore } from '../../../shared/ports/secret-store.ts'
import { sealedRemoval } from '../../../shared/use-cases/commit/sealed-removal.ts'
import { openTokens, prepareSeals } from '../../../shared/use-cases/grants/sealed-tokens.ts'
import { OpenedSecrets } from '../../../shared/use-cases/memory/opened-secrets.ts'
import { Chance } from '../../simulation/chance.ts'
import { People } from '../../simulation/people.ts'
import { FAIR_PROVIDER, FAIR_STORES, scenarioOf } from '../../simulation/scenario.ts'
import { World } from '../../simulation/world.ts'

const MINUTE_MS = 60_000

/** What happened per rotation, and how often there was one. */
export interface MeasuredRotations {
  readonly rotations: number
  readonly perSecond: number
  /** Writes outside and inside of transactions; here the old tokens go in the one that stores the new. */
  readonly singleWrites: number
  readonly transactionWrites: number
  readonly dueIndexChanges: number
  /** Of rows and sealed tokens. */
  readonly itemReads: number
  readonly secretPuts: number
  readonly secretReads: number
  /** The largest items written, as JSON, which is a little more than DynamoDB counts. */
  readonly rowBytes: number
  /** What an attempt adds to a row meanwhile. */
  readonly leaseBytes: number
  readonly eventBytes: number
}

/**
 * Runs `connections` of one hour's or another life over virtual time in fair weather, and counts calls per rotation.
 */
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
    itemReads: 0,
    secretPuts: 0,
    secretReads: 0,
  }
}

type Counted = ReturnType<typeof newCounts>

function countingItems(real: ItemStore, counts: Counted, lease = { bytes: 0 }): ItemStore {
  return {
    get: (key, options) => {
      counts.itemReads++
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
const OWNER = { tenant: 'acme', id: 'ac_1' }

/**
 * What a rotation asks of the tokens' sealer, without its row: both old items opened, both data keys in hand, both new
 * items in one transaction, and the old ones removed in another.
 */
export async function measureSealedTokens(bytes: { access: number; refresh: number }) {
  const counts = newCounts()
  const items = countingItems(new MemoryItemStore(), counts)
  const random = new Chance(1)
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
  const sealer = new SealedGrants({ items, keys, random })
  const tokensOf = (letter: string) => ({
    [MAIN_GRANT]: {
      access_token: letter.repeat(bytes.access),
      refresh_token: letter.repeat(bytes.refresh),
      extra: {},
    },
  })
  const first = (await prepareSeals({ sealer, random }, OWNER)).seal(tokensOf('a'), {
    pointer: undefined,
    tokens: {},
  })
  await items.transact(first.writes)
  Object.assign(counts, newCounts())
  keyCalls = 0
  // Another instance: it remembers nothing.
  const opened = new OpenedSecrets({ get: () => Promise.reject(new Error('no setup is asked for')) }, sealer)
  const tokens = await openTokens({ opened, sealer }, OWNER, first.pointer)
  const seals = await prepareSeals({ sealer, random }, OWNER)
  const next = seals.seal(tokensOf('b'), { pointer: first.pointer, tokens })
  await items.transact(next.writes)
  await items.transact(sealedRemoval(OWNER, first.pointer, next.pointer))
  const left = (await items.scan({ limit: 10 })).items
  const bytesOf = (part: string) =>
    left.filter(({ key }) => key.partition.startsWith(part)).map((item) => JSON.stringify(item).length)
  return { ...counts, keyCalls, accessBytes: bytesOf('ACCESS#'), refreshBytes: bytesOf('REFRESH#') }
}
