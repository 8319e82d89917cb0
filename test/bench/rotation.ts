import { rmSync } from 'node:fs'
import path from 'node:path'
import { createKeyFile } from '../../shared/adapters/sealed/key-file.ts'
import { SqliteItemStore } from '../../shared/adapters/sqlite/sqlite-item-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { connectionKey, rotationShard } from '../../shared/domain/keys.ts'
import type { Write } from '../../shared/ports/item-store.ts'
import { sweepDue } from '../../shared/use-cases/rotation/sweep-due.ts'
import { newDataFolder } from '../support/running-vault.ts'
import { measure, showLoad } from './load.ts'
import { CONCURRENCY, createMinted, mintingPorts, rotateAll } from './minting-ports.ts'
import { forkRotatingServer, type RotatingServer } from './rotating-server.ts'
import { printTable, type Row } from './table.ts'

const CONNECTIONS = 1_000
const ROWS = 1_000_000
const DUE = 10_000
const WRITES_A_TRANSACTION = 100
/** The store commits together what comes together, and filling it is not what is measured. */
const TRANSACTIONS_A_COMMIT = 100

/** Rotations a second of one process on SQLite, and a sweep over a million rows; no network in it. */
export async function benchRotation(): Promise<void> {
  const folder = await newDataFolder()
  try {
    const rows: Row[] = []
    for (const answerMs of [0, 200])
      rows.push(await rotationRow(path.join(folder, `grants-${answerMs}`), answerMs))
    rows.push(await sweepRow(path.join(folder, 'sweep')))
    printTable('Rotation in one process, on SQLite', rows)
    printTable('Fetch at 1 connection while the same server rotates as fast as it can', await fetchRows())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function rotationRow(stem: string, answerMs: number): Promise<Row> {
  const provider = { answerMs: 0 }
  await createKeyFile(`${stem}.json`, new SystemRandom())
  const items = SqliteItemStore.open({ path: `${stem}.db` })
  const ports = await mintingPorts(items, `${stem}.json`, provider)
  const ids: string[] = []
  for (let index = 0; index < CONNECTIONS; index++) ids.push(await createMinted(ports, index))
  provider.answerMs = answerMs
  const startedAtMs = performance.now()
  const rotated = await rotateAll(ports, () => ids.pop())
  const seconds = (performance.now() - startedAtMs) / 1000
  await items.close()
  return {
    what: `rotations, token endpoint answering in ${answerMs} ms, ${CONCURRENCY} at a time`,
    value: `${Math.round(rotated / seconds).toLocaleString('en')}/s (${rotated} of ${CONNECTIONS})`,
    ...(answerMs === 0 ? { aim: '≥ 1,000/s' } : { beside: `${(CONCURRENCY / answerMs) * 1000}/s at most` }),
  }
}

async function fetchRows(): Promise<Row[]> {
  const server = await forkRotatingServer()
  try {
    const idle = await measureFetches(server)
    server.tell('rotate')
    const busy = await measureFetches(server)
    const rate = `${Math.round(await server.ask('stop')).toLocaleString('en')} rotations/s meanwhile`
    return busy.map(({ what, load }, index) => ({
      what: `fetch of ${what}, ${rate}`,
      value: showLoad(load),
      beside: `idle: ${showLoad(idle[index]!.load)}`,
    }))
  } finally {
    server.tell('end')
  }
}

async function measureFetches({ urls, token }: RotatingServer) {
  const headers = { authorization: `Bearer ${token}` }
  const loads = []
  for (const [what, url] of Object.entries(urls))
    loads.push({ what, load: await measure({ url, connections: 1, headers, seconds: 3 }) })
  return loads
}

async function sweepRow(stem: string): Promise<Row> {
  const items = SqliteItemStore.open({ path: `${stem}.db` })
  const clock = new SystemClock()
  const nowMs = clock.nowMs()
  const together = WRITES_A_TRANSACTION * TRANSACTIONS_A_COMMIT
  for (let first = 0; first < ROWS; first += together) {
    const starts = Array.from({ length: TRANSACTIONS_A_COMMIT }, (_, n) => first + n * WRITES_A_TRANSACTION)
    await Promise.all(starts.map((start) => items.transact(dueRows(start, nowMs))))
  }
  let enqueued = 0
  const work = {
    enqueue: async (batch: readonly unknown[]) => {
      enqueued += batch.length
    },
  }
  const ports = { items, clock, work } as unknown as Parameters<typeof sweepDue>[0]
  const startedAtMs = performance.now()
  await sweepDue(ports, { capacity: 20_000, perTenant: 20_000 })
  const tookMs = performance.now() - startedAtMs
  await items.close()
  return {
    what: `sweep with ${ROWS.toLocaleString('en')} rows, ${DUE.toLocaleString('en')} of them due`,
    value: `${Math.round(tookMs)} ms (${enqueued.toLocaleString('en')} enqueued)`,
    aim: '< 1 s',
  }
}

function dueRows(start: number, nowMs: number): Write[] {
  return Array.from({ length: WRITES_A_TRANSACTION }, (_, offset) => dueRow(start + offset, nowMs))
}

/** Every hundredth row is due; the others in the next hour. */
function dueRow(index: number, nowMs: number): Write {
  const id = `ac_${String(index).padStart(22, '0')}`
  const isDue = index % (ROWS / DUE) === 0
  return {
    op: 'put',
    key: connectionKey(`tenant-${index % 1000}`, id),
    attributes: {
      id,
      due_shard: rotationShard(id),
      due_at: isDue ? nowMs - index / 1000 : nowMs + 60_000 + index,
    },
  }
}
