import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import type { GrantRunner } from '../../../../shared/ports/grant-runner.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { runnerInTurns, workInTurns } from '../../../../shared/use-cases/neighbours/call-turns.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const HOUR_MS = 3_600_000
/** Functions that an account may run at a time when AWS was asked for more. */
const MANY = 1_000

function world() {
  const items = new MemoryItemStore()
  const clock = new ManualClock()
  const lines: string[] = []
  const note = (message: string) => lines.push(message)
  const log = { debug: note, info: note, warn: note, error: note, access: () => undefined }
  const ports = (seed: number) => ({ items, clock, log, random: new SeededRandom(seed) })
  const waiting: (() => void)[] = []
  /** A provider that answers when it is let. */
  const hang = () => new Promise<{ kind: 'late' }>((resolve) => waiting.push(() => resolve({ kind: 'late' })))
  const letGo = () => {
    for (const go of waiting.splice(0)) go()
  }
  const runner = { rotate: hang, probe: hang, exchange: hang } as unknown as GrantRunner
  return { items, clock, lines, ports, waiting, letGo, hang, runner }
}

const request = (tenant: string) => ({ tenant, id: 'ac_1', cause: 'manual' }) as const
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('runnerInTurns', () => {
  it('refuses the sixth call of a tenant in any process, and nobody else’s, until one has ended', async () => {
    const { ports, runner, clock, waiting, letGo } = world()
    const processes = [1, 2, 3].map((seed) => runnerInTurns(runner, ports(seed), MANY))
    const under = Array.from({ length: 5 }, (_, at) => processes[at % 3]!.rotate(request('acme'), HOUR_MS))
    await settled()
    expect(waiting).toHaveLength(5)
    await clock.advance(3_000)
    expect(await processes[0]!.rotate(request('acme'), HOUR_MS)).toEqual({ kind: 'late' })
    await expect(processes[1]!.probe({ tenant: 'acme' } as never)).rejects.toMatchObject({
      code: 'too-many-requests',
      detail: { retryAfterSeconds: 2 },
    })
    const other = processes[0]!.rotate(request('other'), HOUR_MS)
    await settled()
    expect(waiting).toHaveLength(6)
    letGo()
    await Promise.all([...under, other])
    const again = processes[1]!.rotate(request('acme'), HOUR_MS)
    await settled()
    letGo()
    expect(await again).toEqual({ kind: 'late' })
  })

  it('has calls wait for a place while places change hands, and refuses nobody of a crowd', async () => {
    const { ports, clock } = world()
    let [most, under] = [0, 0]
    const quick = async () => {
      most = Math.max(most, ++under)
      await clock.sleep(200)
      under--
      return { kind: 'nothing' }
    }
    const processes = Array.from({ length: 24 }, (_, seed) =>
      runnerInTurns({ rotate: quick } as unknown as GrantRunner, ports(seed + 1), MANY),
    )
    const done = Promise.all(processes.map((turns) => turns.rotate(request('acme'), HOUR_MS)))
    for (let passed = 0; passed < 300; passed++) await clock.advance(10)
    expect(await done).toEqual(Array.from({ length: 24 }, () => ({ kind: 'nothing' })))
    expect(most).toBe(5)
  })

  it('has nobody wait behind calls that hang', async () => {
    const { ports, runner, clock, letGo } = world()
    const [first, second] = [runnerInTurns(runner, ports(1), MANY), runnerInTurns(runner, ports(2), MANY)]
    const hanging = Array.from({ length: 5 }, () => first.rotate(request('acme'), HOUR_MS))
    await settled()
    let isRefused = false
    const waits = second.rotate(request('acme'), HOUR_MS).then((result) => {
      isRefused = true
      return result
    })
    await clock.advance(2_800)
    expect(isRefused).toBe(false)
    await clock.advance(400)
    expect(await waits).toEqual({ kind: 'late' })
    expect(await second.rotate(request('acme'), HOUR_MS)).toEqual({ kind: 'late' })
    letGo()
    await Promise.all(hanging)
  })

  it.each([
    [1_000, 5, 30],
    [50, 5, 5],
    [10, 3, 1],
  ])('of %i instances holds %i with calls and %i that wait, and tells the others at once', async (...of) => {
    const [instances, calls, waits] = of
    const { ports, clock } = world()
    let [done, refused, under, most] = [0, 0, 0, 0]
    const slow = async () => {
      most = Math.max(most, ++under)
      await clock.sleep(2_000)
      under--
      return { kind: 'nothing' }
    }
    const asked = Array.from({ length: 100 }, (_, seed) =>
      runnerInTurns({ rotate: slow } as unknown as GrantRunner, ports(seed + 1), instances)
        .rotate(request('acme'), HOUR_MS)
        .then(({ kind }) => (kind === 'late' ? refused++ : done++)),
    )
    await clock.advance(10)
    expect(refused).toBeGreaterThanOrEqual(100 - calls - waits)
    expect(refused).toBeLessThan(100)
    for (let passed = 0; passed < 150; passed++) await clock.advance(100)
    await Promise.all(asked)
    expect(most).toBe(calls)
    expect(done).toBeLessThanOrEqual(calls + waits)
    expect(done + refused).toBe(100)
  })

  it('never refuses a code, which has one chance', async () => {
    const { ports, runner, waiting, letGo } = world()
    const turns = runnerInTurns(runner, ports(1), MANY)
    const under = Array.from({ length: 9 }, () => turns.exchange({ tenant: 'acme' } as never))
    await settled()
    expect(waiting).toHaveLength(9)
    letGo()
    await Promise.all(under)
  })

  it('forgets a process that died with its turns, and lets it take away nobody else’s', async () => {
    const { ports, runner, clock, waiting, letGo, items } = world()
    const turns = runnerInTurns(runner, ports(1), MANY)
    const dead = Array.from({ length: 5 }, () => turns.rotate(request('acme'), HOUR_MS))
    await settled()
    await clock.advance(131_000)
    const alive = Array.from({ length: 5 }, () => turns.rotate(request('acme'), HOUR_MS))
    await settled()
    expect(waiting).toHaveLength(10)
    for (const go of waiting.splice(0, 5)) go()
    await Promise.all(dead)
    expect((await items.query({ partition: 'TENANT#acme#TURNS', limit: 10 })).items).toHaveLength(5)
    letGo()
    await Promise.all(alive)
    expect((await items.query({ partition: 'TENANT#acme#TURNS', limit: 10 })).items).toEqual([])
  })

  it('asks the provider uncounted while the table is away', async () => {
    const { ports, runner, letGo } = world()
    const away = () => Promise.reject(new StoreUnavailableError('away', 'unknown'))
    const turns = runnerInTurns(runner, { ...ports(1), items: { transact: away } as never }, MANY)
    const called = turns.rotate(request('acme'), HOUR_MS)
    await settled()
    letGo()
    expect(await called).toEqual({ kind: 'late' })
  })
})

describe('workInTurns', () => {
  it('leaves rotations of a tenant for later that has twenty under way, and does those of others and freezes', async () => {
    const { ports, hang, waiting, letGo, lines } = world()
    const work = workInTurns(async () => void (await hang()), ports(1))
    const under = Array.from({ length: 60 }, () => work({ kind: 'rotate', tenant: 'acme', id: 'ac_1' }))
    under.push(work({ kind: 'rotate', tenant: 'other', id: 'ac_2' }))
    under.push(work({ kind: 'freeze', tenant: 'acme', id: 'fz_1' }))
    await settled()
    expect(waiting.length).toBeGreaterThan(15)
    expect(waiting.length).toBeLessThanOrEqual(22)
    expect(lines).toContain('a rotation waits: its tenant has as many under way as it may')
    letGo()
    await Promise.all(under)
  })
})
