import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { type CredentialEnd, endStepsReached, statusByEnd } from '../../domain/credential-end.ts'
import { VaultError } from '../../domain/errors.ts'
import { connectionDueAtMs } from '../../domain/rotation-policy.ts'
import { dueMembers } from '../grants/postpone-rotation.ts'

/** What a request says of the end of a static credential; null takes it away. */
export interface CredentialEndInput {
  readonly credentialExpiresAtMs?: number | null
  readonly enforceExpiry?: boolean
}

/** Whether a request says anything of it. */
export function saysEnd(input: CredentialEndInput): boolean {
  return input.credentialExpiresAtMs !== undefined || input.enforceExpiry !== undefined
}

/** An end that is said, for which setup, and what the row had, as far as the same credential goes on. */
interface SaidEnd {
  readonly setup: Setup | undefined
  readonly before: CredentialEnd
  readonly input: CredentialEndInput
  readonly nowMs: number
}

/**
 * The instant that ends the credential, if any. Throws `invalid-body` for a setup that is minted or absent, an end that
 * is over, and one that is to be enforced and not there.
 */
export function acceptEnd({ setup, before, input, nowMs }: SaidEnd): number | undefined {
  if (saysEnd(input)) refuseUnfit(setup, input)
  const isSaid = input.credentialExpiresAtMs !== undefined
  const endsAtMs = isSaid ? (input.credentialExpiresAtMs ?? undefined) : before.credentialExpiresAtMs
  if (input.enforceExpiry === true && endsAtMs === undefined) {
    throw new VaultError('invalid-body', 'Missing required property: credential_expires_at', {
      field: 'credential_expires_at',
      allowed: 'an instant, which enforce_expiry is about',
    })
  }
  if (endsAtMs !== undefined && endsAtMs <= nowMs && endsAtMs !== before.credentialExpiresAtMs) {
    throw new VaultError('invalid-body', 'The credential has ended already', {
      field: 'credential_expires_at',
      allowed: 'an instant to come',
    })
  }
  return endsAtMs
}

/**
 * The members of a row whose static setup gets this end: status, what was told of it, and its place in the due index.
 * Throws as `acceptEnd` does.
 */
export function credentialEndMembers(id: string, said: SaidEnd): Partial<ConnectionRow> {
  const { before, input, nowMs } = said
  const endsAtMs = acceptEnd(said)
  const isSame = endsAtMs === before.credentialExpiresAtMs
  const enforced = input.enforceExpiry ?? before.enforceExpiry === true
  const end = {
    credentialExpiresAtMs: endsAtMs,
    enforceExpiry: enforced && endsAtMs !== undefined ? (true as const) : undefined,
    // Of steps that were over when the end was said, the last one is told and the others are not.
    toldEndSteps: isSame ? before.toldEndSteps : toldAtFirst(endsAtMs, nowMs),
  } as CredentialEnd
  return {
    ...end,
    ...statusByEnd(end, nowMs),
    ...dueMembers(id, connectionDueAtMs({ id, ...end })),
  }
}

function toldAtFirst(endsAtMs: number | undefined, nowMs: number): number | undefined {
  if (endsAtMs === undefined) return undefined
  return Math.max(0, endStepsReached({ credentialExpiresAtMs: endsAtMs }, nowMs) - 1)
}

function refuseUnfit(setup: Setup | undefined, input: CredentialEndInput): void {
  if (setup !== undefined && setup.grant === undefined) return
  const field = input.credentialExpiresAtMs === undefined ? 'enforce_expiry' : 'credential_expires_at'
  throw new VaultError(
    'invalid-body',
    setup === undefined
      ? 'There is no credential yet that could end'
      : 'Its provider says when this credential ends',
    { field, allowed: `leaving ${field} out; it is for keys and passwords that people enter` },
  )
}
