import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { measure, showLoad, withBareServer } from './load.ts'
import { printTable, type Row } from './table.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const SEED_CONCURRENCY = 64
/** Connections to measure at: from a thousand on, nothing should get slower. */
const SIZES = [1_000, 10_000, 100_000]

interface Server {
  readonly url: string
  readonly token: string
  readonly readyMs: number
  readonly child: ChildProcess
}

/** The embedded server over loopback: fetch, create, list, start, memory and size, beside a bare server. */
export async function benchHttp(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flow-vault-bench-'))
  try {
    let server = await start(folder)
    const rows: Row[] = [{ what: 'start to ready', value: `${Math.round(server.readyMs)} ms`, aim: '< 5 s' }]
    rows.push(...(await fetchRows(server)))
    let count = await countOf(server)
    for (const size of SIZES) {
      count += await seed(server, size - count)
      await stop(server)
      server = await start(folder)
      rows.push(...(await sizeRows(server, folder, count)))
    }
    // Last, because how many it makes depends on how fast it is.
    rows.push(...(await createRows(server)))
    await stop(server)
    printTable('Embedded server over loopback (load generator on the same machine)', rows)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fetchRows(server: Server): Promise<Row[]> {
  const id = await create(server, 0)
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

async function createRows(server: Server): Promise<Row[]> {
  const load = await measure({
    url: `${server.url}/api/v2/flows/vault/connections`,
    connections: 32,
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    body: bodyOf(1),
  })
  return [{ what: 'create with a setup, 32 connections, durable', value: showLoad(load), aim: '≥ 700/s' }]
}

async function sizeRows(server: Server, folder: string, count: number): Promise<Row[]> {
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

function bodyOf(index: number): string {
  return JSON.stringify({
    name: `bench ${index}`,
    app_id: 'HTTP',
    setup: { type: 'BEARER', token: `bench-token-${String(index).padStart(12, '0')}` },
  })
}

async function create(server: Server, index: number): Promise<string> {
  const answer = await fetch(`${server.url}/api/v2/flows/vault/connections`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    body: bodyOf(index),
  })
  if (answer.status !== 201) throw new Error(`create answered ${answer.status}`)
  return ((await answer.json()) as { id: string }).id
}

async function seed(server: Server, more: number): Promise<number> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < more) await create(server, next++)
  }
  await Promise.all(Array.from({ length: SEED_CONCURRENCY }, worker))
  return more
}

async function countOf(server: Server): Promise<number> {
  const url = `${server.url}/api/v2/flows/vault/connections?include_totals=true&per_page=1`
  const answer = await fetch(url, { headers: { authorization: `Bearer ${server.token}` } })
  return ((await answer.json()) as { total: number }).total
}

async function start(folder: string): Promise<Server> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'infra/embedded/main.ts'], {
    cwd: ROOT,
    env: {
      ...process.env,
      PORT: '0',
      TLS_PORT: '0',
      FLOW_VAULT_DATA: folder,
      FLOW_VAULT_RATE_LIMIT: '1000000',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let printed = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(printed)))
    child.stderr.on('data', (chunk) => {
      printed += chunk
      const found = /API\s+(http:\/\/[^/]+)\//.exec(printed)
      if (found !== null) resolve(found[1]!)
    })
  })
  const readyMs = performance.now() - startedAtMs
  const dev = JSON.parse(readFileSync(path.join(folder, 'dev.json'), 'utf8'))
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      client_id: dev.client_id,
      client_secret: dev.client_secret,
    }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return { url, token, readyMs, child }
}

async function stop(server: Server): Promise<void> {
  const ended = new Promise((resolve) => server.child.once('exit', resolve))
  server.child.kill('SIGTERM')
  await ended
}
