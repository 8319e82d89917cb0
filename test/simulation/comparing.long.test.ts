import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { connectionKey } from '../../shared/domain/keys.ts'
import { metaKey, sealedGrantKey, versionKey } from '../../shared/domain/sealed-keys.ts'
import { secretIdOf } from '../../shared/domain/secret-id.ts'
import type { Attributes, Item, ItemPage, ItemStore, ScanQuery } from '../../shared/ports/item-store.ts'
import { CONNECTION_ROWS } from '../../shared/rows/connection-row.ts'
import { SECRET_META_ROWS } from '../../shared/rows/sealed-rows.ts'
import { compareOn } from '../../shared/use-cases/reconcile/compare-on.ts'
import { OPEN_KEYS } from '../support/open-keys.ts'

const MINUTE_MS = 60_000
/** Each is a row, two sealed tokens, and a sealed setup of two items: a table of a million items. */
const CONNECTIONS = 200_000
const ITEMS_EACH = 5
const TENANTS = 2_000
const CREATED_AT_MS = Date.UTC(2029, 0, 1)
/** As the function has it. */
const RUN = { segments: 24, lanes: 4, runMs: 13 * MINUTE_MS, holdMs: 20 * MINUTE_MS }
/**
 * Of the 0.29 vCPU that Lambda gives 512 MB: a page of a scan, and a read of one item (measured on one core, times
 * 3.5).
 */
const SCAN_MS = 7
const READ_MS = 1.4

/** What is item `part` of connection `n`. */
function itemOf(n: number, part: number): Item {
  const [tenant, id] = [`t${n % TENANTS}`, `ac_${n}`]
  const secretId = secretIdOf({ deployment: 'local', kind: 'm', tenant, ownerId: id, generation: 1 })
  const attributes: Attributes = SECRET_META_ROWS.encode({ createdAtMs: CREATED_AT_MS })
  const token = (kind: 'access' | 'refresh') => ({
    key: sealedGrantKey({ tenant, ownerId: id, part: kind, mark: 'mark0000' }),
    attributes,
  })
  if (part === 1) return token('access')
  if (part === 2) return token('refresh')
  if (part === 3) return { key: metaKey(secretId), attributes }
  if (part === 4) return { key: versionKey(secretId, 'v1'), attributes }
  const secret = { secretId, versionId: 'v1', generation: 1, staged: 1 }
  const row = { tenant, id, secret, grant: { access: 'mark0000', refresh: 'mark0000' } }
  return {
    key: connectionKey(tenant, id),
    attributes: CONNECTION_ROWS.encode(row as Parameters<typeof CONNECTION_ROWS.encode>[0]),
  }
}

/** A table that is made as it is read, so that only what the comparison itself keeps is in memory. */
class MadeTable implements ItemStore {
  workMs = 0
  pages = 0
  /** Where the comparison keeps how far it has come. */
  readonly #own = new MemoryItemStore()

  async scan({ limit, nextToken, segment = { index: 0, of: 1 } }: ScanQuery): Promise<ItemPage> {
    this.pages++
    this.workMs += SCAN_MS
    const items: Item[] = []
    let n = Number(nextToken ?? segment.index)
    for (; items.length < limit && n < CONNECTIONS; n += segment.of)
      for (let part = 0; part < ITEMS_EACH; part++) items.push(itemOf(n, part))
    return n < CONNECTIONS ? { items, nextToken: String(n) } : { items }
  }

  async get(key: Item['key']): Promise<Attributes | undefined> {
    if (key.partition.startsWith('VAULT')) return this.#own.get(key)
    this.workMs += READ_MS
    return this.#find(key)?.attributes
  }

  async query({ partition, sortPrefix = '' }: Parameters<ItemStore['query']>[0]): Promise<ItemPage> {
    this.workMs += READ_MS
    const found = this.#find({ partition, sort: sortPrefix })
    return { items: found === undefined ? [] : [found] }
  }

  queryDue: ItemStore['queryDue'] = (query) => this.#own.queryDue(query)
  transact: ItemStore['transact'] = (writes) => this.#own.transact(writes)

  #find(key: Item['key']): Item | undefined {
    const n = Number(/ac_(\d+)/.exec(`${key.partition} ${key.sort}`)?.[1])
    const all = Array.from({ length: ITEMS_EACH }, (_, part) => itemOf(n, part))
    return all.find((item) => item.key.partition === key.partition && item.key.sort === key.sort)
  }
}

describe('the daily comparison of a table with a million items', () => {
  it('comes to its end in runs of a function’s time, looks at each item once, and remembers none', async () => {
    const items = new MadeTable()
    const random = new SystemRandom()
    const startedAtMs = Date.UTC(2030, 0, 1)
    const clock = {
      nowMs: () => startedAtMs + items.workMs,
      monotonicMs: () => items.workMs,
      sleep: async () => undefined,
    }
    const errors: string[] = []
    const note = (message: string) => void errors.push(message)
    const log = { debug: note, info: () => undefined, warn: note, error: note, access: () => undefined }
    const secrets = new SealedSecretStore({ items, keys: OPEN_KEYS, clock, random, deployment: 'local' })
    let runs = 0
    let report: Awaited<ReturnType<typeof compareOn>>
    do {
      const before = items.workMs
      report = await compareOn({ items, secrets, clock, random, log }, RUN)
      runs++
      // The pages under way when its time is over.
      expect(items.workMs - before).toBeLessThan(RUN.runMs + RUN.lanes * 2_000)
    } while (report === undefined && runs < 100)
    expect(report).toMatchObject({
      pointers: CONNECTIONS,
      secrets: CONNECTIONS,
      orphanSecrets: 0,
      orphanVersions: 0,
      danglingPointers: 0,
      leftoverTokens: 0,
      missingTokens: 0,
    })
    expect(errors).toEqual([])
    const pages = (2 * CONNECTIONS * ITEMS_EACH) / 100
    expect(items.pages).toBeGreaterThanOrEqual(pages)
    expect(items.pages).toBeLessThan(pages * 1.01)
    process.stderr.write(`${runs} runs, ${Math.round(items.workMs / MINUTE_MS)} minutes of work in all\n`)
    expect(runs).toBeLessThanOrEqual(4)
  })
})
