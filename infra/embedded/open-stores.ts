import { existsSync } from 'node:fs'
import path from 'node:path'
import { verifyKeyMatches } from '../../shared/adapters/sealed/key-check.ts'
import { createKeyFile, openKeyFile, recordOpened } from '../../shared/adapters/sealed/key-file.ts'
import { LocalDigester } from '../../shared/adapters/sealed/local-digester.ts'
import { LocalKeyWrapper } from '../../shared/adapters/sealed/local-key-wrapper.ts'
import { SqliteItemStore } from '../../shared/adapters/sqlite/sqlite-item-store.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Random } from '../../shared/ports/random.ts'
import { markRestored } from '../../shared/use-cases/grants/restored-mark.ts'
import {
  DATABASE_FILE,
  KEY_FILE,
  requireFittingLog,
  requireWhole,
  type WholeFolder,
} from './folder/whole-vault.ts'

export { DATABASE_FILE, KEY_FILE }

export interface Stores {
  readonly items: SqliteItemStore
  readonly keys: LocalKeyWrapper
  readonly digester: LocalDigester
  /** Opens the sealed known text again: proves that the database answers and the key fits. */
  check(): Promise<void>
}

/**
 * Opens the database and the key file of a data folder, or makes both on the first start. A folder of which a part is
 * missing, older or another vault's is refused, as `requireWhole` says, and nothing is touched then; `whole` is there
 * when the caller has looked. Who serves the vault holds the folder's lock and marks the database as in use.
 */
export async function openStores(
  folder: string,
  ports: { random: Random },
  options: {
    serves?: { clock: Pick<Clock, 'nowMs'> }
    acceptLoss?: readonly string[]
    whole?: WholeFolder | undefined
  } = {},
): Promise<Stores> {
  const keyPath = path.join(folder, KEY_FILE)
  const { mark, isOlder } = options.whole ?? (await requireWhole(folder, options.acceptLoss))
  if (options.serves !== undefined) requireFittingLog(folder, mark)
  if (!existsSync(keyPath)) await createKeyFile(keyPath, ports.random)
  const keys = await LocalKeyWrapper.open(keyPath, ports.random)
  const keyFile = await openKeyFile(keyPath)
  const digester = new LocalDigester(keyFile.digestKey)
  const databasePath = path.join(folder, DATABASE_FILE)
  const items = SqliteItemStore.open({ path: databasePath })
  const check = () => verifyKeyMatches({ items, keys, digester, random: ports.random })
  try {
    await check()
    if (options.serves !== undefined) {
      // Before anything says that this database is the newest one.
      if (isOlder) await markRestored({ items }, options.serves.clock.nowMs())
      // The database first: killed in between, it is the newer of the two, and that is harmless.
      await recordOpened(keyPath, items.beginUse({ vault: keyFile.vault, openedBefore: keyFile.opened }))
    }
  } catch (error) {
    await items.close()
    throw error
  }
  return { items, keys, digester, check }
}

/** Opens the stores for the server, which holds the folder's lock. */
export function serveStores(
  { dataFolder, acceptLoss }: { dataFolder: string; acceptLoss: readonly string[] },
  ports: { random: Random; clock: Pick<Clock, 'nowMs'> },
  whole?: WholeFolder,
): Promise<Stores> {
  return openStores(dataFolder, ports, { serves: ports, acceptLoss, whole })
}
