import { ItemBreaker } from '../../../../shared/adapters/items/item-breaker.ts'
import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { type ItemStore, StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import type { RequestedProvider } from '../../../../shared/ports/provider-breaker.ts'
import { askThrough, providerBreakerContract } from '../../../contract/provider-breaker.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const HUBSPOT: RequestedProvider = {
  tenant: 't1',
  application: 'application oa_1 1',
  host: { name: 'api.hubapi.com', isOfCatalogue: true },
}
const OTHER_TENANT: RequestedProvider = { ...HUBSPOT, tenant: 't2' }
const HOUR_MS = 3_600_000

providerBreakerContract('ItemBreaker', (ports) => new ItemBreaker({ ...ports, items: new MemoryItemStore() }))

describe('ItemBreaker', () => {
  let clock: ManualClock
  let store: MemoryItemStore
  let reads: number
  let writes: number
  let isAway: boolean
  let processes: ItemBreaker[]

  beforeEach(() => {
    clock = new ManualClock()
    store = new MemoryItemStore()
    reads = writes = 0
    isAway = false
    const answer = <Result>(act: () => Promise<Result>) =>
      isAway ? Promise.reject(new StoreUnavailableError('away', 'unknown')) : act()
    const items: Pick<ItemStore, 'get' | 'transact'> = {
      get: (key) =>
        answer(() => {
          reads++
          return store.get(key)
        }),
      transact: (all) =>
        answer(() => {
          writes++
          return store.transact(all)
        }),
    }
    processes = [1, 2, 3, 4].map((seed) => new ItemBreaker({ clock, items, random: new SeededRandom(seed) }))
  })

  const admit = (process: number, provider = HUBSPOT) => processes[process]!.admit(provider, 'now')
  async function fail(process: number, provider = HUBSPOT) {
    for (let time = 0; time < 5; time++) await askThrough(processes[process]!, provider, 'unknown')
  }

  it('stops every process within a second of the one that saw its provider fail', async () => {
    expect((await admit(1)).kind).toBe('go')
    await fail(0)
    await clock.advance(1_000)
    for (const process of [0, 1, 2, 3])
      expect(await admit(process)).toMatchObject({ because: 'provider_failing' })
    expect((await admit(1, OTHER_TENANT)).kind).toBe('wait')
    const elsewhere = { ...OTHER_TENANT, host: { name: 'api.hubapi.com', isOfCatalogue: false } }
    expect((await admit(2, elsewhere)).kind).toBe('go')
  })

  it('has one request of all processes find out, whose answer lets all of them go on', async () => {
    await fail(0)
    await clock.advance(60_000)
    const found = await Promise.all([0, 1, 2, 3].map((process) => admit(process)))
    const probes = found.filter(({ kind }) => kind === 'go')
    expect(probes).toHaveLength(1)
    await clock.advance(1_000)
    for (const process of [0, 1, 2, 3]) expect((await admit(process)).kind).toBe('wait')
    for (const probe of probes) if (probe.kind === 'go') await probe.report('granted')
    await clock.advance(1_000)
    for (const process of [0, 1, 2, 3]) expect((await admit(process)).kind).toBe('go')
    expect(await left()).toEqual([])
  })

  it('lets another find out when the first never asked, and opens again for all when it failed', async () => {
    await fail(0)
    await clock.advance(60_000)
    const first = await admit(1)
    if (first.kind === 'go') await first.report('not-asked')
    await clock.advance(1_000)
    expect(await askThrough(processes[2]!, HUBSPOT, 'unknown')).toBe('go')
    await clock.advance(59_000)
    for (const process of [0, 1, 2, 3]) expect((await admit(process)).kind).toBe('wait')
  })

  it('leaves a refused client alone in every process, until a person has tried it', async () => {
    await askThrough(processes[0]!, HUBSPOT, 'app-broken')
    await clock.advance(1_000)
    expect(await admit(1)).toMatchObject({ because: 'client_refused' })
    const tried = await processes[2]!.admit(HUBSPOT, 'anyway')
    if (tried.kind === 'go') await tried.report('granted')
    await clock.advance(1_000)
    expect((await admit(1)).kind).toBe('go')
  })

  it('reads once a second at most, and writes when a breaker opens or closes', async () => {
    for (let time = 0; time < 50; time++) await askThrough(processes[0]!, HUBSPOT, 'granted')
    expect([reads, writes]).toEqual([3, 0])
    await fail(0)
    expect([reads, writes]).toEqual([3, 3])
    for (let time = 0; time < 50; time++) await admit(0)
    expect([reads, writes]).toEqual([3, 3])
    await clock.advance(1_000)
    await admit(0)
    expect([reads, writes]).toEqual([6, 3])
  })

  it('decides alone while the table is away, and tells the others when it is back', async () => {
    isAway = true
    await fail(0)
    expect((await admit(0)).kind).toBe('wait')
    expect((await admit(1)).kind).toBe('go')
    isAway = false
    await clock.advance(60_000)
    expect(await askThrough(processes[0]!, HUBSPOT, 'unknown')).toBe('go')
    await clock.advance(1_000)
    expect((await admit(1)).kind).toBe('wait')
  })

  it('takes one that nobody asked through for an hour for closed, and can open it again', async () => {
    await fail(0)
    await clock.advance(60_000 + HOUR_MS)
    expect((await admit(1)).kind).toBe('go')
    await fail(1)
    await clock.advance(1_000)
    expect((await admit(2)).kind).toBe('wait')
  })

  const left = async () => {
    const partitions = ['TENANT#t1#BREAKERS', 'VAULT#BREAKERS']
    const pages = await Promise.all(partitions.map((partition) => store.query({ partition, limit: 10 })))
    return pages.flatMap(({ items }) => items)
  }
})
