import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { SqliteItemStore } from '../../../../shared/adapters/sqlite/sqlite-item-store.ts'

const directory = mkdtempSync(join(tmpdir(), 'two-processes-'))
afterAll(() => rmSync(directory, { recursive: true }))

const MODULE = new URL('../../../../shared/adapters/sqlite/sqlite-item-store.ts', import.meta.url)
const COUNTER = { partition: 'p', sort: 'counter' }

/** A process that adds to the counter and writes an item, eight at a time, and prints each acknowledged one. */
function startWriter(path: string, name: string, rounds: number): ChildProcess {
  const script = `import { SqliteItemStore } from ${JSON.stringify(MODULE.href)}
    const store = SqliteItemStore.open({ path: ${JSON.stringify(path)} })
    for (let round = 0; round < ${rounds}; round++) {
      await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(async (lane) => {
        const sort = '${name}-' + round + '-' + lane
        await store.transact([
          { op: 'update', key: ${JSON.stringify(COUNTER)}, add: { n: 1 } },
          { op: 'put', key: { partition: 'p', sort }, attributes: {}, when: [{ kind: 'item-absent' }] },
        ])
        process.stdout.write(sort + '\\n')
      }))
    }
    await store.close()`
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function sortsIn(store: SqliteItemStore): Promise<Set<string>> {
  const { items } = await store.query({ partition: 'p', limit: 100_000 })
  return new Set(items.map((item) => item.key.sort).filter((sort) => sort !== COUNTER.sort))
}

describe('SqliteItemStore in several processes', () => {
  it('applies every write of two servers on one file, once', async () => {
    const path = join(directory, 'shared.db')
    const writers = ['a', 'b'].map((name) => startWriter(path, name, 40))
    for (const writer of writers) writer.stdout?.resume()
    const exits = await Promise.all(writers.map((writer) => once(writer, 'exit')))
    expect(exits).toEqual([
      [0, null],
      [0, null],
    ])
    const store = SqliteItemStore.open({ path })
    expect(await store.get(COUNTER)).toEqual({ n: 640 })
    expect((await sortsIn(store)).size).toBe(640)
    expect(await store.checkIntegrity()).toEqual([])
    await store.close()
  })

  it('keeps all that a killed server acknowledged, and no half of what it did not', async () => {
    const path = join(directory, 'killed.db')
    for (const name of ['first', 'second', 'third']) {
      const writer = startWriter(path, name, 1_000_000)
      const acknowledged: string[] = []
      for await (const line of createInterface({ input: writer.stdout! })) {
        acknowledged.push(line)
        if (acknowledged.length === 100) writer.kill('SIGKILL')
      }
      const store = SqliteItemStore.open({ path })
      const stored = await sortsIn(store)
      expect(acknowledged.length).toBeGreaterThanOrEqual(100)
      expect(acknowledged.filter((sort) => !stored.has(sort))).toEqual([])
      expect(await store.get(COUNTER)).toEqual({ n: stored.size })
      expect(await store.checkIntegrity()).toEqual([])
      await store.close()
    }
  })
})
