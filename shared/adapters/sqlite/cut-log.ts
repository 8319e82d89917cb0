import fs from 'node:fs'
import os from 'node:os'
import { logOf } from './database-mark.ts'

/*
 * Whether a write-ahead log has lost its end. SQLite takes a log for as long as its checksums fit and passes over the
 * rest, for that is what a crash leaves: a log that a disk or a copy cut short is opened as an older database, and
 * nobody is told. The index beside it (`-shm`) knows better: a commit is counted there once it is safe in the log. The
 * formats of both are those of sqlite.org/walformat.html.
 */

const LOG_HEAD_BYTES = 32
const FRAME_HEAD_BYTES = 24
const INDEX_HEAD_BYTES = 48
const INDEX_VERSION = 3_007_000
/** Of 65,536 bytes a page, which two bytes cannot say. */
const PAGE_OF_64_KIB = 1
const MAX_PAGE_BYTES = 65_536
/** In the first word of a log: its sums are over big-endian words, else over little-endian ones. */
const BIG_ENDIAN_SUMS = 1

interface Index {
  readonly head: Buffer
  readonly frames: number
  readonly pageBytes: number
  readonly salts: Buffer
}

/**
 * How many pages of commits that were answered the log of the database at `path` has lost, as its index tells; 0 where
 * nothing says that there are any. Only true before SQLite opens the database, which makes the index anew. A log that
 * was begun anew or emptied meanwhile is not taken for a cut one.
 */
export function pagesLost(path: string): number {
  const index = readIndex(path)
  if (index === undefined || !fs.existsSync(logOf(path))) return 0
  const log = fs.openSync(logOf(path), fs.constants.O_RDONLY)
  try {
    const lost = index.frames - goodFrames(log, index)
    return lost > 0 && readIndex(path)?.head.equals(index.head) ? lost : 0
  } finally {
    fs.closeSync(log)
  }
}

/** The head of the index, where it is whole: SQLite writes it twice, and the two have to agree. */
function readIndex(path: string): Index | undefined {
  const both = readAt(`${path}-shm`, 2 * INDEX_HEAD_BYTES)
  if (both === undefined) return undefined
  const head = both.subarray(0, INDEX_HEAD_BYTES)
  const isLittle = os.endianness() === 'LE'
  const word = (at: number) => (isLittle ? head.readUInt32LE(at) : head.readUInt32BE(at))
  const half = isLittle ? head.readUInt16LE(14) : head.readUInt16BE(14)
  if (!head.equals(both.subarray(INDEX_HEAD_BYTES)) || word(0) !== INDEX_VERSION || head[12] !== 1)
    return undefined
  const pageBytes = half === PAGE_OF_64_KIB ? MAX_PAGE_BYTES : half
  return { head, frames: word(16), pageBytes, salts: head.subarray(32, 40) }
}

/** How many frames of the log, from its beginning, are those that the index counted; all of them for another log. */
function goodFrames(log: number, { frames, pageBytes, salts }: Index): number {
  const head = Buffer.alloc(LOG_HEAD_BYTES)
  const isThere = fs.readSync(log, head, 0, LOG_HEAD_BYTES, 0) === LOG_HEAD_BYTES
  if (!isThere || !head.subarray(16, 24).equals(salts)) return frames
  const isBig = (head.readUInt32BE(0) & 1) === BIG_ENDIAN_SUMS
  let sums = summed(head.subarray(0, 24), [0, 0], isBig)
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + pageBytes)
  for (let count = 0; count < frames; count++) {
    const at = LOG_HEAD_BYTES + count * frame.length
    if (fs.readSync(log, frame, 0, frame.length, at) !== frame.length) return count
    sums = summed(frame.subarray(FRAME_HEAD_BYTES), summed(frame.subarray(0, 8), sums, isBig), isBig)
    const isGood = frame.readUInt32BE(16) === sums[0] && frame.readUInt32BE(20) === sums[1]
    if (!isGood || !frame.subarray(8, 16).equals(salts)) return count
  }
  return frames
}

/** The running sums over pairs of 32-bit words, modulo 2^32. */
function summed(bytes: Buffer, [first, second]: readonly [number, number], isBig: boolean): [number, number] {
  let [one, two] = [first, second]
  for (let at = 0; at < bytes.length; at += 8) {
    one = (one + (isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + two) >>> 0
    two = (two + (isBig ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + one) >>> 0
  }
  return [one, two]
}

function readAt(path: string, length: number): Buffer | undefined {
  let file: number
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const bytes = Buffer.alloc(length)
    return fs.readSync(file, bytes, 0, length, 0) === length ? bytes : undefined
  } finally {
    fs.closeSync(file)
  }
}
