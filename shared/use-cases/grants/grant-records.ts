import type { Setup } from '../../connectors/connector.ts'
import { chosenProfile, scopesOf } from '../../domain/chosen-profile.ts'
import type { ConnectionRow, ConnectionStatus } from '../../domain/connection.ts'
import type { GrantNote, GrantState, GrantTokens } from '../../domain/grant.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import { type GrantProfile, lacksMembers } from '../../domain/grant-profile.ts'
import { scopesNotGranted } from '../../domain/granted-scopes.ts'
import type { JsonObject } from '../../domain/json.ts'
import { renewedDeadline } from '../../domain/refresh-deadline.ts'
import type { KeptRefreshToken, MintedGrant } from '../../ports/oauth-client.ts'

/** A grant as an answer leaves it: what is sealed, and what the row knows of it. */
export interface KeptGrant {
  readonly tokens: GrantTokens
  readonly state: GrantState
}

/**
 * The grant to keep after a provider's answer. What the answer leaves out stays as it was: providers that do not
 * rotate refresh tokens send none, and RFC 6749 §6 says that the old one is then still the one.
 */
export function mergeGrant(
  old: Partial<KeptGrant>,
  minted: MintedGrant,
  options: {
    profile: GrantProfile
    issuedAtMs: number
    askedScopes: readonly string[]
    mark: string
    /** Members of the answer or the callback that the setup names. */
    named: readonly string[]
  },
): KeptGrant {
  const { issuedAtMs, mark, profile } = options
  // What needs nobody is minted anew: a refresh token beside it is not due (RFC 6749 §4.4.3), and ends with its session.
  const isPersons = profile.kind === 'authorization-code'
  const refreshToken = isPersons ? (minted.refreshToken?.reveal() ?? old.tokens?.refresh_token) : undefined
  const expiresAtMs = isPersons ? refreshDeadlineMs(old.state, minted, { profile, issuedAtMs }) : undefined
  const scopes =
    minted.scopes ??
    old.state?.grantedScopes ??
    (profile.answer?.scopesUnstated ? undefined : options.askedScopes)
  const extra = { ...old.tokens?.extra, ...minted.extra }
  const notes = notesOf(minted, options, extra)
  const tokens = {
    access_token: minted.accessToken.reveal(),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    extra,
  }
  const state: GrantState = {
    mark,
    issuedAtMs,
    ...(minted.lifeMs === undefined ? {} : { accessExpiresAtMs: issuedAtMs + minted.lifeMs }),
    expiryBasis: minted.expiryBasis,
    hasRefreshToken: refreshToken !== undefined,
    ...(Object.keys(extra).length === 0 ? {} : { hasExtra: true }),
    ...renewedDeadline(old.state, { expiresAtMs, issuedAtMs }),
    ...(scopes === undefined ? {} : { grantedScopes: [...scopes] }),
    ...(notes.length === 0 ? {} : { notes }),
  }
  return { tokens, state }
}

/** The same grant with another refresh token, of an answer that brought no access token. */
export function withRefreshToken(
  { state, tokens }: KeptGrant,
  kept: KeptRefreshToken,
  { mark, ...options }: { profile: GrantProfile; issuedAtMs: number; mark: string },
): KeptGrant {
  const { issuedAtMs } = options
  const deadline = renewedDeadline(state, {
    expiresAtMs: refreshDeadlineMs(state, kept, options),
    issuedAtMs,
  })
  return {
    tokens: { ...tokens, refresh_token: kept.refreshToken.reveal() },
    state: { ...state, ...deadline, hasRefreshToken: true, mark },
  }
}

/** What is still odd: members that an earlier call brought are not missing because this one failed. */
function notesOf(
  minted: MintedGrant,
  { named, profile }: { named: readonly string[]; profile: GrantProfile },
  extra: Readonly<Record<string, string>>,
): readonly GrantNote[] {
  const isIncomplete = lacksMembers(profile, extra)
  const notes = (minted.notes ?? []).filter((note) => note !== 'metadata_unavailable' || isIncomplete)
  return named.some((name) => !Object.hasOwn(extra, name)) ? [...notes, 'members_missing'] : notes
}

/** A life that counts from the first issue is not extended by a rotation; every other starts anew with it. */
function refreshDeadlineMs(
  old: GrantState | undefined,
  minted: Pick<MintedGrant, 'refreshLifeMs'>,
  options: { profile: GrantProfile; issuedAtMs: number },
): number | undefined {
  const { life } = options.profile.refresh
  if (life?.kind === 'absolute' && old?.refreshExpiresAtMs !== undefined) return old.refreshExpiresAtMs
  if (minted.refreshLifeMs !== undefined) return options.issuedAtMs + minted.refreshLifeMs
  return old?.refreshExpiresAtMs
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
  const scopes = setup.grant?.scopes
  const main = row.grants?.[MAIN_GRANT]
  if (scopes?.requested !== true || main?.grantedScopes === undefined) return []
  const { covers } = scopes
  return scopesNotGranted(row.requiredScopes ?? [], main.grantedScopes, {
    ...main,
    ...(covers && { covers }),
  })
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
