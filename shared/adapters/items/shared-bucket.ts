import { newUuid } from '../../domain/ids.ts'
import type { ItemKey } from '../../domain/item-key.ts'
import {
  type Bucket,
  type BucketRate,
  charged,
  fullBucket,
  refilled,
  secondsUntil,
} from '../../domain/token-bucket.ts'
import type { Clock } from '../../ports/clock.ts'
import { ConditionFailedError, type ItemStore } from '../../ports/item-store.ts'
import type { Random } from '../../ports/random.ts'
import { BUCKET_ROWS } from '../../rows/limit-rows.ts'

/** Others take shares at the same time; who loses more often comes again. */
const MAX_TRIES = 4
/** An empty bucket is not looked at again sooner. */
const MIN_EMPTY_MS = 100
/** A bucket that nobody used for so long is full. */
const KEPT_S = 3600

type StoredBucket = ReturnType<typeof BUCKET_ROWS.decode>

export interface BucketPorts {
  readonly items: ItemStore
  readonly clock: Pick<Clock, 'nowMs'>
  readonly random: Pick<Random, 'bytes'>
}

/**
 * What came of taking a share: units, or for how long there are none; whether there were some, and others took them
 * first each time; and the bucket as it was left.
 */
export interface TakenShare {
  readonly units: number
  readonly emptyForMs: number
  readonly isOutrun: boolean
  readonly bucket: Bucket
}

/**
 * Takes a share of a bucket in the table that all processes share: `least` units, there or not, and up to `most` as far
 * as they are there; nothing when less than one is. Throws `StoreUnavailableError`.
 */
export async function takeShare(
  ports: BucketPorts,
  key: ItemKey,
  { rate, least, most }: { rate: BucketRate; least: number; most: number },
): Promise<TakenShare> {
  let stored = BUCKET_ROWS.find(await ports.items.get(key))
  let bucket = fullBucket(rate, ports.clock.nowMs())
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const nowMs = ports.clock.nowMs()
    bucket = stored === undefined ? fullBucket(rate, nowMs) : refilled(stored, rate, nowMs)
    if (bucket.units < 1) {
      const emptyForMs = Math.max(MIN_EMPTY_MS, secondsUntil(bucket, rate, 1) * 1000)
      return { units: 0, emptyForMs, isOutrun: false, bucket }
    }
    const units = Math.max(least, Math.min(most, bucket.units))
    const next = charged(bucket, units)
    try {
      await write(ports, { key, stored, next })
      return { units, emptyForMs: 0, isOutrun: false, bucket: next }
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error
      stored = BUCKET_ROWS.find(error.current ?? (await ports.items.get(key)))
    }
  }
  return { units: 0, emptyForMs: MIN_EMPTY_MS, isOutrun: true, bucket }
}

function write(
  ports: BucketPorts,
  { key, stored, next }: { key: ItemKey; stored: StoredBucket | undefined; next: Bucket },
): Promise<void> {
  return ports.items.transact([
    {
      op: 'update',
      key,
      set: {
        ...BUCKET_ROWS.encode({ units: next.units, atMs: next.atMs, op: newUuid(ports.random) }),
        expires_at_s: Math.floor(next.atMs / 1000) + KEPT_S,
      },
      when: [
        stored === undefined
          ? { kind: 'item-absent' }
          : { kind: 'equals', attribute: 'op', value: stored.op },
      ],
    },
  ])
}
