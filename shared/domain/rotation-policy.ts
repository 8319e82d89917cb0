import type { ConnectionRow } from './connection.ts'
import { type CredentialEnd, nextEndStepAtMs } from './credential-end.ts'
import type { GrantState } from './grant.ts'
import type { RefreshRule } from './grant-profile.ts'
import { bucketOf } from './ids.ts'
import { keepAliveAtMs, nextWarningAtMs } from './refresh-deadline.ts'
import type { RotationAttempt } from './rotation.ts'

/** Rotation starts this long before expiry, or a tenth of the life when that is longer. */
const FULL_LEAD_MS = 5 * 60_000
/** Shorter lives have no room for the full lead: a quarter of the life instead. */
const MIN_LIFE_FOR_FULL_LEAD_MS = 10 * 60_000
/** A sweep comes each minute and may be one late: shorter lives are rotated when they are fetched. */
export const MIN_LIFE_FOR_SWEEP_MS = 4 * 60_000
/** The part of the lead over which rotations due together are spread by their ids. */
const JITTER_PART_OF_LEAD = 0.5
const JITTER_STEPS = 10_000

/** A provider's answer is waited for this long: the slowest token endpoints seen took half of it. */
export const PROVIDER_TIMEOUT_MS = 60_000
/** Longer than a request and the storing of its answer, so that a live holder is not overtaken. */
export const HOLD_MS = 90_000
/** Another process's request is over for certain when it has been watched, unchanged, for a whole hold. */
const QUIET_MS = HOLD_MS
/** Clocks of two machines may differ by this much, each wrong by five minutes the other way, or jump as far. */
const MAX_CLOCK_DIFFERENCE_MS = 10 * 60_000

/** Grants that nobody fetched for a day and that hold no refresh token are minted on the next fetch instead. */
export const IDLE_AFTER_MS = 24 * 3600_000

const FIRST_RETRY_MS = 5_000
/** An outage of an hour costs at most a dozen tries a connection, and its end is noticed within five minutes. */
const MAX_RETRY_MS = 5 * 60_000

/** How long before expiry a token of this life is rotated, in ms. */
export function rotationLeadMs(lifeMs: number): number {
  return lifeMs < MIN_LIFE_FOR_FULL_LEAD_MS ? lifeMs / 4 : Math.max(FULL_LEAD_MS, lifeMs / 10)
}

/**
 * The instant, in epoch ms, at which a sweep should rotate the grant: expiry less the lead and a jitter derived
 * from the id, or the keep-alive of its refresh token when that comes first; never before it was issued.
 * Undefined when no sweep has anything to do: the token never expires, or lives too short for one.
 */
export function grantDueAtMs(id: string, grant: GrantState): number | undefined {
  const due = [accessDueAtMs(id, grant), keepAliveAtMs(grant)].filter((at) => at !== undefined)
  return due.length === 0 ? undefined : Math.max(grant.issuedAtMs, Math.min(...due))
}

function accessDueAtMs(id: string, grant: GrantState): number | undefined {
  if (grant.accessExpiresAtMs === undefined) return undefined
  const lifeMs = grant.accessExpiresAtMs - grant.issuedAtMs
  if (lifeMs < MIN_LIFE_FOR_SWEEP_MS) return undefined
  const leadMs = rotationLeadMs(lifeMs)
  const jitterMs = (bucketOf(id, JITTER_STEPS) / JITTER_STEPS) * leadMs * JITTER_PART_OF_LEAD
  return Math.floor(grant.accessExpiresAtMs - leadMs - jitterMs)
}

/**
 * The earliest instant at which any grant of the connection is due, or people are to be warned of a deadline;
 * undefined when a sweep has nothing to do.
 */
export function connectionDueAtMs(
  row: Pick<ConnectionRow, 'id' | 'grants' | 'warnedRefreshExpiryMs'> & CredentialEnd,
): number | undefined {
  const due = Object.values(row.grants ?? {})
    .map((grant) => grantDueAtMs(row.id, grant))
    .concat(nextWarningAtMs(row), nextEndStepAtMs(row))
    .filter((at) => at !== undefined)
  return due.length === 0 ? undefined : Math.min(...due)
}

/** Names of the grants that a rotation at `nowMs` should renew: due ones, and those with less than `minTtlMs` left. */
export function grantsToRotate(
  row: ConnectionRow,
  options: { nowMs: number; minTtlMs: number; all?: boolean },
): string[] {
  return Object.entries(row.grants ?? {})
    .filter(([, grant]) => {
      if (options.all === true) return true
      const due = grantDueAtMs(row.id, grant)
      if (due !== undefined && due <= options.nowMs) return true
      const leftMs = remainingMs(grant, options.nowMs)
      return leftMs <= 0 || leftMs < options.minTtlMs
    })
    .map(([name]) => name)
}

/** How much of the access token's life is left, in ms; Infinity when it never expires. */
export function remainingMs(grant: GrantState, nowMs: number): number {
  return grant.accessExpiresAtMs === undefined ? Number.POSITIVE_INFINITY : grant.accessExpiresAtMs - nowMs
}

