import fs from 'node:fs'
import { WRITE_PROBE_KEY } from '../../shared/domain/store-keys.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { type ItemStore, StoreUnavailableError } from '../../shared/ports/item-store.ts'
import { PROBE_ROWS } from '../../shared/rows/vault-rows.ts'

/** However often a monitor asks, the disk is written to this seldom; after a failure it is tried again sooner. */
const PROVEN_FOR_MS = 5_000
const FAILED_FOR_MS = 1_000
/** What is written within a second fits into the room there must be. */
const ROOM_KNOWN_FOR_MS = 1_000
/** Less is a matter of minutes: the write-ahead log alone may take 64 MiB in a burst. */
const MIN_FREE_BYTES = 16 * 1024 * 1024

/**
 * Whether requests can be served, changes too: the key opens, a write comes through to the disk, and there is room for
 * more. Reads go on without it. Throws `StoreUnavailableError`, or what `check` throws.
 */
export function readinessCheck(options: {
  items: Pick<ItemStore, 'transact'>
  /** That the database answers and the key belongs to it. */
  check(): Promise<void>
  clock: Clock
  /** The data folder, for who has to make room. */
  folder: string
  freeBytes(): number
}): () => Promise<void> {
  const { items, check, clock, folder, freeBytes } = options
  let known: { readonly untilMs: number; readonly outcome: Promise<void> } | undefined
  const prove = async (): Promise<void> => {
    await check()
    if (freeBytes() < MIN_FREE_BYTES) {
      throw new StoreUnavailableError(
        `the disk of ${folder} has less than 16 MiB left. Make room on it.`,
        'not-applied',
      )
    }
    await items.transact([
      { op: 'put', key: WRITE_PROBE_KEY, attributes: PROBE_ROWS.encode({ atMs: clock.nowMs() }) },
    ])
  }
  return () => {
    const nowMs = clock.monotonicMs()
    if (known !== undefined && nowMs < known.untilMs) return known.outcome
    const outcome = prove()
    known = { untilMs: nowMs + PROVEN_FOR_MS, outcome }
    outcome.catch(() => {
      known = { untilMs: nowMs + FAILED_FOR_MS, outcome }
    })
    return outcome
  }
}

/**
 * Whether there is room to keep what a provider answers, before it is asked: looked up once a second at most. A disk
 * that cannot be looked at counts as one with room, because writing will tell.
 */
export function roomOnDisk(options: {
  clock: Pick<Clock, 'monotonicMs'>
  freeBytes(): number
}): () => boolean {
  let known: { readonly untilMs: number; readonly hasRoom: boolean } | undefined
  return () => {
    const nowMs = options.clock.monotonicMs()
    if (known === undefined || nowMs >= known.untilMs)
      known = { untilMs: nowMs + ROOM_KNOWN_FOR_MS, hasRoom: isRoomy(options.freeBytes) }
    return known.hasRoom
  }
}

function isRoomy(freeBytes: () => number): boolean {
  try {
    return freeBytes() >= MIN_FREE_BYTES
  } catch {
    return true
  }
}

/** What is left, for this user, on the disk of a folder. */
export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder)
  return bavail * bsize
}
