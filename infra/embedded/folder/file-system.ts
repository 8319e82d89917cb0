import fs from 'node:fs'
import { DataFolderError } from '../data-folder.ts'

/**
 * What `statfs` calls file systems of other machines (Linux, include/uapi/linux/magic.h, and each one's own sources).
 * SQLite's write-ahead log needs memory that all who open the file share (sqlite.org/wal.html), which these do not
 * give; and their locks, by which the vault knows that it is alone, are known to let two in.
 */
const NETWORK_TYPES: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
  1397113167: 'AFS',
  1799439955: 'AFS',
  1937076805: 'Coda',
  12805120: 'Ceph',
  198183888: 'Lustre',
  1196443219: 'GPFS',
  428016422: 'FhGFS',
}
/** What may be either: a disk of this machine behind a driver, or one of another. */
const UNCLEAR_TYPES: Readonly<Record<number, string>> = {
  1702057286: 'FUSE',
  16914839: '9P',
  2020557398: 'vboxsf',
  3133910204: 'VMware shared folders',
}

/**
 * Throws `DataFolderError` for a folder on a network file system. Answers the name of the kind where it may be one, so
 * that the operator can be told.
 */
export function requireLocalDisk(folder: string, typeOf = typeOnLinux): string | undefined {
  const type = typeOf(folder)
  if (type === undefined) return undefined
  const network = NETWORK_TYPES[type]
  if (network !== undefined) {
    throw new DataFolderError(
      `The data folder ${folder} is on a network file system (${network}), where SQLite loses data. To go on, name a folder on a disk of this machine in FLOW_VAULT_DATA; backups may go anywhere.`,
    )
  }
  return UNCLEAR_TYPES[type]
}

/** Unsigned, as the kernel's list has it; other systems number their file systems otherwise. */
function typeOnLinux(folder: string): number | undefined {
  return process.platform === 'linux' ? fs.statfsSync(folder).type >>> 0 : undefined
}
