import { once } from 'node:events'
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract, type Header, type Pack, pack } from 'tar-stream'
import { DATABASE_FILE, KEY_FILE } from '../open-stores.ts'
import { SealedStreamError } from './sealed-stream.ts'

/*
 * The files of a vault as a tar archive (POSIX.1-2001), which `tar` reads too.
 */

/** What a vault is made of; what need not be there is marked. The database comes last: it is the long one. */
const FILES: readonly { name: string; mode: number; isOptional: boolean }[] = [
  { name: KEY_FILE, mode: 0o600, isOptional: false },
  { name: 'clients.json', mode: 0o600, isOptional: true },
  { name: 'issuer-key.json', mode: 0o600, isOptional: true },
  { name: 'dev.json', mode: 0o600, isOptional: true },
  { name: 'ca.pem', mode: 0o644, isOptional: true },
  { name: 'tls/ca-key.pem', mode: 0o600, isOptional: true },
  { name: 'tls/server.pem', mode: 0o644, isOptional: true },
  { name: 'tls/server-key.pem', mode: 0o600, isOptional: true },
  { name: DATABASE_FILE, mode: 0o600, isOptional: false },
]

/** The archive of a data folder, with the database as it is in `snapshot`. */
export async function* packVault(folder: string, snapshot: string): AsyncGenerator<Uint8Array> {
  const archive = pack()
  addFiles(archive, folder, snapshot).catch((error: Error) => archive.destroy(error))
  yield* archive as AsyncIterable<Uint8Array>
}

async function addFiles(archive: Pack, folder: string, snapshot: string): Promise<void> {
  for (const { name, mode, isOptional } of FILES) {
    const file = name === DATABASE_FILE ? snapshot : path.join(folder, name)
    if (isOptional && !fs.existsSync(file)) continue
    const { size, mtime } = fs.statSync(file)
    const entry = archive.entry({ name, mode, size, mtime })
    for await (const piece of fs.createReadStream(file)) if (!entry.write(piece)) await once(entry, 'drain')
    entry.end(undefined)
  }
  archive.finalize()
}

/**
 * Writes the files of an archive into an empty folder and answers their names. Throws `SealedStreamError` when it
 * is no archive, is cut off, or holds anything that a vault does not; and what reading it throws.
 */
export async function unpackVault(archive: AsyncIterable<Uint8Array>, folder: string): Promise<string[]> {
  const entries = extract()
  let cause: unknown
  const reading = pipeline(archive, entries).catch((error: unknown) => {
    cause = error
  })
  const names: string[] = []
  try {
    for await (const entry of entries)
      names.push(await unpackEntry(entry.header, entry as AsyncIterable<Buffer>, folder, names))
    await reading
    if (cause !== undefined) throw cause
  } catch (error) {
    await reading
    throw isOfTar(error) ? notAnArchive('it is no archive, or is cut off') : error
  }
  const missing = FILES.find(({ name, isOptional }) => !isOptional && !names.includes(name))
  if (missing !== undefined) throw notAnArchive(`it holds no ${missing.name}`)
  return names
}

async function unpackEntry(
  header: Header,
  pieces: AsyncIterable<Buffer>,
  folder: string,
  names: readonly string[],
): Promise<string> {
  const { name, type } = header
  const known = FILES.find((file) => file.name === name)
  // The list is also what keeps a name, or a link, from leading out of the folder.
  if (known === undefined || type !== 'file' || names.includes(name))
    throw notAnArchive('it holds a file that no vault has')
  const target = path.join(folder, name)
  fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 })
  // By a handle and not a stream: when this has thrown, nothing more appears in the folder.
  const handle = await open(target, 'wx', known.mode)
  try {
    await handle.writeFile(pieces)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return name
}

/** `tar-stream` throws plain errors; those of the system and our own have a code or a class. */
function isOfTar(error: unknown): boolean {
  return error instanceof Error && error.name === 'Error' && !('code' in error)
}

function notAnArchive(reason: string): SealedStreamError {
  return new SealedStreamError(`The backup cannot be read: ${reason}.`)
}
