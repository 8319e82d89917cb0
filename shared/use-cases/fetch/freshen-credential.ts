import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import { isKeptAliveByFetch } from '../../domain/refresh-deadline.ts'
import { cappedMinTtlMs, remainingMs } from '../../domain/rotation-policy.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import type { SingleFlight } from '../../ports/single-flight.ts'
import { connectionNotFound, findConnection } from '../commit/connection-rows.ts'
import { asOfRead, isStoreAway } from './store-away.ts'

/** Design: a fetch that waits for a rotation has its own budget; the rotation goes on without it. */
export const FETCH_BUDGET_MS = 10_000
/** The longest pause after a failure; where only a person can help, flows come back so often that a repair is noticed. */
const MAX_RETRY_AFTER_S = 600
const WITHOUT_A_TRY_S = 300
/** What a caller is told whose budget ended before the provider's answer came. */
export const NO_ANSWER_YET = 'The provider has not answered yet.'
/** How often another process's rotation is looked at while waiting for it: a read each, and no work. */
const POLL_MS = 100
/** After so many looks its holder may have died, which is found out by asking. */
const LOOKS_BEFORE_ASKING = 10

export interface FreshenPorts extends Ports {
  readonly grants: GrantRunner
  readonly flights: SingleFlight<ConnectionRow | undefined>
}

/**
 * The row, with a credential good for `minTtlMs` (capped by its life): as it is while that much is left, else
 * after a rotation that all callers of this process share and that other processes' callers wait for. When no new
 * one is to be had, an old one is still served until its very expiry; an expired one never.
 * Throws `credential-unavailable` when nothing valid is left, and what the stores throw when they are the reason.
 */
export async function freshenCredential(
  ports: FreshenPorts,
  row: ConnectionRow,
  minTtlMs: number,
): Promise<ConnectionRow> {
  const nowMs = ports.clock.nowMs()
  const isAtItsEnd = Object.values(row.grants ?? {}).some((grant) => isKeptAliveByFetch(grant, nowMs))
  if (isGoodFor(row, minTtlMs, nowMs) && !isAtItsEnd) return row
  let current: ConnectionRow | undefined
  try {
    current = await ports.flights.run(`${row.tenant} ${row.id}`, () => rotateWithin(ports, row, minTtlMs))
  } catch (error) {
    // What rotates is away, or has no room for one more call: that is no reason to withhold what still works.
    if (!isStoreAway(error)) throw error
    if (!isGoodFor(row, 0, ports.clock.nowMs())) throw asOfRead(error)
    ports.log.warn('could not renew a credential and served the old one', {
      connection_id: row.id,
      ...errorFields(error),
    })
    return row
  }
  if (current === undefined) throw connectionNotFound()
  return current
}

/** Whether the credential lasts for as long as the caller needs, or as long as its kind can promise. */
export function isGoodFor(row: ConnectionRow, minTtlMs: number, nowMs: number): boolean {
  if (row.grants === undefined) return false
  const needed = cappedMinTtlMs(row, minTtlMs)
  return Object.values(row.grants).every((grant) => {
    const left = remainingMs(grant, nowMs)
    return left > 0 && left >= needed
  })
}

/** Whether the access token of any of the row's grants has ended. */
export function isExpired(row: ConnectionRow, nowMs: number): boolean {
  return Object.values(row.grants ?? {}).some((grant) => remainingMs(grant, nowMs) <= 0)
}

/** Throws `credential-unavailable` when a grant of the row has expired; the message says what failed. */
export function refuseExpired(row: ConnectionRow, nowMs: number): void {
  if (!isExpired(row, nowMs)) return
  const reason = row.failure?.message ?? NO_ANSWER_YET
  throw credentialUnavailable(
    row,
    nowMs,
    `The credential has expired and a new one could not be had: ${reason}`,
  )
}

/** The 503 that says when to come back: at the next try, or seldom when only a person can help. */
export function credentialUnavailable(row: ConnectionRow, nowMs: number, message: string): VaultError {
  const { failure } = row
  const retryAtMs = failure === undefined ? nowMs : (failure.retryAtMs ?? nowMs + WITHOUT_A_TRY_S * 1000)
  return new VaultError('credential-unavailable', message, {
    ...(failure === undefined ? {} : { errorCode: failure.code }),
    retryAfterSeconds: Math.min(MAX_RETRY_AFTER_S, Math.max(1, Math.ceil((retryAtMs - nowMs) / 1000))),
  })
}

async function rotateWithin(
  ports: FreshenPorts,
  start: ConnectionRow,
  minTtlMs: number,
): Promise<ConnectionRow | undefined> {
  const deadlineMs = ports.clock.monotonicMs() + FETCH_BUDGET_MS
  let row: ConnectionRow | undefined = start
  for (;;) {
    const leftMs = deadlineMs - ports.clock.monotonicMs()
    if (leftMs <= 0) return row
    const result = await ports.grants.rotate(
      { tenant: start.tenant, id: start.id, cause: 'fetch', minTtlMs },
      leftMs,
    )
    if (result.kind === 'gone') return undefined
    row = result.kind === 'late' ? await findConnection(ports, start.tenant, start.id) : result.row
    if (row === undefined) return undefined
    // Whoever is asked may find the token's last moment not over yet, by a clock of its own: then it is asked again.
    const isEnded =
      result.kind === 'nothing' && row.failure === undefined && isExpired(row, ports.clock.nowMs())
    // With no turn to ask in, somebody else's attempt may be at it.
    const isHeld = result.kind === 'busy' || (result.kind === 'late' && row.attempt !== undefined)
    if (!isHeld && !isEnded) return row
    // What still works is not held up behind somebody else's attempt.
    if (isGoodFor(row, 0, ports.clock.nowMs())) return row
    row = await watchAttempt(ports, row, deadlineMs)
    if (row === undefined || isGoodFor(row, minTtlMs, ports.clock.nowMs())) return row
  }
}

/** The row when its attempt has ended, or when it is time to ask again. */
async function watchAttempt(
  ports: FreshenPorts,
  seen: ConnectionRow,
  deadlineMs: number,
): Promise<ConnectionRow | undefined> {
  let row: ConnectionRow | undefined = seen
  for (let looks = 0; looks < LOOKS_BEFORE_ASKING; looks++) {
    await ports.clock.sleep(POLL_MS)
    row = await findConnection(ports, seen.tenant, seen.id)
    if (row?.attempt === undefined || row.attempt.op !== seen.attempt?.op) return row
    if (ports.clock.monotonicMs() >= deadlineMs) return row
  }
  return row
}