/** Until when, by its owner's clock, somebody works on the row's attempt; undefined when nobody does. */
export function heldUntilMs({
  attempt,
  fence,
}: Pick<ConnectionRow, 'attempt' | 'fence'>): number | undefined {
  if (attempt === undefined || attempt.unknownAtMs !== undefined || attempt.fence !== fence) return undefined
  return attempt.startedAtMs + HOLD_MS
}

/**
 * Whether somebody may still be working on the row's attempt. Two wall clocks cannot tell: it is over when this
 * process has watched it, unchanged, for as long as it lasts, or when no clock could be that wrong.
 */
export function isHeld(row: ConnectionRow, facts: { nowMs: number; watchedMs: number }): boolean {
  const untilMs = heldUntilMs(row)
  if (untilMs === undefined) return false
  return facts.watchedMs < QUIET_MS && facts.nowMs < untilMs + MAX_CLOCK_DIFFERENCE_MS
}

/**
 * Whether the token of an attempt of unknown outcome may be sent again. Harmless ones always may; a provider that
 * documents replay within its grace window, once and inside it; every other only when nothing is left to lose: the
 * access token has expired, or, once, `isTokenRefused`, a flow has met its end before that. `watchedMs` is for how
 * long this process has seen the attempt unchanged: while its sender might still wait for an answer, nobody sends.
 */
export function canResend(
  attempt: RotationAttempt,
  facts: {
    refresh: RefreshRule
    accessExpiresAtMs: number | undefined
    nowMs: number
    watchedMs: number
    isTokenRefused?: boolean
  },
): boolean {
  if (attempt.unknownAtMs === undefined) return false
  if (attempt.isOver !== true && !isSenderGone(attempt.unknownAtMs, facts)) return false
  if (attempt.consumes === undefined || facts.refresh.rotation === 'none') return true
  if (mayReplay(attempt, facts)) return true
  if (facts.isTokenRefused === true && attempt.firstUnknownAtMs === undefined) return true
  return facts.accessExpiresAtMs !== undefined && facts.nowMs >= facts.accessExpiresAtMs
}

function isSenderGone(unknownAtMs: number, facts: { nowMs: number; watchedMs: number }): boolean {
  return facts.watchedMs >= QUIET_MS || facts.nowMs - unknownAtMs >= QUIET_MS + MAX_CLOCK_DIFFERENCE_MS
}

/**
 * When an attempt of unknown outcome should be looked at again, in epoch ms. Undefined when nothing is worth a look:
 * an access token that never expires goes on working, and only a new authorization follows it.
 */
export function resendAtMs(
  attempt: RotationAttempt,
  facts: { refresh: RefreshRule; accessExpiresAtMs: number | undefined; nowMs: number },
): number | undefined {
  const { accessExpiresAtMs, nowMs, refresh } = facts
  // A sender that said itself how it ended is not waited for.
  const quietAtMs = attempt.isOver === true ? nowMs : nowMs + QUIET_MS
  if (attempt.consumes === undefined || refresh.rotation === 'none') return quietAtMs
  if (attempt.isOver === true && mayReplay(attempt, facts)) return nowMs
  return accessExpiresAtMs === undefined ? undefined : Math.max(quietAtMs, accessExpiresAtMs)
}

/** Once, and inside the grace window of a provider that documents what comes of it. */
function mayReplay(attempt: RotationAttempt, facts: { refresh: RefreshRule; nowMs: number }): boolean {
  const { graceSeconds = 0, replaySafe } = facts.refresh
  return (
    replaySafe === true &&
    attempt.firstUnknownAtMs === undefined &&
    facts.nowMs < attempt.startedAtMs + graceSeconds * 1000
  )
}

/**
 * When to try again after the `count`th failure in a row: exponential back-off with full jitter, never before
 * what the provider asked for.
 */
export function retryAtMs(options: {
  nowMs: number
  count: number
  fraction: number
  retryAfterMs?: number
}): number {
  const ceilingMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(options.count, 10))
  const backOffMs = Math.max(1000, options.fraction * ceilingMs)
  return Math.ceil(options.nowMs + Math.max(backOffMs, options.retryAfterMs ?? 0))
}

/**
 * What a flow may ask for is capped by the token's life: more than nine tenths of it would be a new token for
 * every fetch.
 */
export function cappedMinTtlMs(row: ConnectionRow, minTtlMs: number): number {
  // One that never ends caps nothing.
  const lives = Object.values(row.grants ?? {}).flatMap(({ accessExpiresAtMs, issuedAtMs }) =>
    accessExpiresAtMs === undefined ? [] : [accessExpiresAtMs - issuedAtMs],
  )
  return Math.min(minTtlMs, ...lives.map((lifeMs) => Math.max(lifeMs * 0.9, lifeMs - rotationLeadMs(lifeMs))))
}
