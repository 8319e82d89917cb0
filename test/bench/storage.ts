import { rmSync } from 'node:fs'
import path from 'node:path'
import { createLocalGrantRunner } from '../../functions/grants/local-grant-runner.ts'
import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { MemorySecretStore } from '../../shared/adapters/memory/memory-secret-store.ts'
import { createKeyFile } from '../../shared/adapters/sealed/key-file.ts'
import { LocalKeyWrapper } from '../../shared/adapters/sealed/local-key-wrapper.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SqliteItemStore } from '../../shared/adapters/sqlite/sqlite-item-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { newId, newUuid } from '../../shared/domain/ids.ts'
import { connectionKey, rotationShard } from '../../shared/domain/keys.ts'
import { secretIdOf } from '../../shared/domain/secret-id.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { newDataFolder } from '../support/running-vault.ts'
import { type Stores, storeVersion } from '../support/store-version.ts'
import { mintingPorts, TENANT } from './minting-ports.ts'
import { printTable, type Row } from './table.ts'

const CREATES = 2_000
const OPERATIONS = 2_000
/** As many callers as the HTTP benches have connections. */
const CALLERS = 32
const clock = new SystemClock()
const random = new SystemRandom()

/** What crash safety costs a create, and operations a second of the adapters that need no service. */
export async function benchStorage(): Promise<void> {
  const folder = await newDataFolder()
  try {
    printTable(`Creates in one process on SQLite, ${CALLERS} callers`, [await createRow(folder)])
    const rows = [...(await itemRows(folder)), ...(await secretRows(folder))]
    printTable(`Adapters, operations a second of ${CALLERS} callers`, rows)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A create is one commit of version, row and event. Without crash safety it would be two, and a crash between them an orphan. */
async function createRow(folder: string): Promise<Row> {
  const keyPath = path.join(folder, 'keys.json')
  await createKeyFile(keyPath, random)
  const items = SqliteItemStore.open({ path: path.join(folder, 'creates.db') })
  const ports = await mintingPorts(items, keyPath, { answerMs: 0 })
  const grants = createLocalGrantRunner(ports)
  const setup = { type: 'BEARER', token: 'bench-token-000' }
  const input = { tenant: TENANT, clientId: 'bench', name: 'bench', appId: 'HTTP', setup }
  const safe = await perSecond(CREATES, () => createConnection({ ...ports, grants }, input))
  const { row } = await createConnection({ ...ports, grants }, input)
  const value = new SecretText(JSON.stringify({ setup }))
  const bare = await perSecond(CREATES, async () => {
    const id = newId('ac_', { nowMs: clock.nowMs(), random })
    const secretId = secretIdOf({
      deployment: 'local',
      kind: 's',
      tenant: TENANT,
      ownerId: id,
      generation: 1,
    })
    const { versionId } = await storeVersion(ports, {
      secretId,
      versionId: newUuid(random),
      value,
      isNew: true,
    })
    const attributes = { ...row, id, secret: { secretId, versionId, generation: 1, staged: 1 } }
    await items.transact([{ op: 'put', key: connectionKey(TENANT, id), attributes } as never])
  })
  await items.close()
  return { what: 'create with crash safety', value: showRate(safe), beside: `without: ${showRate(bare)}` }
}

async function itemRows(folder: string): Promise<Row[]> {
  const sqlite = SqliteItemStore.open({ path: path.join(folder, 'items.db') })
  const rows: Row[] = []
  for (const [name, store] of Object.entries({ memory: new MemoryItemStore(), sqlite })) {
    const written = await perSecond(OPERATIONS, (n) => writeItem(store, n))
    const got = await perSecond(OPERATIONS, (n) => store.get(connectionKey(TENANT, String(n))))
    const due = { shard: rotationShard('0'), dueAtMostMs: OPERATIONS, limit: 25 }
    const partition = connectionKey(TENANT, '0').partition
    const listed = await perSecond(OPERATIONS, () => store.query({ partition, limit: 25 }))
    const found = await perSecond(OPERATIONS, () => store.queryDue(due))
    rows.push({
      what: `rows in ${name}`,
      value: `transaction of two ${showRate(written)}, get ${showRate(got)}, query of 25 ${showRate(listed)}, due of 25 ${showRate(found)}`,
    })
  }
  await sqlite.close()
  return rows
}

function writeItem(store: ItemStore, n: number): Promise<void> {
  const id = String(n)
  const due = { due_shard: rotationShard(id), due_at: n }
  return store.transact([
    {
      op: 'put',
      key: connectionKey(TENANT, id),
      attributes: { id, ...due },
      when: [{ kind: 'item-absent' }],
    },
    { op: 'update', key: connectionKey(TENANT, `${id}-beside`), set: { id } },
  ])
}

async function secretRows(folder: string): Promise<Row[]> {
  const keys = await LocalKeyWrapper.open(path.join(folder, 'keys.json'), random)
  const sqlite = SqliteItemStore.open({ path: path.join(folder, 'secrets.db') })
  const memory = new MemoryItemStore()
  const stores: Record<string, Stores & { readonly items: ItemStore }> = {
    memory: { secrets: new MemorySecretStore(clock), items: memory },
    'sealed in memory': {
      secrets: new SealedSecretStore({ deployment: 'local', items: memory, keys, clock, random }),
      items: memory,
    },
    'sealed in sqlite': {
      secrets: new SealedSecretStore({ deployment: 'local', items: sqlite, keys, clock, random }),
      items: sqlite,
    },
  }
  const rows: Row[] = []
  for (const [name, store] of Object.entries(stores)) {
    const idOf = (n: number) =>
      secretIdOf({ deployment: 'local', kind: 's', tenant: TENANT, ownerId: String(n), generation: 1 })
    const value = new SecretText('bench-token-000'.repeat(20))
    const put = await perSecond(OPERATIONS, (n) =>
      storeVersion(store, { secretId: idOf(n), versionId: 'v1', value, isNew: true }),
    )
    const got = await perSecond(OPERATIONS, (n) => store.secrets.get(idOf(n), 'v1'))
    rows.push({ what: `secrets ${name}`, value: `store ${showRate(put)}, get ${showRate(got)}` })
  }
  await sqlite.close()
  return rows
}

/** Does `act` so many times, by as many callers as a bench has, each beginning the next when its last is done. */
async function perSecond(times: number, act: (n: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const startedAtMs = performance.now()
  const caller = async (): Promise<void> => {
    while (next < times) await act(next++)
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return times / ((performance.now() - startedAtMs) / 1000)
}

function showRate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en')}/s`
}
