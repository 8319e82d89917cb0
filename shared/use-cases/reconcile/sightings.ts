import { sightingKey } from '../../domain/keys.ts'
import type { Ports } from '../../ports/ports.ts'
import { SIGHTING_ROWS } from '../../rows/count-rows.ts'

/** Daily runs begin a little earlier or later; two starts of a server in one day are not two days. */
const MIN_APART_MS = 20 * 3600_000
/** A sighting that was not renewed by the next day's run does not count any more. */
const RENEWED_WITHIN_MS = 36 * 3600_000
/** Then the item itself goes, seconds after its last renewal. */
const KEPT_S = 3 * 24 * 3600

/**
 * Remembers that something was seen amiss, and answers whether that is the second sighting: it was seen before,
 * about a day ago or more, and in each run since.
 */
export async function isSecondSighting(
  ports: Pick<Ports, 'items'>,
  sighted: { tenant: string; what: string },
  nowMs: number,
): Promise<boolean> {
  const key = sightingKey(sighted.tenant, sighted.what)
  const earlier = SIGHTING_ROWS.find(await ports.items.get(key))
  const isRenewed = earlier !== undefined && nowMs - earlier.lastSeenAtMs <= RENEWED_WITHIN_MS
  const firstSeenAtMs = isRenewed ? earlier.firstSeenAtMs : nowMs
  const seen = SIGHTING_ROWS.encode({ firstSeenAtMs, lastSeenAtMs: nowMs })
  const attributes = { ...seen, expires_at_s: Math.ceil(nowMs / 1000) + KEPT_S }
  await ports.items.transact([{ op: 'put', key, attributes }])
  return nowMs - firstSeenAtMs >= MIN_APART_MS
}

/** Forgets a sighting that was acted on. */
export async function forgetSighting(
  ports: Pick<Ports, 'items'>,
  sighted: { tenant: string; what: string },
): Promise<void> {
  await ports.items.transact([{ op: 'delete', key: sightingKey(sighted.tenant, sighted.what) }])
}
