import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { SealedSecretStore } from '../../../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { InvariantError } from '../../../../shared/domain/errors.ts'
import { connectionKey } from '../../../../shared/domain/keys.ts'
import { secretIdOf } from '../../../../shared/domain/secret-id.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { COMPARISON_KEY, comparedSegmentKey } from '../../../../shared/domain/store-keys.ts'
import type { ItemStore, ScanQuery } from '../../../../shared/ports/item-store.ts'
import { CONNECTION_ROWS } from '../../../../shared/rows/connection-row.ts'
import { compareOn } from '../../../../shared/use-cases/reconcile/compare-on.ts'
import type { ComparisonPorts } from '../../../../shared/use-cases/reconcile/page-comparison.ts'
import { OPEN_KEYS } from '../../../support/open-keys.ts'
import { segmented } from '../../../support/segmented-items.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const TENANTS = 30
const VERSION = '11111111-2222-4333-8444-555555555555'
const RUN = { segments: 8, lanes: 2, runMs: 10 * MINUTE_MS, holdMs: 20 * MINUTE_MS }

/** A clock that only what is done moves on. */
class WorkClock {
  now = Date.UTC(2030, 0, 1)
  nowMs = (): number => this.now
  monotonicMs = (): number => this.now
  sleep = async (): Promise<void> => undefined
}

let clock: WorkClock
let items: MemoryItemStore
let pages: ScanQuery[]
let lines: string[]
/** What a page costs, and what else happens with it. */
let onPage: (query: ScanQuery) => Promise<void>

beforeEach(async () => {
  clock = new WorkClock()
  items = new MemoryItemStore()
  pages = []
  lines = []
  onPage = async () => {
    clock.now += 3 * MINUTE_MS
  }
  const { secrets } = ports()
  for (let n = 0; n < TENANTS; n++) {
    const [tenant, id] = [`t${n}`, `ac_${n}`]
    const secretId = secretIdOf({ deployment: 'local', kind: 's', tenant, ownerId: id, generation: 1 })
    const { writes } = await secrets.stage(secretId, VERSION, new SecretText('setup'), { isNew: true })
    const secret = { secretId, versionId: VERSION, generation: 1, staged: 1 }
    const row = CONNECTION_ROWS.encode({ tenant, id, secret } as Parameters<typeof CONNECTION_ROWS.encode>[0])
    await items.transact([...writes, { op: 'put', key: connectionKey(tenant, id), attributes: row }])
  }
})

function ports(): ComparisonPorts & { items: ItemStore; random: SystemRandom } {
  const random = new SystemRandom()
  const whole = segmented(items, async (query) => {
    pages.push(query)
    await onPage(query)
  })
  const note = (message: string) => lines.push(message)
  const log = { debug: note, info: note, warn: note, error: note, access: () => undefined }
  const secrets = new SealedSecretStore({ items: whole, keys: OPEN_KEYS, clock, random, deployment: 'local' })
  return { items: whole, secrets, clock, random, log }
}

const WHOLE = {
  pointers: TENANTS,
  secrets: TENANTS,
  orphanSecrets: 0,
  orphanVersions: 0,
  danglingPointers: 0,
}

