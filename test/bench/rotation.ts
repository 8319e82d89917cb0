import { rmSync } from 'node:fs'
import path from 'node:path'
import { LocalGrantRunner } from '../../functions/grants/local-grant-runner.ts'
import { createKeyFile, openKeyFile } from '../../shared/adapters/sealed/key-file.ts'
import { LocalDigester } from '../../shared/adapters/sealed/local-digester.ts'
import { LocalKeyWrapper } from '../../shared/adapters/sealed/local-key-wrapper.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SqliteItemStore } from '../../shared/adapters/sqlite/sqlite-item-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { connectionKey, rotationShard } from '../../shared/domain/keys.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { Write } from '../../shared/ports/item-store.ts'
import type { OAuthClient } from '../../shared/ports/oauth-client.ts'
import { AttemptWatch } from '../../shared/use-cases/attempt-watch.ts'
import { createConnection } from '../../shared/use-cases/create-connection.ts'
import type { GrantPorts } from '../../shared/use-cases/grant-ports.ts'
import { OpenedSecrets } from '../../shared/use-cases/opened-secrets.ts'
import { ProviderBreaker } from '../../shared/use-cases/provider-breaker.ts'
import { rotateConnection } from '../../shared/use-cases/rotate-connection.ts'
import { sweepDue } from '../../shared/use-cases/sweep-due.ts'
import { newDataFolder } from '../support/running-vault.ts'
import { printTable, type Row } from './table.ts'

const TENANT = 'bench'
const CONNECTIONS = 1_000
/** As many as the embedded server's queue runs at a time. */
const CONCURRENCY = 64
const ROWS = 1_000_000
const DUE = 10_000
const WRITES_A_TRANSACTION = 100
/** The store commits together what comes together, and filling it is not what is measured. */
const TRANSACTIONS_A_COMMIT = 100
const silent = () => undefined

/** Rotations a second of one process on SQLite, and a sweep over a million rows; no network in it. */
export async function benchRotation(): Promise<void> {
  const folder = await newDataFolder()
  try {
    const rows: Row[] = []
    for (const answerMs of [0, 200])
      rows.push(await rotationRow(path.join(folder, `grants-${answerMs}`), answerMs))
    rows.push(await sweepRow(path.join(folder, 'sweep')))
    printTable('Rotation in one process, on SQLite', rows)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function rotationRow(stem: string, answerMs: number): Promise<Row> {
  const provider = { answerMs: 0 }
  const ports = await openPorts(stem, provider)
  const ids: string[] = []
  for (let index = 0; index < CONNECTIONS; index++) ids.push(await createMinted(ports, index))
  provider.answerMs = answerMs
  const startedAtMs = performance.now()
  let rotated = 0
  const waiting = [...ids]
  const worker = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const result = await rotateConnection(ports, { tenant: TENANT, id, cause: 'manual' })
      if (result.kind === 'rotated') rotated++
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  const seconds = (performance.now() - startedAtMs) / 1000
  await (ports.items as SqliteItemStore).close()
  return {
    what: `rotations, token endpoint answering in ${answerMs} ms, ${CONCURRENCY} at a time`,
    value: `${Math.round(rotated / seconds).toLocaleString('en')}/s (${rotated} of ${CONNECTIONS})`,
    ...(answerMs === 0 ? { aim: '≥ 1,000/s' } : { beside: `${(CONCURRENCY / answerMs) * 1000}/s at most` }),
  }
}

async function openPorts(stem: string, provider: { answerMs: number }): Promise<GrantPorts> {
  const clock = new SystemClock()
  const random = new SystemRandom()
  await createKeyFile(`${stem}.json`, random)
  const keys = await LocalKeyWrapper.open(`${stem}.json`, random)
  const digester = new LocalDigester((await openKeyFile(`${stem}.json`)).digestKey)
  const items = SqliteItemStore.open({ path: `${stem}.db` })
  const secrets = new SealedSecretStore({ items, keys, clock, random })
  const log = { info: silent, warn: silent, error: silent, access: silent }
  let minted = 0
  const oauth: OAuthClient = {
    requestToken: async () => {
      if (provider.answerMs > 0) await clock.sleep(provider.answerMs)
      const accessToken = new SecretText(`access-token-${minted++}`)
      return {
        kind: 'granted',
        grants: { main: { accessToken, lifeMs: 3_600_000, expiryBasis: 'stated', extra: {} } },
      }
    },
    revoke: async () => ({ kind: 'unsupported' }),
    probe: async () => ({ kind: 'accepted' }),
  }
  return {
    items,
    secrets,
    digester,
    clock,
    random,
    log,
    oauth,
    opened: new OpenedSecrets(secrets),
    checkUrl: () => undefined,
    attempts: new AttemptWatch(clock),
    breaker: new ProviderBreaker({ clock, random }),
    owner: 'bench',
  }
}

async function createMinted(ports: GrantPorts, index: number): Promise<string> {
  const setup = {
    type: 'CLIENT_CREDENTIALS',
    client_id: `client-${index}`,
    client_secret: `secret-${index}`,
    token_url: 'https://provider.example.com/token',
  }
  const { row } = await createConnection(
    { ...ports, grants: new LocalGrantRunner(ports) },
    { tenant: TENANT, clientId: 'bench', name: `minted ${index}`, appId: 'OAUTH2', setup },
  )
  return row.id
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
