import type { GrantNote, GrantState, GrantTokens } from './grant.ts'
import { type GrantProfile, lacksMembers } from './grant-profile.ts'
import { renewedDeadline } from './refresh-deadline.ts'
import type { SecretText } from './secret-text.ts'

/** A token that has ended counts as one of an hour, the most common life: so it is due at once, by a sweep too. */
const USUAL_LIFE_MS = 3_600_000

export type EndedToken = 'access_token' | 'refresh_token'

/** A grant that another system got from the provider, as its owner brings it along; one of the tokens is there. */
export interface ImportedGrant {
  readonly accessToken?: SecretText
  readonly refreshToken?: SecretText
  readonly expiresAtMs?: number
  readonly refreshExpiresAtMs?: number
  readonly scopes?: readonly string[]
  /** Members of the provider's answer or callback that flows or the base URL need. */
  readonly extra?: Readonly<Record<string, string>>
}

/** The token whose end leaves nothing of the grant to go on with, by what its owner or the tokens say; else undefined. */
export function endedToken(
  { accessToken, refreshToken, expiresAtMs, refreshExpiresAtMs }: ImportedGrant,
  nowMs: number,
): EndedToken | undefined {
  const isOver = (endsAtMs: number | undefined) => endsAtMs !== undefined && endsAtMs <= nowMs
  if (accessToken !== undefined && !isOver(expiresAtMs)) return undefined
  if (refreshToken === undefined) return 'access_token'
  return isOver(refreshExpiresAtMs) ? 'refresh_token' : undefined
}

/** The tokens to be sealed. Without an access token there is an empty one, which has ended and is never handed out. */
export function importedTokens(grant: ImportedGrant): GrantTokens {
  return {
    access_token: grant.accessToken?.reveal() ?? '',
    ...(grant.refreshToken === undefined ? {} : { refresh_token: grant.refreshToken.reveal() }),
    extra: grant.extra ?? {},
  }
}

/**
 * What the row knows of it. An access token whose end nobody states is renewed at once where that can be done, and
 * served until it is refused where it cannot: how old it is nobody knows here.
 */
export function importedState(
  grant: ImportedGrant,
  facts: {
    profile: GrantProfile
    askedScopes: readonly string[]
    mark: string
    nowMs: number
    /** Nobody said whose it is, and the provider could. */
    isAccountOpen: boolean
  },
): GrantState {
  const { profile, mark, nowMs } = facts
  const end = endOf(grant, profile, nowMs)
  const endsAtMs = end.accessExpiresAtMs ?? nowMs
  const issuedAtMs = Math.min(nowMs, endsAtMs - USUAL_LIFE_MS)
  const notes = notesOf(grant, { ...facts, end })
  const scopes = grant.scopes ?? (profile.answer?.scopesUnstated ? undefined : facts.askedScopes)
  return {
    mark,
    issuedAtMs,
    ...end,
    hasRefreshToken: grant.refreshToken !== undefined,
    ...(Object.keys(grant.extra ?? {}).length === 0 ? {} : { hasExtra: true }),
    ...renewedDeadline(undefined, { expiresAtMs: grant.refreshExpiresAtMs, issuedAtMs: nowMs }),
    ...(scopes === undefined ? {} : { grantedScopes: [...scopes] }),
    ...(notes.length === 0 ? {} : { notes }),
  }
}

/** What only a call with an access token tells comes with the next renewal, where this one has ended. */
function notesOf(
  { accessToken, refreshToken, extra = {} }: ImportedGrant,
  {
    profile,
    end,
    nowMs,
    isAccountOpen,
  }: { profile: GrantProfile; end: EndOfAccess; nowMs: number; isAccountOpen: boolean },
): GrantNote[] {
  const { accessExpiresAtMs: endsAtMs, expiryBasis } = end
  const works = accessToken !== undefined && (endsAtMs === undefined || endsAtMs > nowMs)
  return [
    ...(refreshToken === undefined && expiryBasis !== 'never' ? (['no_refresh_token'] as const) : []),
    ...(works && lacksMembers(profile, extra) ? (['metadata_unavailable'] as const) : []),
    ...(!works && isAccountOpen ? (['account_not_asked'] as const) : []),
  ]
}

type EndOfAccess = Pick<GrantState, 'accessExpiresAtMs' | 'expiryBasis'>

function endOf(
  { accessToken, refreshToken, expiresAtMs }: ImportedGrant,
  profile: GrantProfile,
  nowMs: number,
): EndOfAccess {
  if (accessToken === undefined) return { accessExpiresAtMs: nowMs, expiryBasis: 'assumed' }
  if (expiresAtMs !== undefined) return { accessExpiresAtMs: expiresAtMs, expiryBasis: 'stated' }
  if (profile.expiry.whenAbsent === 'never') return { expiryBasis: 'never' }
  if (refreshToken === undefined) return { expiryBasis: 'unknown' }
  return { accessExpiresAtMs: nowMs, expiryBasis: 'assumed' }
}
