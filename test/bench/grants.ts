import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import https from 'node:https'
import path from 'node:path'
import { trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import { newDataFolder } from '../support/running-vault.ts'
import { type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'
import { type SpawnedVault, spawnVault } from '../support/spawned-vault.ts'
import { measure, showLoad, withBareServer } from './load.ts'
import { percentilesOf } from './percentiles.ts'
import { printTable, type Row } from './table.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const CALLER = { tenant: 'bench' }
/** Grants minted in line, one after the other; the first tenth warms up. */
const SAMPLES = 400
const WARM_UP = SAMPLES / 10
const LONG_LIFE_S = 3600
/** So short that every token has expired when it is fetched the next time. */
const SHORT_LIFE_S = 1
/** The permission to send, and the answer with the pointer to it. */
const DURABLE_WRITES = 2
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** Fetching a fresh grant, and a grant minted in line beside the provider's own answer; over loopback and TLS. */
export async function benchGrants(): Promise<void> {
  const certificate = await trustedLoopbackCertificate()
  const provider = await startScriptedProvider({ tls: certificate })
  const folder = await newDataFolder()
  const authorityPath = path.join(folder, 'provider-ca.pem')
  await writeFile(authorityPath, certificate.authority)
  const vault = await spawnVault({
    env: { FLOW_VAULT_ALLOW_HOSTS: provider.host, NODE_EXTRA_CA_CERTS: authorityPath },
  })
  try {
    const rows = [...(await freshRows(vault, provider)), ...(await inlineRows(vault, provider))]
    printTable('Grants (load generator, provider and server on one machine)', rows)
  } finally {
    await vault.stop()
    await provider.close()
  }
}

async function freshRows(vault: SpawnedVault, provider: ScriptedProvider): Promise<Row[]> {
  play(provider, LONG_LIFE_S)
  const id = await create(vault, provider, 'machine')
  const url = `${vault.url}${CONNECTIONS}/${id}/credentials`
  const headers = { authorization: `Bearer ${await vault.token(CALLER)}` }
  const body = await (await fetch(url, { headers })).text()
  return withBareServer(body, async (bare) => {
    const rows: Row[] = []
    for (const connections of [1, 32]) {
      const beside = showLoad(await measure({ url: bare, connections }))
      const load = await measure({ url, connections, headers })
      rows.push({ what: `fetch of a fresh grant, ${connections} connections`, value: showLoad(load), beside })
    }
    return rows
  })
}

/**
 * A grant minted in line, beside the same token request made bare in the same way: a client-credentials request on
 * a kept connection, a refresh on one of its own, because a broken one would leave its outcome unknown.
 */
async function inlineRows(vault: SpawnedVault, provider: ScriptedProvider): Promise<Row[]> {
  play(provider, SHORT_LIFE_S)
  const written = durableTimes(vault.folder)
  const rows: Row[] = [{ what: 'one durable write of this disk, bare', value: shown(written) }]
  for (const [kind, what] of [
    ['machine', 'client credentials'],
    ['code', 'refresh token'],
  ] as const) {
    const own = await bareTimes(provider, { keepAlive: kind === 'machine' })
    const ids: string[] = []
    for (let i = 0; i < SAMPLES; i += 1) ids.push(await create(vault, provider, kind))
    // The first fetch of an hour is noted, which is a write more than the others make.
    await fetchTimes(vault, ids)
    await new Promise((resolve) => setTimeout(resolve, SHORT_LIFE_S * 1000))
    const inline = await fetchTimes(vault, ids)
    rows.push({
      what: `grant minted in line: ${what}`,
      value: shown(inline),
      beside: shown(own),
    })
    rows.push({
      what: '  over the provider’s own time',
      value: `p50 ${(inline.p50 - own.p50).toFixed(2)} ms`,
      beside: `two durable writes: ${(written.p50 * DURABLE_WRITES).toFixed(2)} ms`,
      aim: '≤ 3 ms',
    })
  }
  return rows
}

function play(provider: ScriptedProvider, lifeSeconds: number): void {
  let n = 0
  provider.answerWith(({ parameters }) => ({
    body: {
      access_token: `access-token-${String(n++).padStart(40, '0')}`,
      token_type: 'Bearer',
      expires_in: lifeSeconds,
      // RFC 6749 §4.4.3: none for client credentials.
      ...(parameters['grant_type'] === 'client_credentials'
        ? {}
        : { refresh_token: `refresh-token-${String(n).padStart(40, '0')}` }),
    },
  }))
}

async function create(
  vault: SpawnedVault,
  provider: ScriptedProvider,
  kind: 'machine' | 'code',
): Promise<string> {
  const common = { client_id: 'bench', client_secret: 'bench-secret', token_url: `${provider.url}/token` }
  const setup =
    kind === 'machine'
      ? { type: 'CLIENT_CREDENTIALS', ...common }
      : { type: 'AUTHORIZATION_CODE', ...common, authorization_url: `${provider.url}/auth`, code: 'code' }
  const response = await vault.request(CALLER, 'POST', CONNECTIONS, { name: kind, app_id: 'OAUTH2', setup })
  if (response.status !== 201) throw new Error(`create answered ${response.status}`)
  return ((await response.json()) as { id: string }).id
}

async function fetchTimes(vault: SpawnedVault, ids: readonly string[]): Promise<Percentiles> {
  const headers = { authorization: `Bearer ${await vault.token(CALLER)}` }
  const times: number[] = []
  for (const id of ids) {
    const startedAtMs = performance.now()
    const response = await fetch(`${vault.url}${CONNECTIONS}/${id}/credentials?min_ttl=0`, { headers })
    await response.arrayBuffer()
    times.push(performance.now() - startedAtMs)
    if (response.status !== 200) throw new Error(`fetch answered ${response.status}`)
  }
  return warmedUp(times)
}

async function bareTimes(provider: ScriptedProvider, options: { keepAlive: boolean }): Promise<Percentiles> {
  const agent = new https.Agent(options)
  const body = 'grant_type=refresh_token&refresh_token=refresh-token-000'
  const times: number[] = []
  for (let i = 0; i < SAMPLES; i += 1) {
    const startedAtMs = performance.now()
    await new Promise<void>((resolve, reject) => {
      const request = https.request(`${provider.url}/token`, { method: 'POST', agent, headers: FORM })
      request.on('error', reject)
      request.on('response', (response) => response.resume().on('end', resolve))
      request.end(body)
    })
    times.push(performance.now() - startedAtMs)
  }
  agent.destroy()
  return warmedUp(times)
}

function durableTimes(folder: string): Percentiles {
  const file = openSync(path.join(folder, 'bench.bin'), 'w')
  const page = Buffer.alloc(4096)
  const times = Array.from({ length: SAMPLES }, () => {
    const startedAtMs = performance.now()
    writeSync(file, page)
    fsyncSync(file)
    return performance.now() - startedAtMs
  })
  closeSync(file)
  return warmedUp(times)
}

function shown(times: Percentiles): string {
  return `p50 ${times.p50.toFixed(2)} ms  p99 ${times.p99.toFixed(2)} ms`
}

interface Percentiles {
  readonly p50: number
  readonly p99: number
}

function warmedUp(times: readonly number[]): Percentiles {
  const at = percentilesOf(times.slice(WARM_UP))
  return { p50: at(0.5), p99: at(0.99) }
}
