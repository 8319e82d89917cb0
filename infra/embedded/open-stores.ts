import { existsSync } from 'node:fs'
import path from 'node:path'
import { verifyKeyMatches } from '../../shared/adapters/sealed/key-check.ts'
import { createKeyFile, openKeyFile } from '../../shared/adapters/sealed/key-file.ts'
import { LocalDigester } from '../../shared/adapters/sealed/local-digester.ts'
import { LocalKeyWrapper } from '../../shared/adapters/sealed/local-key-wrapper.ts'
import { SqliteItemStore } from '../../shared/adapters/sqlite/sqlite-item-store.ts'
import { KeyUnavailableError } from '../../shared/ports/key-wrapper.ts'
import type { Random } from '../../shared/ports/random.ts'

/** The keys that open everything, beside the database in the data folder; a backup needs both. */
export const KEY_FILE = 'vault-key.json'
/** Rows and sealed secrets. */
export const DATABASE_FILE = 'vault.db'

export interface Stores {
  readonly items: SqliteItemStore
  readonly keys: LocalKeyWrapper
  readonly digester: LocalDigester
  /** Opens the sealed known text again: proves that the database answers and the key fits. */
  check(): Promise<void>
}

/**
 * Opens the database and the key file of a data folder, or makes both on the first start. A database without its
 * key file is refused, and so is a key file that belongs to another database; nothing is touched then.
 */
export async function openStores(folder: string, ports: { random: Random }): Promise<Stores> {
  const keyPath = path.join(folder, KEY_FILE)
  const databasePath = path.join(folder, DATABASE_FILE)
  if (!existsSync(keyPath)) {
    if (existsSync(databasePath)) {
      throw new KeyUnavailableError(
        `the key file ${keyPath} is missing, and the database ${databasePath} cannot be opened without it. Put the key file back from your copy.`,
      )
    }
    await createKeyFile(keyPath, ports.random)
  }
  const keys = await LocalKeyWrapper.open(keyPath, ports.random)
  const digester = new LocalDigester((await openKeyFile(keyPath)).digestKey)
  const items = SqliteItemStore.open({ path: databasePath })
  const check = () => verifyKeyMatches({ items, keys, digester, random: ports.random })
  try {
    await check()
  } catch (error) {
    await items.close()
    throw error
  }
  return { items, keys, digester, check }
}
