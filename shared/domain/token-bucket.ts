/** A budget that refills steadily: so many units a second, and at most `burst` of them saved up. */
export interface BucketRate {
  readonly perSecond: number
  readonly burst: number
}

/** What was left of a budget at an instant; below nothing when more was used than there was. */
export interface Bucket {
  readonly units: number
  readonly atMs: number
}

/** A budget that nothing was taken from. */
export function fullBucket(rate: BucketRate, nowMs: number): Bucket {
  return { units: rate.burst, atMs: nowMs }
}

/** The same budget later. A clock that went back gives nothing, and takes nothing away. */
export function refilled(bucket: Bucket, rate: BucketRate, nowMs: number): Bucket {
  const earned = (Math.max(0, nowMs - bucket.atMs) / 1000) * rate.perSecond
  return { units: Math.min(rate.burst, bucket.units + earned), atMs: nowMs }
}

/** The budget with so much taken from it, whether it is there or not: what is missing is owed. */
export function charged(bucket: Bucket, units: number): Bucket {
  return { ...bucket, units: bucket.units - units }
}

/** Seconds until the budget holds so many units, none when it does. */
export function secondsUntil(bucket: Bucket, rate: BucketRate, units: number): number {
  return Math.max(0, (units - bucket.units) / rate.perSecond)
}
