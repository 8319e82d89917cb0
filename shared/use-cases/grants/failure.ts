import { defined } from '../../domain/defined.ts'
import { type Move, STORE_RESTORED } from '../../domain/restored-store.ts'
import { SETUP_MISSING } from '../../domain/rotation.ts'
import type { FailureTold } from '../../ports/grant-runner.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import { type Asked, nextStepAfter, OF_THE_SETUP } from './next-step.ts'

/** By the code that people and clients see. */
const REASONS = {
  not_authorized: {
    class: 'refused',
    message: 'Nobody has authorized the connection yet. Authorize it.',
    next: 'stop',
  },
  code_expired: {
    class: 'grant-dead',
    message: 'The authorization code could not be exchanged in time. Authorize the connection again.',
    next: 'stop',
  },
  code_used: {
    class: 'grant-dead',
    message:
      'This authorization code was sent to the provider before, and works once. Authorize the connection.',
    next: 'stop',
  },
  code_in_use: {
    class: 'passing',
    message: 'Another request is sending this authorization code just now, and has not heard of it yet.',
    next: 'retry',
  },
  no_refresh_token: {
    class: 'grant-dead',
    message:
      'The access token has expired and the provider gave no refresh token. Authorize the connection again.',
    next: 'end',
  },
  no_refresh_token_yet: {
    class: 'refused',
    code: 'no_refresh_token',
    message:
      'The provider gave no refresh token: the connection works until its access token expires. Authorize it again before that.',
    next: 'at-expiry',
  },
  token_refused: {
    class: 'grant-dead',
    message:
      'A flow reports that the service refuses the access token, and the provider gave no refresh token. Authorize the connection again.',
    next: 'end',
  },
  grant_missing: {
    class: 'grant-dead',
    message: 'The vault has lost the tokens of this connection. Authorize the connection again.',
    next: 'end',
  },
  [SETUP_MISSING]: {
    class: 'app-broken',
    message:
      'The stored setup of this connection is gone. Send the whole setup again, or have the operator restore its secret.',
    next: 'client-refused',
  },
  no_oauth_application: {
    class: 'app-broken',
    message: 'There is no OAuth application for this app. Add one, then authorize the connection.',
    next: 'wait-for-application',
  },
  too_late_to_send: {
    class: 'not-sent',
    message: 'The vault was too slow to ask the provider in its turn; it is asked again.',
    next: 'retry',
  },
  no_room: {
    class: 'not-sent',
    message:
      'The disk of the vault is almost full, so that an answer of the provider could be lost: it is not asked until the operator has made room.',
    next: 'retry',
  },
  provider_failing: {
    class: 'passing',
    message:
      'The provider has failed several times in a row and is left alone for a minute; then it is asked again.',
    next: 'retry',
  },
  client_refused: {
    class: 'app-broken',
    message:
      'The provider refused the same OAuth client for another connection. Correct its id and secret. It is tried again by itself.',
    next: 'client-refused',
  },
  many_renewals: {
    class: 'passing',
    message: 'Many connections are renewed at this provider just now; this one has its turn soon.',
    next: 'retry',
  },
  [STORE_RESTORED]: {
    class: 'not-sent',
    message:
      'This vault was restored from a copy or is being moved, and renewing here could end the grant of the other one, so the refresh token is not sent; the current credential is used until it expires. If the original is gone, have the operator say so (restore --source-is-gone, on AWS stage -- source-is-gone): the connection is renewed by itself then.',
    next: 'wait-for-operator',
  },
  outcome_unknown: {
    class: 'unknown',
    message:
      'A rotation was interrupted and its outcome is unknown. The current credential is used until it expires; then it is tried once more.',
    next: 'unknown',
  },
  answer_not_stored: {
    class: 'unknown',
    message:
      'The provider answered but the answer could not be stored. The current credential is used until it expires; then it is tried once more.',
    next: 'unknown',
  },
  setup_replaced: {
    class: 'refused',
    message: 'The connection was given another setup meanwhile. Authorize it again.',
    next: 'stop',
  },
  kept_for_later: {
    class: 'passing',
    message:
      'The connection was being changed. Its new authorization is kept and takes effect within minutes.',
    next: 'retry',
  },
} as const satisfies Record<string, Omit<FailureTold, 'code'> & { readonly code?: string }>

export type FailureReason = keyof typeof REASONS

/** A failure by its code: its words say what to do. */
export function failureBecause(reason: FailureReason): FailureTold {
  return { code: reason, ...REASONS[reason] }
}

/** Why no provider is asked while a vault is moved, or was: the other one does that. */
export function outOfService({ goneAtMs, other }: Move): FailureTold {
  const isGone = goneAtMs !== undefined
  const message = isGone
    ? `This vault was moved to ${other} and renews nothing any more. Fetch and authorize there.`
    : `This vault is not in service yet. Fetch and authorize at ${other}.`
  return {
    class: 'not-sent',
    code: isGone ? 'vault_moved' : STORE_RESTORED,
    message,
    next: 'wait-for-operator',
  }
}

/** A failure out of a provider's answer, with what to do next in its words: the outcome table of rotation. */
export function failureOf(outcome: TokenFailure, asked: Asked): FailureTold {
  const { kind, code, description, retryAfterMs } = outcome
  const message = `${outcome.message} ${nextStepAfter(outcome, asked)}`
  const named = {
    class: kind,
    code,
    message,
    ...defined({ description, retryAfterMs }),
  }
  if (kind === 'unknown') return { ...named, next: 'unknown' }
  // A code is good for one answer: whatever definite "no" it met, only a new authorization brings another.
  if (asked.way === 'authorization-code' && (kind === 'grant-dead' || kind === 'refused')) {
    return { ...named, class: 'grant-dead', next: 'stop' }
  }
  switch (kind) {
    case 'not-sent':
    case 'passing':
      return { ...named, next: 'retry' }
    case 'grant-dead':
      // Without a refresh token no grant has died: the key or secret in the setup was refused.
      return { ...named, next: asked.way === 'refresh-token' ? 'end' : 'client-refused' }
    case 'app-broken':
      // A refused client passes by itself: a new secret takes its time, and an administrator takes a change back.
      return { ...named, next: OF_THE_SETUP.has(code) ? 'stop' : 'client-refused' }
    case 'refused':
      return { ...named, next: isOnTheWay(outcome) ? 'way-blocked' : 'retry-seldom' }
  }
}

/** RFC 6749 §5.2, and what web frameworks send in its place for a form that they take apart (RFC 9110 §15.5.21). */
const OWN_REFUSALS: readonly number[] = [400, 422]

/**
 * Whether a refusal is none of the token endpoint's own: that says so in a code, or with a status of its kind. A
 * redirect, a page and a status without a code come from what stands before it, such as a firewall, a login page or a
 * route that is gone for an hour, and tell nothing of the grant.
 */
function isOnTheWay({ code, httpStatus = 400 }: TokenFailure): boolean {
  if (code === 'redirect') return true
  const isUnnamed = code === 'http_error' || code === 'provider_error'
  return isUnnamed && httpStatus >= 400 && !OWN_REFUSALS.includes(httpStatus)
}
