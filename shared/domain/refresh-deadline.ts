import type { ConnectionRow } from './connection.ts'
import type { GrantState } from './grant.ts'

const DAY_MS = 24 * 3600_000

/** A refresh token is used this long before its own deadline, or a tenth of its life when that is longer. */
const KEEP_ALIVE_LEAD_MS = DAY_MS
/** People are warned this long before a deadline that rotation does not move: authorizing again takes them days. */
const WARN_LEAD_MS = 7 * DAY_MS
/** A provider that states what is left of a fixed life is off by its own delay: the deadline is the same. */
const SAME_DEADLINE_MS = 60_000

/** When a refresh token ends, and since when that has been so. */
export type RefreshDeadline = Pick<GrantState, 'refreshExpiresAtMs' | 'refreshIssuedAtMs'>

/**
 * The deadline of a renewed grant's refresh token: the new one, counted from now; or the old one, with the instant
 * it was first known at, when the renewal did not move it.
 */
export function renewedDeadline(
  old: GrantState | undefined,
  renewed: { readonly expiresAtMs: number | undefined; readonly issuedAtMs: number },
): RefreshDeadline {
  const { expiresAtMs, issuedAtMs } = renewed
  if (expiresAtMs === undefined) return {}
  const before = old?.refreshExpiresAtMs
  // A session of minutes moves by less than that with each renewal.
  const same = Math.min(SAME_DEADLINE_MS, (expiresAtMs - issuedAtMs) / 10)
  const isMoved = before === undefined || Math.abs(expiresAtMs - before) > same
  if (isMoved) return { refreshExpiresAtMs: expiresAtMs, refreshIssuedAtMs: issuedAtMs }
  return {
    refreshExpiresAtMs: before,
    refreshIssuedAtMs: old?.refreshIssuedAtMs ?? old?.issuedAtMs ?? issuedAtMs,
  }
}

/**
 * The instant, in epoch ms, at which the grant is renewed for the sake of its refresh token. Undefined when that
 * has no deadline, or when a renewal since then did not move it.
 */
export function keepAliveAtMs(grant: GrantState): number | undefined {
  if (grant.refreshExpiresAtMs === undefined || !grant.hasRefreshToken) return undefined
  const atMs = grant.refreshExpiresAtMs - keepAliveLeadMs(grant, grant.refreshExpiresAtMs)
  return grant.issuedAtMs >= atMs ? undefined : atMs
}

/** A sweep comes each minute and may be one late: a shorter session is kept alive by the flow that fetches. */
const MIN_SESSION_FOR_SWEEP_MS = 4 * 60_000

/** Whether a fetch renews the grant for the sake of its refresh token, because a sweep may come too late for it. */
export function isKeptAliveByFetch(grant: GrantState, nowMs: number): boolean {
  const atMs = keepAliveAtMs(grant)
  if (atMs === undefined || grant.refreshExpiresAtMs === undefined || nowMs < atMs) return false
  return lifeOf(grant, grant.refreshExpiresAtMs) < MIN_SESSION_FOR_SWEEP_MS
}

/**
 * The instant, in epoch ms, from which people are warned of the deadline of a refresh token: early where rotation
 * was seen not to move it; otherwise only once keeping it alive has had half of its time and not worked.
 */
export function warnAtMs(grant: GrantState): number | undefined {
  if (grant.refreshExpiresAtMs === undefined || !grant.hasRefreshToken) return undefined
  const lifeMs = lifeOf(grant, grant.refreshExpiresAtMs)
  const isFixed = grant.issuedAtMs > (grant.refreshIssuedAtMs ?? grant.issuedAtMs)
  const leadMs = isFixed ? lifeMs / 4 : keepAliveLeadMs(grant, grant.refreshExpiresAtMs) / 2
  return grant.refreshExpiresAtMs - Math.min(WARN_LEAD_MS, leadMs)
}

/** The earliest instant at which somebody is to be warned who was not yet; undefined when nobody is. */
export function nextWarningAtMs(
  row: Pick<ConnectionRow, 'grants' | 'warnedRefreshExpiryMs'>,
): number | undefined {
  const at = unwarned(row).map(([, atMs]) => atMs)
  return at.length === 0 ? undefined : Math.min(...at)
}

/** The refresh-token deadline to warn of now, in epoch ms: near, and not warned of before. */
export function deadlineToWarnOf(
  row: Pick<ConnectionRow, 'grants' | 'warnedRefreshExpiryMs'>,
  nowMs: number,
): number | undefined {
  const near = unwarned(row).filter(([, atMs]) => atMs <= nowMs)
  return near.length === 0 ? undefined : Math.min(...near.map(([deadlineMs]) => deadlineMs))
}

/** Deadlines with the instant to warn at. Those up to the last that was warned of are done: each is warned of once. */
function unwarned(row: Pick<ConnectionRow, 'grants' | 'warnedRefreshExpiryMs'>): [number, number][] {
  return Object.values(row.grants ?? {}).flatMap((grant): [number, number][] => {
    const atMs = warnAtMs(grant)
    const deadlineMs = grant.refreshExpiresAtMs
    if (atMs === undefined || deadlineMs === undefined) return []
    return deadlineMs > (row.warnedRefreshExpiryMs ?? 0) ? [[deadlineMs, atMs]] : []
  })
}

function keepAliveLeadMs(grant: GrantState, deadlineMs: number): number {
  const lifeMs = lifeOf(grant, deadlineMs)
  return Math.min(lifeMs / 2, Math.max(KEEP_ALIVE_LEAD_MS, lifeMs / 10))
}

/** From when the deadline was first known: counted from each renewal, a fixed one would seem ever nearer and shorter. */
function lifeOf(grant: GrantState, deadlineMs: number): number {
  return deadlineMs - (grant.refreshIssuedAtMs ?? grant.issuedAtMs)
}