describe('compareOn', () => {
  it('goes on over as many runs as it takes, each within its time, and looks at everything once', async () => {
    const ends: (object | undefined)[] = []
    do {
      const startedAtMs = clock.now
      ends.push(await compareOn(ports(), RUN))
      // Two lanes end with the page that they are at.
      expect(clock.now - startedAtMs).toBeLessThanOrEqual(RUN.runMs + 2 * 3 * MINUTE_MS)
    } while (ends.at(-1) === undefined && ends.length < 50)
    expect(ends.length).toBeGreaterThan(2)
    expect(ends.at(-1)).toMatchObject(WHOLE)
    expect(lines).toEqual(['compared both stores'])
    // Rows and secrets of each segment, one page each.
    const seen = pages.map(({ segment }) => segment!.index).sort()
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7].flatMap((index) => [index, index]))
  })

  it('is done for the day when it has come to its end, and begins anew a day later', async () => {
    onPage = async () => undefined
    expect(await compareOn(ports(), RUN)).toMatchObject(WHOLE)
    const after = pages.length
    clock.now += 23 * HOUR_MS
    expect(await compareOn(ports(), RUN)).toBeUndefined()
    expect(pages.length).toBe(after)
    clock.now += HOUR_MS
    expect(await compareOn(ports(), RUN)).toMatchObject(WHOLE)
    expect(pages.length).toBe(2 * after)
  })

  it('has runs side by side share the segments, and one of them end it', async () => {
    onPage = () => new Promise((resolve) => setImmediate(resolve))
    const ends = await Promise.all([
      compareOn(ports(), RUN),
      compareOn(ports(), RUN),
      compareOn(ports(), RUN),
    ])
    const reports = ends.filter((report) => report !== undefined)
    expect(reports).toMatchObject([WHOLE])
    expect(pages).toHaveLength(16)
  })

  it('goes on with what a dead run left once its hold has ended', async () => {
    const died = new Error('killed')
    let left = 5
    onPage = async () => {
      if (left-- <= 0) throw died
    }
    await expect(compareOn(ports(), RUN)).rejects.toBe(died)
    onPage = async () => undefined
    expect(await compareOn(ports(), RUN)).toBeUndefined()
    expect((await items.get(COMPARISON_KEY))?.['finishedAtMs']).toBeUndefined()
    clock.now += RUN.holdMs
    expect(await compareOn(ports(), RUN)).toMatchObject(WHOLE)
  })

  it('lets a run that was away for too long keep nothing', async () => {
    let isFirst = true
    onPage = async () => {
      if (!isFirst) return
      isFirst = false
      // Another one takes the segment over while this one's page is on its way.
      clock.now += RUN.holdMs
      await compareOn(ports(), { ...RUN, lanes: 1 })
    }
    await compareOn(ports(), { ...RUN, lanes: 1 })
    expect(lines).toEqual(['compared both stores'])
    expect(await items.get(comparedSegmentKey(0))).toMatchObject({ phase: 'done' })
  })

  it('begins a list of secrets anew whose token is not good any more', async () => {
    onPage = async () => {
      clock.now += RUN.runMs
    }
    // Its time is over after the rows.
    expect(await compareOn(ports(), { ...RUN, segments: 1 })).toBeUndefined()
    onPage = async () => undefined
    await items.transact([
      { op: 'update', key: comparedSegmentKey(0), set: { phase: 'secrets', cursor: 'old' } },
    ])
    const { secrets } = ports()
    const list = secrets.list.bind(secrets)
    secrets.list = async (query) => {
      if (query.nextToken === 'old') throw new InvariantError('InvalidNextTokenException')
      return list(query)
    }
    expect(await compareOn({ ...ports(), secrets }, RUN)).toMatchObject({ secrets: TENANTS })
  })

  it.each([
    ['its segments share', false, 8 * 13],
    ['a store has that lists in none', true, 100],
  ])('removes no more in a day than %s of a hundred', async (_, isUnsegmented, removed) => {
    onPage = async () => undefined
    for (let n = 0; n < 200; n++) {
      const owner = { tenant: 't0', ownerId: `ac_nobody${n}`, generation: 1 }
      const secretId = secretIdOf({ deployment: 'local', kind: 's', ...owner })
      const { writes } = await ports().secrets.stage(secretId, VERSION, new SecretText('x'), { isNew: true })
      await items.transact([...writes])
    }
    const run = () => {
      const its = ports()
      const list = its.secrets.list.bind(its.secrets)
      if (isUnsegmented)
        its.secrets.list = async ({ segment, ...query }) =>
          segment!.index > 0 ? { items: [] } : { ...(await list(query)), isUnsegmented: true }
      return compareOn(its, RUN)
    }
    expect(await run()).toMatchObject({ orphanSecrets: 200, scheduled: 0 })
    clock.now += 25 * HOUR_MS
    expect(await run()).toMatchObject({ scheduled: removed, postponed: 200 - removed })
  })
})
