import type { ConnectionRow } from './connection.ts'

const DAY_MS = 24 * 3600_000
/** People are told so long before a key ends, and when it has: replacing one takes a ticket, a colleague, or a minute. */
const STEPS_BEFORE_MS = [30 * DAY_MS, 7 * DAY_MS, DAY_MS, 0]
/** In its last week a connection shows that its end is near. */
const DEGRADED_BEFORE_MS = 7 * DAY_MS

/** When what a person entered ends, as they said; never of what a provider mints. */
export type CredentialEnd = Pick<ConnectionRow, 'credentialExpiresAtMs' | 'enforceExpiry' | 'toldEndSteps'>

/** The instant, in epoch ms, at which the next step towards the end is to be told; undefined when none is left. */
export function nextEndStepAtMs({ credentialExpiresAtMs, toldEndSteps }: CredentialEnd): number | undefined {
  const beforeMs = STEPS_BEFORE_MS[toldEndSteps ?? 0]
  return credentialExpiresAtMs === undefined || beforeMs === undefined
    ? undefined
    : credentialExpiresAtMs - beforeMs
}

/** How many steps are reached by now, all of them when it has ended. */
export function endStepsReached({ credentialExpiresAtMs }: CredentialEnd, nowMs: number): number {
  if (credentialExpiresAtMs === undefined) return 0
  return STEPS_BEFORE_MS.filter((beforeMs) => credentialExpiresAtMs - beforeMs <= nowMs).length
}

/** Whether it has ended and is not handed out any more. */
export function isRefusedAfterEnd(
  { credentialExpiresAtMs, enforceExpiry }: CredentialEnd,
  nowMs: number,
): boolean {
  return enforceExpiry === true && credentialExpiresAtMs !== undefined && credentialExpiresAtMs <= nowMs
}

/** Where a connection with a static setup stands, in view of its end. */
export function statusByEnd(
  end: CredentialEnd,
  nowMs: number,
): Pick<ConnectionRow, 'status' | 'statusReason'> & { readonly statusReason: string | undefined } {
  const { credentialExpiresAtMs: endsAtMs } = end
  if (endsAtMs === undefined || endsAtMs - nowMs > DEGRADED_BEFORE_MS) {
    return { status: 'ready', statusReason: undefined }
  }
  const at = new Date(endsAtMs).toISOString()
  if (endsAtMs > nowMs) {
    return { status: 'degraded', statusReason: `The credential ends at ${at}. Enter a new one before that.` }
  }
  return isRefusedAfterEnd(end, nowMs)
    ? { status: 'reauthorization_required', statusReason: refusedAfterEnd(endsAtMs) }
    : {
        status: 'degraded',
        statusReason: `The credential has ended at ${at}, as was said of it. Enter a new one.`,
      }
}

/** Why a flow is refused, and what to do. */
export function refusedAfterEnd(endsAtMs: number): string {
  return `The credential has ended at ${new Date(endsAtMs).toISOString()}, and is not handed out after that. Enter a new one.`
}
