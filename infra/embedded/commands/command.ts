import fs from 'node:fs'
import path from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { diskFailureOfSystem } from '../../../shared/adapters/sqlite/disk-failure.ts'
import { NewerDatabaseError } from '../../../shared/adapters/sqlite/migrations.ts'
import { errorFields } from '../../../shared/ports/error-fields.ts'
import { StoreUnavailableError } from '../../../shared/ports/item-store.ts'
import { KeyUnavailableError } from '../../../shared/ports/key-wrapper.ts'
import { UnreadableItemError } from '../../../shared/rows/row-codec.ts'
import { MovedVaultError } from '../../../shared/use-cases/grants/restored-mark.ts'
import {
  DamagedFileError,
  DataFolderError,
  type DataFolderLock,
  LockedError,
  tryFileLock,
} from '../data-folder.ts'
import { requireOwnFolder } from '../folder/own-folder.ts'
import { DATABASE_FILE, KEY_FILE } from '../open-stores.ts'
import { noteCommand } from './note-command.ts'

/** What a person can act on: shown without a stack, exit code 2. Nothing was changed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

/** The work was begun and is not done; what to do about it is in the message. Exit code 1. */
export class UnfinishedError extends Error {
  override readonly name = 'UnfinishedError'
}

/**
 * Runs a command to its exit code: 0 done, 1 failed on the way, 2 refused before anything was changed. What
 * `run` answers goes to standard output; what was done is noted as `act`.
 */
export async function runCommand(run: () => Promise<string>, act: string): Promise<void> {
  try {
    process.stdout.write(await run())
    const isHelp = process.argv.slice(2).some((word) => word === '--help' || word === '-h')
    if (!isHelp) noteCommand(act)
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`)
    process.exitCode = isRefusal(error) ? 2 : 1
  }
}

/** What a command was called with. Throws `RefusedError`, with how it is used, for what it does not take. */
export function parseCommand<Config extends ParseArgsConfig>(
  config: Config,
  usage: string,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new RefusedError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

/** The data folder a command works on: `--data`, FLOW_VAULT_DATA, or `.flow-vault`. */
export function dataFolderOf(option: string | undefined, env: NodeJS.ProcessEnv): string {
  return path.resolve(option ?? (env['FLOW_VAULT_DATA'] || '.flow-vault'))
}

/** Throws `RefusedError` unless there is a vault in the folder, and `DataFolderError` when others may change it. */
export function requireVault(folder: string): void {
  requireOwnFolder(folder)
  for (const file of [DATABASE_FILE, KEY_FILE]) {
    if (!fs.existsSync(path.join(folder, file))) {
      throw new RefusedError(
        `There is no ${file} in ${folder}. Name the data folder of the vault with --data or FLOW_VAULT_DATA.`,
      )
    }
  }
}

/**
 * Keeps the key file and what it opens in step: a rotation and a backup, each of which needs both to fit, exclude
 * each other. Ends with the process. Throws `LockedError`.
 */
export function lockKeys(folder: string): DataFolderLock {
  const lock = tryFileLock(path.join(folder, `${KEY_FILE}.lock`), 0)
  if (lock !== undefined) return lock
  throw new LockedError(`Another rotation of keys, or a backup, is running over ${folder}. Wait for its end.`)
}

/** Whether a person can act on it: then its message says all. */
export function isRefusal(error: unknown): boolean {
  return [
    RefusedError,
    LockedError,
    DataFolderError,
    DamagedFileError,
    KeyUnavailableError,
    NewerDatabaseError,
    UnreadableItemError,
    MovedVaultError,
  ].some((kind) => error instanceof kind)
}

function explain(error: unknown): string {
  const isOurs =
    isRefusal(error) || error instanceof UnfinishedError || error instanceof StoreUnavailableError
  return isOurs ? (error as Error).message : explainUnexpected(error)
}

/**
 * An error that nobody expected, for the terminal, which may be a log as well: of a system call what it was and
 * where it failed, else the class and the place. A library's message may hold an excerpt of a key file.
 */
export function explainUnexpected(error: unknown): string {
  const fields = errorFields(error)
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    const { failure } = diskFailureOfSystem(error)
    return failure === undefined ? error.message : `${error.message}: ${failure.reason}. ${failure.next}.`
  }
  const reason = fields.reason === undefined ? '' : ` (${fields.reason})`
  return `${fields.error}${reason}${fields.at === undefined ? '' : ` at ${fields.at}`}`
}
