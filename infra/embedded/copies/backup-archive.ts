import fs from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { DATABASE_FILE, KEY_FILE } from '../open-stores.ts'
import { SealedStreamError } from './sealed-stream.ts'

/*
 * The files of a vault as one byte stream: for each a line of JSON with its name and size, and its bytes; a line
 * with `end` says that none is missing.
 */

/** What a vault is made of besides its database; what need not be there is marked. Modes are as they are made. */
const FILES: readonly { name: string; mode: number; isOptional: boolean }[] = [
  { name: KEY_FILE, mode: 0o600, isOptional: false },
  { name: 'clients.json', mode: 0o600, isOptional: true },
  { name: 'issuer-key.json', mode: 0o600, isOptional: true },
  { name: 'dev.json', mode: 0o600, isOptional: true },
  { name: 'ca.pem', mode: 0o644, isOptional: true },
  { name: 'tls/ca-key.pem', mode: 0o600, isOptional: true },
  { name: 'tls/server.pem', mode: 0o644, isOptional: true },
  { name: 'tls/server-key.pem', mode: 0o600, isOptional: true },
]
const DATABASE_MODE = 0o600
const FORMAT = 1
/** A line names a file and its size; anything longer is none. */
const MAX_LINE_BYTES = 1024

/** The archive of a data folder, with the database as it is in `snapshot`. */
export async function* packVault(folder: string, snapshot: string): AsyncGenerator<Buffer> {
  yield line({ format: FORMAT })
  for (const { name, isOptional } of FILES) {
    const file = path.join(folder, name)
    if (isOptional && !fs.existsSync(file)) continue
    // These are small, and replaced as a whole when they change: one read is one state.
    const bytes = fs.readFileSync(file)
    yield line({ name, size: bytes.byteLength })
    yield bytes
  }
  const { size } = fs.statSync(snapshot)
  yield line({ name: DATABASE_FILE, size })
  yield* fs.createReadStream(snapshot) as AsyncIterable<Buffer>
  yield line({ end: true })
}

/**
 * Writes the files of an archive into an empty folder and answers their names. Throws `SealedStreamError` when it
 * is no archive, is cut off, or holds anything that a vault does not.
 */
export async function unpackVault(archive: AsyncIterable<Uint8Array>, folder: string): Promise<string[]> {
  const reader = new ArchiveReader(archive)
  if ((await reader.line())['format'] !== FORMAT) throw notAnArchive('it was written by another release')
  const names: string[] = []
  for (;;) {
    const { name, size, end } = await reader.line()
    if (end === true) break
    if (typeof name !== 'string' || typeof size !== 'number') throw notAnArchive('a file has no name or size')
    const mode = name === DATABASE_FILE ? DATABASE_MODE : FILES.find((file) => file.name === name)?.mode
    // The list is also what keeps a name from leading out of the folder.
    if (mode === undefined || names.includes(name)) throw notAnArchive('it holds a file that no vault has')
    const target = path.join(folder, name)
    fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 })
    await writeNew(target, mode, reader.bytes(size))
    names.push(name)
  }
  if (![DATABASE_FILE, KEY_FILE].every((name) => names.includes(name)))
    throw notAnArchive('it holds no database, or no key file')
  await reader.requireEnd()
  return names
}

/** By a handle and not a stream: when this has thrown, nothing more appears in the folder. */
async function writeNew(target: string, mode: number, bytes: AsyncIterable<Buffer>): Promise<void> {
  const handle = await open(target, 'wx', mode)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

class ArchiveReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(archive: AsyncIterable<Uint8Array>) {
    this.#pieces = archive[Symbol.asyncIterator]()
  }

  async line(): Promise<Record<string, unknown>> {
    let end = this.#rest.indexOf('\n')
    while (end < 0 && this.#rest.byteLength <= MAX_LINE_BYTES && (await this.#more()))
      end = this.#rest.indexOf('\n')
    if (end < 0 || end > MAX_LINE_BYTES) throw notAnArchive('it is cut off')
    const text = this.#rest.subarray(0, end).toString('utf8')
    this.#rest = this.#rest.subarray(end + 1)
    try {
      return JSON.parse(text) as Record<string, unknown>
    } catch {
      throw notAnArchive('a line of it is not JSON')
    }
  }

  async *bytes(size: number): AsyncGenerator<Buffer> {
    let left = size
    while (left > 0) {
      if (this.#rest.byteLength === 0 && !(await this.#more())) throw notAnArchive('it is cut off')
      const piece = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(piece.byteLength)
      left -= piece.byteLength
      yield piece
    }
  }

  /** Reads on to the end, which is where a sealed stream proves that nothing was cut off. */
  async requireEnd(): Promise<void> {
    while (await this.#more()) if (this.#rest.byteLength > 0) throw notAnArchive('something follows its end')
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#pieces.next()
    if (done === true) return false
    this.#rest = this.#rest.byteLength === 0 ? Buffer.from(value) : Buffer.concat([this.#rest, value])
    return true
  }
}

function line(content: Record<string, string | number | boolean>): Buffer {
  return Buffer.from(`${JSON.stringify(content)}\n`)
}

function notAnArchive(reason: string): SealedStreamError {
  return new SealedStreamError(`The backup cannot be read: ${reason}.`)
}
