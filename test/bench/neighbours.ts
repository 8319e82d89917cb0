import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { constants, setPriority, tmpdir } from 'node:os'
import path from 'node:path'
import { startLocalServer } from '../support/local-server.ts'
import type { Flood, FloodResult } from './flood-process.ts'
import { floodsOf } from './floods.ts'
import { withBareServer } from './load.ts'
import { percentilesOf } from './percentiles.ts'
import { processorMs } from './processor-time.ts'
import { connectionBody, createConnection, seedConnections, serveVault, stopVault } from './served-vault.ts'
import { printTable, type Row } from './table.ts'

const ROWS = 10_000
const MEASURED_MS = 4_000
/** Until a flood has come up to its strength. */
const RISING_MS = 1_500
/** The victim is one flow that fetches now and then. */
const VICTIM_PAUSE_MS = 10
const PATH = '/api/v2/flows/vault/connections'

interface Victim {
  readonly url: string
  readonly token: string
  /** Of the vault. */
  readonly pid: number
}

interface Latency {
  readonly p50Ms: number
  readonly p95Ms: number
}

/**
 * What one tenant notices of the floods of another and of nobody: its fetches one after another, with nothing else
 * going on, under the flood, and while the same flood goes to a bare server beside the vault. The last one is what the
 * machine itself costs, because whoever floods needs a processor too: it gets what is left of them, as another
 * machine would take none. How much of a processor vault and flood use tells both apart on a machine that others use.
 */
export async function benchNeighbours(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flow-vault-bench-'))
  const hanging = await startLocalServer((request) => void request.resume())
  try {
    const seeding = await serveVault(folder, { FLOW_VAULT_RATE_LIMIT: '1000000' })
    await seedConnections(seeding, await seeding.tokenOf('evil'), ROWS)
    await stopVault(seeding)
    const server = await serveVault(folder, { FLOW_VAULT_ALLOW_HOSTS: hanging.host })
    const victimToken = await server.tokenOf('acme')
    const id = await createConnection(server.url, victimToken, connectionBody(0))
    const victim = {
      url: `${server.url}${PATH}/${id}/credentials`,
      token: victimToken,
      pid: server.child.pid!,
    }
    const evil = await server.tokenOf('evil')
    const evilId = await createConnection(server.url, evil, connectionBody(1))
    const floods = floodsOf({ url: server.url, token: evil, id: evilId, hangingUrl: `${hanging.url}/token` })
    await latencyOf(victim)
    const rows: Row[] = []
    for (const [what, flood] of Object.entries(floods)) {
      process.stdout.write(`${what} …\n`)
      rows.push(await rowOf(what, flood, victim))
    }
    await stopVault(server)
    printTable(
      `A tenant's fetches under floods of others (a request each ${VICTIM_PAUSE_MS} ms, ${ROWS} rows)`,
      rows,
    )
  } finally {
    await hanging.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function rowOf(what: string, flood: Flood, victim: Victim): Promise<Row> {
  const idle = await latencyOf(victim)
  const { latency, result, shares } = await under(flood, victim)
  const { pathname, search } = new URL(flood.url)
  const beside = await withBareServer('{}', (bare) =>
    under({ ...flood, url: new URL(`${pathname}${search}`, bare).href }, victim),
  )
  const times = (latency.p95Ms / idle.p95Ms).toFixed(1)
  const rate = (count: number) => Math.round(count / result.seconds).toLocaleString('en')
  return {
    what,
    value: `${show(idle)} idle, ${show(latency)} under it: ${times} times (${rate(result.answered)}/s answered, ${rate(result.refused)}/s refused; ${shares})`,
    beside: `${show(beside.latency)}: ${(beside.latency.p95Ms / idle.p95Ms).toFixed(1)} times (${rate(beside.result.answered)}/s)`,
    aim: '≤ 2 times',
  }
}

function show({ p50Ms, p95Ms }: Latency): string {
  return `p50 ${p50Ms.toFixed(1)} p95 ${p95Ms.toFixed(1)} ms`
}

interface Flooded {
  readonly latency: Latency
  readonly result: FloodResult
  /** Of one processor, by the vault and by the flood. */
  readonly shares: string
}

async function under(flood: Flood, victim: Victim): Promise<Flooded> {
  const child = fork(path.join(import.meta.dirname, 'flood-process.ts'), [JSON.stringify(flood)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  setPriority(child.pid!, constants.priority.PRIORITY_LOW)
  await once(child, 'message')
  await new Promise((resolve) => setTimeout(resolve, RISING_MS))
  const used = () => [performance.now(), processorMs(victim.pid), processorMs(child.pid!)] as const
  const before = used()
  const latency = await latencyOf(victim)
  const [ms, vaultMs, floodMs] = used().map((after, index) => after - before[index]!) as [
    number,
    number,
    number,
  ]
  const percent = (part: number) => `${Math.round((part / ms) * 100)} %`
  const shares = `vault ${percent(vaultMs)}, flood ${percent(floodMs)} of a processor`
  const told = once(child, 'message')
  const ended = once(child, 'exit')
  child.send('tell')
  const [result] = await told
  await ended
  return { latency, result, shares }
}

/** Each fetch on a connection of its own: a flood may keep others from connecting. */
async function latencyOf(victim: Victim): Promise<Latency> {
  const latencies: number[] = []
  const untilMs = performance.now() + MEASURED_MS
  while (performance.now() < untilMs) {
    const startedAtMs = performance.now()
    await fetchOnce(victim)
    latencies.push(performance.now() - startedAtMs)
    await new Promise((resolve) => setTimeout(resolve, VICTIM_PAUSE_MS))
  }
  const at = percentilesOf(latencies)
  return { p50Ms: at(0.5), p95Ms: at(0.95) }
}

function fetchOnce({ url, token }: Victim): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      url,
      { agent: false, headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        answer.resume().once('end', () => {
          if (answer.statusCode === 200) resolve()
          else reject(new Error(`the victim was answered ${answer.statusCode}`))
        })
      },
    )
    request.once('error', reject)
  })
}
