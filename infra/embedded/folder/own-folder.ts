import fs from 'node:fs'
import path from 'node:path'
import { DataFolderError } from '../data-folder.ts'

const OTHERS_MAY_WRITE = 0o022
const OTHERS_MAY_DO_ANYTHING = 0o077

/** What only its owner may read. Others may read the certificates, and write nothing. */
const PRIVATE_FILES = [
  ...['vault-key.json', 'vault.db', 'vault.db-wal', 'vault.db-shm', 'clients.json', 'issuer-key.json'],
  ...['dev.json', 'lock.db', 'tls/ca-key.pem', 'tls/server-key.pem'],
]
const PUBLIC_FILES = ['ca.pem', 'tls/server.pem', 'server.pid']

/**
 * Throws `DataFolderError` when anybody but this user could change what the vault works with: a folder that others
 * may write lets them put their own list of clients in place of the vault's. Says what to do.
 */
export function requireOwnFolder(folder: string): void {
  // Windows has no such modes; its folders inherit the rights of the user's profile.
  if (process.platform === 'win32') return
  for (const name of ['.', 'tls']) {
    requireOwn(path.join(folder, name), { isFolder: true, othersMayNot: OTHERS_MAY_WRITE })
  }
  for (const name of PRIVATE_FILES) {
    requireOwn(path.join(folder, name), { isFolder: false, othersMayNot: OTHERS_MAY_DO_ANYTHING })
  }
  for (const name of PUBLIC_FILES) {
    requireOwn(path.join(folder, name), { isFolder: false, othersMayNot: OTHERS_MAY_WRITE })
  }
}

function requireOwn(file: string, wanted: { isFolder: boolean; othersMayNot: number }): void {
  const stats = (wanted.isFolder ? fs.statSync : fs.lstatSync)(file, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!wanted.isFolder && !stats.isFile()) {
    throw refusal(file, 'it is no regular file', 'put the file itself there')
  }
  if (stats.uid !== process.geteuid?.()) {
    throw refusal(
      file,
      `it belongs to user ${stats.uid}`,
      `run chown ${process.geteuid?.()} ${file}, or name a folder that is yours in FLOW_VAULT_DATA`,
    )
  }
  if ((stats.mode & wanted.othersMayNot) === 0) return
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
  throw refusal(
    file,
    `others may touch it (mode ${mode})`,
    `look whether it is as you left it, then run chmod ${wanted.isFolder ? '700' : '600'} ${file}`,
  )
}

function refusal(file: string, reason: string, advice: string): DataFolderError {
  return new DataFolderError(`${file} cannot be trusted: ${reason}. To go on, ${advice}.`)
}
