import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { measure, showLoad, withBareServer } from './load.ts'
import {
  connectionBody,
  createConnection,
  type ServedVault,
  seedConnections,
  serveVault,
  stopVault,
} from './served-vault.ts'
import { printTable, type Row } from './table.ts'

/** What is measured is the server, not its limits. */
const UNLIMITED = { FLOW_VAULT_RATE_LIMIT: '1000000' }
/** Connections to measure at: from a thousand on, nothing should get slower. */
const SIZES = [1_000, 10_000, 100_000]

/** The embedded server over loopback: fetch, create, list, start, memory and size, beside a bare server. */
export async function benchHttp(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flow-vault-bench-'))
  try {
    let server = await serveVault(folder, UNLIMITED)
    const rows: Row[] = [{ what: 'start to ready', value: `${Math.round(server.readyMs)} ms`, aim: '< 5 s' }]
    rows.push(...(await fetchRows(server)))
    let count = await countOf(server)
    for (const size of SIZES) {
      await seedConnections(server, server.token, size - count)
      count = size
      await stopVault(server)
      server = await serveVault(folder, UNLIMITED)
      rows.push(...(await sizeRows(server, folder, count)))
    }
    // Last, because how many it makes depends on how fast it is.
    rows.push(...(await createRows(server)))
    await stopVault(server)
    printTable('Embedded server over loopback (load generator on the same machine)', rows)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fetchRows(server: ServedVault): Promise<Row[]> {
  const id = await createConnection(server.url, server.token, connectionBody(0))
  const url = `${server.url}/api/v2/flows/vault/connections/${id}/credentials`
  const headers = { authorization: `Bearer ${server.token}` }
  const answer = await fetch(url, { headers })
  const body = await answer.text()
  const etag = answer.headers.get('etag') ?? ''
  return withBareServer(body, async (bare) => {
    const rows: Row[] = []
    for (const connections of [1, 32]) {
      const beside = showLoad(await measure({ url: bare, connections }))
      const aim = connections === 1 ? 'p50 ≤ 0.3 ms' : '≥ 12,000/s and a quarter of bare'
      const plain = await measure({ url, connections, headers })
      rows.push({ what: `fetch, ${connections} connections`, value: showLoad(plain), beside, aim })
      const conditional = await measure({ url, connections, headers: { ...headers, 'if-none-match': etag } })
      rows.push({ what: `fetch with If-None-Match, ${connections}`, value: showLoad(conditional), beside })
    }
    return rows
  })
}

async function createRows(server: ServedVault): Promise<Row[]> {
  const load = await measure({
    url: `${server.url}/api/v2/flows/vault/connections`,
    connections: 32,
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    body: connectionBody(1),
  })
  return [{ what: 'create with a setup, 32 connections, durable', value: showLoad(load), aim: '≥ 700/s' }]
}

async function sizeRows(server: ServedVault, folder: string, count: number): Promise<Row[]> {
  const label = count.toLocaleString('en')
  const headers = { authorization: `Bearer ${server.token}` }
  const list = `${server.url}/api/v2/flows/vault/connections?per_page=50&include_totals=true&page=`
  const first = await measure({ url: `${list}0`, connections: 1, headers, seconds: 3 })
  const middle = Math.min(1000, Math.floor(count / 100))
  const deep = await measure({ url: `${list}${middle}`, connections: 1, headers, seconds: 3 })
  const page = (await (await fetch(`${list}${middle}`, { headers })).json()) as {
    connections: { id: string }[]
  }
  const { id } = page.connections[0]!
  const url = `${server.url}/api/v2/flows/vault/connections/${id}/credentials`
  const fetched = await measure({ url, connections: 32, headers, seconds: 3 })
  const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`
  return [
    { what: `list of 50 among ${label}, page 0`, value: showLoad(first), aim: 'p50 ≤ 5 ms' },
    { what: `list of 50 among ${label}, page ${middle}`, value: showLoad(deep), aim: 'p50 ≤ 5 ms' },
    { what: `fetch among ${label}, 32 connections`, value: showLoad(fetched), aim: 'flat' },
    { what: `memory of the server at ${label}`, value: megabytes(residentBytes(server.child.pid!)) },
    { what: `database at ${label}`, value: megabytes(statSync(path.join(folder, 'vault.db')).size) },
  ]
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}

async function countOf(server: ServedVault): Promise<number> {
  const url = `${server.url}/api/v2/flows/vault/connections?include_totals=true&per_page=1`
  const answer = await fetch(url, { headers: { authorization: `Bearer ${server.token}` } })
  return ((await answer.json()) as { total: number }).total
}
