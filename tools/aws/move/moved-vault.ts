import { existsSync } from 'node:fs'
import path from 'node:path'
import { RefusedError, requireVault } from '../../../infra/embedded/commands/command.ts'
import { acquireDataFolderLock, DataFolderError, LockedError } from '../../../infra/embedded/data-folder.ts'
import { DATABASE_FILE, openStores } from '../../../infra/embedded/open-stores.ts'
import { STAGE_NAME } from '../../../infra/stage-file.ts'
import { BoundSecretStore } from '../../../shared/adapters/bound-secret-store.ts'
import { SealedGrants } from '../../../shared/adapters/sealed/sealed-grants.ts'
import { SealedSecretStore } from '../../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemClock } from '../../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../../shared/adapters/system/system-random.ts'
import { LOCAL_DEPLOYMENT } from '../../../shared/domain/secret-id.ts'
import type { Digester } from '../../../shared/ports/digester.ts'
import type { GrantSealer } from '../../../shared/ports/grant-sealer.ts'
import type { ItemStore } from '../../../shared/ports/item-store.ts'
import type { SecretStore } from '../../../shared/ports/secret-store.ts'
import { ToolError, UsageError } from '../../tool-command.ts'
import { openStage } from '../deployed-stage.ts'

/** One of the two vaults of a move: rows, and all that opens and seals what they point at. */
export interface MovedVault {
  /** In words: `the stage prod`. */
  readonly name: string
  readonly items: ItemStore
  readonly secrets: SecretStore
  readonly sealer: GrantSealer
  readonly digester: Digester
  /** Nothing else works on its rows while it is open here, as the lock of a data folder proves. */
  readonly isAlone: boolean
  close(): Promise<void>
}

/** The vault that `--from` names: the data folder of an embedded one, or a stage. Throws what says why it is none. */
export async function openSource(from: string): Promise<MovedVault> {
  const isFolder = existsSync(path.join(from, DATABASE_FILE))
  const isStage =
    STAGE_NAME.test(from) && (existsSync(path.join('stages', `${from}.json`)) || !existsSync(from))
  if (isFolder && isStage)
    throw new UsageError(`--from ${from} is a stage and a data folder: write ./${from} for the folder.`)
  if (isFolder) return openFolder(path.resolve(from))
  if (isStage) return openMovedStage(from)
  throw new UsageError(
    `--from ${from} is neither a data folder, which has ${DATABASE_FILE} in it, nor the name of a stage.`,
  )
}

/**
 * The stage that `--to` names. Throws `UsageError` for what is no such name, and `ToolError` when it is not deployed.
 */
export async function openTarget(to: string): Promise<MovedVault> {
  if (STAGE_NAME.test(to)) return openMovedStage(to)
  throw new UsageError(
    `--to ${to} is no name of a stage. Allowed: a letter, then up to 23 of a-z, 0-9 and -.`,
  )
}

/** The stores of a deployed stage as one side of a move. Throws `ToolError` when there is none. */
export async function openMovedStage(stage: string): Promise<MovedVault> {
  // People's changes are refused on both sides while a move goes on.
  const { items, secrets, kind, sealer, digester } = await openStage(stage, { isOnlyWriter: true })
  return {
    name: `the stage ${stage}`,
    items,
    secrets: new BoundSecretStore({ items, secrets, kind, mayBegin: true }),
    sealer,
    digester,
    isAlone: false,
    close: async () => undefined,
  }
}

/** Takes the folder's lock, so that no server starts over it meanwhile. */
async function openFolder(folder: string): Promise<MovedVault> {
  try {
    requireVault(folder)
    const lock = acquireDataFolderLock(folder)
    try {
      const [clock, random] = [new SystemClock(), new SystemRandom()]
      const { items, keys, digester } = await openStores(folder, { random })
      const ports = { items, keys, clock, random }
      return {
        name: `the folder ${folder}`,
        items,
        secrets: new SealedSecretStore({ ...ports, deployment: LOCAL_DEPLOYMENT }),
        sealer: new SealedGrants(ports),
        digester,
        isAlone: true,
        close: async () => {
          await items.close()
          lock.release()
        },
      }
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (error) {
    const isTold = [RefusedError, LockedError, DataFolderError].some((kind) => error instanceof kind)
    throw isTold ? new ToolError(`${(error as Error).message} Nothing was changed.`) : error
  }
}
