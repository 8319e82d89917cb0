import { createSecretKey, type KeyObject } from 'node:crypto'
import { constants, type FileHandle, link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { KeyUnavailableError } from '../../ports/key-wrapper.ts'
import type { Random } from '../../ports/random.ts'
import { formatKeyFile, KEY_BYTES, type KeyFile, parseKeyFile } from './key-file-format.ts'

/** Only the owner may read or write the file. */
const OWNER_ONLY = 0o600
const OTHERS = 0o077
/** A file of a thousand keys is smaller; anything longer is not a key file. */
const MAX_FILE_BYTES = 65_536
const KEY_ID_BYTES = 8

/**
 * The keys in the file at `path`. Throws `KeyUnavailableError`, in words an operator can act on, when there is no
 * file, when anybody but its owner may touch it, or when it is not what `createKeyFile` writes.
 */
export async function openKeyFile(path: string): Promise<KeyFile> {
  const handle = await openForReading(path)
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new KeyUnavailableError(`the key file ${path} is not a regular file`)
    if ((stats.mode & OTHERS) !== 0) {
      const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
      throw new KeyUnavailableError(
        `others may touch the key file ${path} (mode ${mode}): run chmod 600 ${path}`,
      )
    }
    if (stats.size > MAX_FILE_BYTES)
      throw new KeyUnavailableError(`the key file ${path} is too long to be one`)
    return parseKeyFile(await handle.readFile('utf8'), path)
  } finally {
    await handle.close()
  }
}

/**
 * Makes a key file with one wrapping key and a digest key, and its folder if need be; on the disk when this
 * returns. Throws `KeyUnavailableError` when there is a file already: overwriting it would lose every secret.
 */
export async function createKeyFile(path: string, random: Random): Promise<KeyFile> {
  const key = newKey(random)
  const file: KeyFile = {
    vault: `vault-${Buffer.from(random.bytes(KEY_ID_BYTES)).toString('hex')}`,
    opened: 0,
    active: key.keyId,
    keys: new Map([[key.keyId, key.key]]),
    digestKey: createSecretKey(random.bytes(KEY_BYTES)),
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${Buffer.from(random.bytes(KEY_ID_BYTES)).toString('hex')}.new`
  await writeDraft(draft, file)
  try {
    // A link, unlike a rename, fails when the name is taken, so two first starts cannot replace each other's file.
    await link(draft, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    throw new KeyUnavailableError(`there is a key file at ${path} already; it is left as it is`)
  } finally {
    await unlink(draft)
  }
  await syncFolder(path)
  return file
}

/** Keeps how often the vault's database has been put to use, so that an older one is known for what it is. */
export async function recordOpened(path: string, opened: number): Promise<void> {
  await changeKeyFile(path, (file) => ({ ...file, opened: Math.max(file.opened, opened) }))
}

/** Adds a key and makes it the active one; the others stay and still open what they wrapped. */
export async function addKey(path: string, random: Random): Promise<KeyFile> {
  return changeKeyFile(path, (file) => {
    const { keyId, key } = newKey(random)
    return { ...file, active: keyId, keys: new Map([...file.keys, [keyId, key]]) }
  })
}

/**
 * Forgets a key for good: what it still wraps can never be opened again, so re-wrap everything first.
 * Throws `KeyUnavailableError` for the active key and for one that is not there.
 */
export async function dropKey(path: string, keyId: string): Promise<KeyFile> {
  return changeKeyFile(path, (file) => {
    if (keyId === file.active)
      throw new KeyUnavailableError('the active key cannot be dropped: add another one first')
    const keys = new Map(file.keys)
    if (!keys.delete(keyId)) throw new KeyUnavailableError(`the key file ${path} has no key of that name`)
    return { ...file, keys }
  })
}

/**
 * Replaces the file in one step. The draft has a fixed name and is opened exclusively before the file is read, so
 * that it is also the lock between two changes.
 */
async function changeKeyFile(path: string, change: (file: KeyFile) => KeyFile): Promise<KeyFile> {
  const draft = `${path}.new`
  const handle = await openDraft(draft)
  try {
    const file = change(await openKeyFile(path))
    await writeAndSync(handle, file)
    await rename(draft, path)
    await syncFolder(path)
    return file
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    throw error
  } finally {
    await handle.close()
  }
}

async function writeDraft(draft: string, file: KeyFile): Promise<void> {
  const handle = await openDraft(draft)
  try {
    await writeAndSync(handle, file)
  } finally {
    await handle.close()
  }
}

async function openDraft(draft: string): Promise<FileHandle> {
  try {
    return await open(draft, 'wx', OWNER_ONLY)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    throw new KeyUnavailableError(
      `another process is changing the key file (${draft} exists); if none is running, remove that file`,
    )
  }
}

async function writeAndSync(handle: FileHandle, file: KeyFile): Promise<void> {
  // The umask may only take bits away from the mode of `open`; this makes it exact.
  await handle.chmod(OWNER_ONLY)
  await handle.writeFile(formatKeyFile(file))
  await handle.sync()
}

/** A new name is only safe from a power cut once its folder is on the disk too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') throw new KeyUnavailableError(`there is no key file at ${path}`)
    throw new KeyUnavailableError(
      `the key file ${path} cannot be opened (${code ?? 'unknown error'}): it has to be this user’s own, with mode 0600, on a disk that works`,
    )
  }
}

function newKey(random: Random): { keyId: string; key: KeyObject } {
  const keyId = `k-${Buffer.from(random.bytes(KEY_ID_BYTES)).toString('hex')}`
  return { keyId, key: createSecretKey(random.bytes(KEY_BYTES)) }
}

/** By its shape: a system error need not be of this realm's `Error`. */
function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
