import { LocalWorkQueue } from '../../../infra/embedded/local-work-queue.ts'
import type { WorkItem } from '../../../shared/ports/work-queue.ts'

interface Run {
  readonly item: WorkItem
  end(): void
}

let runs: Run[]

function open(concurrency: number): LocalWorkQueue {
  return new LocalWorkQueue({
    concurrency,
    work: (item) => new Promise((resolve) => runs.push({ item, end: resolve })),
  })
}

function items(...ids: string[]): WorkItem[] {
  return ids.map((id) => ({ kind: 'rotate', tenant: 'acme', id }) as WorkItem)
}

const begun = (): string[] => runs.map(({ item }) => item.id)
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  runs = []
})

describe('LocalWorkQueue', () => {
  test('runs at most so many at a time, the rest in order as others end', async () => {
    const queue = open(8)
    await queue.enqueue(items('a', 'b', 'c', 'd'))
    expect(begun()).toEqual(['a', 'b'])
    expect(queue.depth).toBe(4)
    runs[1]!.end()
    await settled()
    expect(begun()).toEqual(['a', 'b', 'c'])
    expect(queue.depth).toBe(3)
    for (const run of runs) run.end()
    await settled()
    for (const run of runs) run.end()
    await settled()
    expect(begun()).toEqual(['a', 'b', 'c', 'd'])
    expect(queue.depth).toBe(0)
  })

  test('does not queue what waits already, and does queue what runs: something may have changed since', async () => {
    const queue = open(1)
    await queue.enqueue(items('a', 'b', 'b'))
    await queue.enqueue(items('b', 'a'))
    expect(queue.depth).toBe(3)
    for (let turn = 0; turn < 3; turn++) {
      runs.at(-1)!.end()
      await settled()
    }
    expect(begun()).toEqual(['a', 'b', 'a'])
  })

  test('tells items of another kind or tenant apart', async () => {
    const queue = open(1)
    await queue.enqueue(items('x', 'a'))
    await queue.enqueue([{ kind: 'rotate', tenant: 'other', id: 'a' } as WorkItem])
    await queue.enqueue([{ kind: 'freeze', tenant: 'acme', id: 'a' } as WorkItem])
    expect(queue.depth).toBe(4)
  })

  test('begins the job of a freeze at once, with 10,000 rotations before it', async () => {
    const queue = open(256)
    await queue.enqueue(items(...Array.from({ length: 10_000 }, (_, index) => `c${index}`)))
    await queue.enqueue([{ kind: 'freeze', tenant: 'acme', id: 'fz_1' }])
    expect(begun()).toHaveLength(65)
    expect(begun().at(-1)).toBe('fz_1')
    runs.at(-1)!.end()
    await settled()
    // Its place is not one for rotations.
    expect(begun()).toHaveLength(65)
    expect(queue.depth).toBe(10_000)
  })

  test('runs at most four jobs of freezes at a time', async () => {
    const queue = open(1)
    const freezes = ['1', '2', '3', '4', '5'].map((id) => ({ kind: 'freeze', tenant: 'acme', id }) as const)
    await queue.enqueue(freezes)
    expect(begun()).toEqual(['1', '2', '3', '4'])
    runs[0]!.end()
    await settled()
    expect(begun()).toEqual(['1', '2', '3', '4', '5'])
  })

  test('leaves the others their places while one tenant holds all of its own', async () => {
    const queue = open(8)
    await queue.enqueue(items('a', 'b', 'c', 'd'))
    expect(begun()).toEqual(['a', 'b'])
    await queue.enqueue([{ kind: 'rotate', tenant: 'other', id: 'x' } as WorkItem])
    expect(begun()).toEqual(['a', 'b', 'x'])
    runs[2]!.end()
    await settled()
    expect(begun()).toEqual(['a', 'b', 'x'])
    runs[0]!.end()
    await settled()
    expect(begun()).toEqual(['a', 'b', 'x', 'c'])
  })

  test('has tenants take turns: who came last waits for one of each and not for all', async () => {
    const queue = open(1)
    await queue.enqueue(items('a', 'b', 'c'))
    await queue.enqueue([
      { kind: 'rotate', tenant: 'other', id: 'x' },
      { kind: 'rotate', tenant: 'third', id: 'y' },
    ] as WorkItem[])
    for (let turn = 0; turn < 4; turn++) {
      runs.at(-1)!.end()
      await settled()
    }
    expect(begun()).toEqual(['a', 'x', 'y', 'b', 'c'])
  })

  test('close waits for what runs, drops what waits, and takes nothing more', async () => {
    const queue = open(1)
    await queue.enqueue(items('a', 'b'))
    let closed = false
    const closing = queue.close().then(() => {
      closed = true
    })
    await queue.enqueue(items('c'))
    await settled()
    expect(closed).toBe(false)
    runs[0]!.end()
    await closing
    expect(begun()).toEqual(['a'])
    expect(queue.depth).toBe(0)
  })
})
