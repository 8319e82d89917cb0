import type { Setup } from '../../connectors/connector.ts'
import { chosenProfile, scopesOf } from '../../domain/chosen-profile.ts'
import type { ConnectionRow, ConnectionStatus } from '../../domain/connection.ts'
import type { GrantNote, GrantState, StoredGrant } from '../../domain/grant.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import { scopesNotGranted } from '../../domain/granted-scopes.ts'
import type { JsonObject } from '../../domain/json.ts'
import { renewedDeadline } from '../../domain/refresh-deadline.ts'
import type { MintedGrant } from '../../ports/oauth-client.ts'

/**
 * The grant to keep after a provider's answer. What the answer leaves out stays as it was: providers that do not
 * rotate refresh tokens send none, and RFC 6749 §6 says that the old one is then still the one.
 */
export function mergeGrant(
  old: StoredGrant | undefined,
  minted: MintedGrant,
  options: { profile: GrantProfile; issuedAtMs: number; askedScopes: readonly string[] },
): StoredGrant {
  const { issuedAtMs, profile } = options
  const refreshToken = minted.refreshToken?.reveal() ?? old?.refresh_token
  const expiresAtMs = refreshDeadlineMs(old, minted, { profile, issuedAtMs })
  const scopes =
    minted.scopes ?? old?.scopes ?? (profile.answer?.scopesUnstated ? undefined : options.askedScopes)
  const extra = { ...old?.extra, ...minted.extra }
  const notes = notesOf(minted, profile, extra)
  return {
    access_token: minted.accessToken.reveal(),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    issued_at_ms: issuedAtMs,
    ...(minted.lifeMs === undefined ? {} : { expires_at_ms: issuedAtMs + minted.lifeMs }),
    expiry_basis: minted.expiryBasis,
    ...renewedDeadline(old, { expiresAtMs, issuedAtMs }),
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    extra,
    ...(notes.length === 0 ? {} : { notes }),
  }
}

/** What is still odd: members that an earlier call brought are not missing because this one failed. */
function notesOf(
  minted: MintedGrant,
  profile: GrantProfile,
  extra: Readonly<Record<string, string>>,
): readonly GrantNote[] {
  const members = profile.answer?.metadataCall?.members ?? []
  const isComplete = members.every((name) => Object.hasOwn(extra, name))
  return (minted.notes ?? []).filter((note) => note !== 'metadata_unavailable' || !isComplete)
}

/** A life that counts from the first issue is not extended by a rotation; every other starts anew with it. */
function refreshDeadlineMs(
  old: StoredGrant | undefined,
  minted: MintedGrant,
  options: { profile: GrantProfile; issuedAtMs: number },
): number | undefined {
  const { life } = options.profile.refresh
  if (life?.kind === 'absolute' && old?.refresh_expires_at_ms !== undefined) return old.refresh_expires_at_ms
  if (minted.refreshLifeMs !== undefined) return options.issuedAtMs + minted.refreshLifeMs
  return old?.refresh_expires_at_ms
}

/** What the row keeps of a stored grant. */
export function stateOfGrant(grant: StoredGrant): GrantState {
  return {
    issuedAtMs: grant.issued_at_ms,
    ...(grant.expires_at_ms === undefined ? {} : { accessExpiresAtMs: grant.expires_at_ms }),
    expiryBasis: grant.expiry_basis,
    hasRefreshToken: grant.refresh_token !== undefined,
    ...(grant.refresh_expires_at_ms === undefined ? {} : { refreshExpiresAtMs: grant.refresh_expires_at_ms }),
    ...(grant.refresh_issued_at_ms === undefined ? {} : { refreshIssuedAtMs: grant.refresh_issued_at_ms }),
    ...(grant.scopes === undefined ? {} : { grantedScopes: grant.scopes }),
    ...(grant.notes === undefined ? {} : { notes: grant.notes }),
  }
}

/** The grants' states by name. */
export function statesOfGrants(grants: Readonly<Record<string, StoredGrant>>): Record<string, GrantState> {
  return Object.fromEntries(Object.entries(grants).map(([name, grant]) => [name, stateOfGrant(grant)]))
}

/** The scopes a setup asks for: its own, or the connector's. */
export function scopesToAsk(profile: GrantProfile, setup: JsonObject): string[] {
  const field = profile.scopes.field === undefined ? undefined : setup[profile.scopes.field]
  const { separator } = chosenProfile(profile, setup).scopes
  // Where the separator is known, whoever writes the other one does not mean it as part of a name.
  const isKnown = profile.choices?.scopeSeparator === undefined
  if (typeof field === 'string') return scopesOf(field, isKnown && separator === ' ' ? ',' : separator)
  return [...profile.scopes.default]
}

/** Scopes that were asked for and not granted; none where the provider does not say or does not compare. */
export function missingScopes(setup: Setup, row: Pick<ConnectionRow, 'requiredScopes' | 'grants'>): string[] {
  if (setup.grant?.scopes.requested !== true) return []
  const main = row.grants?.[MAIN_GRANT]
  if (main?.grantedScopes === undefined) return []
  return scopesNotGranted(row.requiredScopes ?? [], main.grantedScopes, main)
}

/** The status of a connection that holds a working grant, and why it is not `ready`: what to do is in the words. */
export function statusWithGrant(
  setup: Setup,
  row: Pick<ConnectionRow, 'requiredScopes' | 'grants'>,
): { status: ConnectionStatus; statusReason: string | undefined } {
  const missing = missingScopes(setup, row)
  if (missing.length === 0) return statusByNotes(setup, row.grants)
  return {
    status: 'degraded',
    statusReason: `The provider granted fewer scopes than were asked for. Missing: ${missing.join(', ')}. Authorize again and grant them.`,
  }
}

/** Without what the provider's second call tells, such as the account's own host, flows get half a credential. */
function statusByNotes(
  setup: Setup,
  grants: ConnectionRow['grants'],
): { status: ConnectionStatus; statusReason: string | undefined } {
  const isIncomplete = grants?.[MAIN_GRANT]?.notes?.includes('metadata_unavailable')
  if (isIncomplete !== true) return { status: 'ready', statusReason: undefined }
  const members = (setup.grant?.answer?.metadataCall?.members ?? []).join(', ')
  const next = setup.grant?.refresh.rotation === 'no-refresh' ? 'Authorize' : 'Rotate or authorize'
  return {
    status: 'degraded',
    statusReason: `The provider issued a token but did not tell ${members}, so flows get no base URL. ${next} the connection again.`,
  }
}
