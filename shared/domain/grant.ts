/** The name of a connection's own grant; a bundle's nested grants have names of their own. */
export const MAIN_GRANT = 'main'

/**
 * How the end of an access token is known. `stated`: by the answer or the token itself · `assumed`: the setup's or
 * the connector's figure · `unknown`: none was said and nothing would renew it, so it is served until a flow or the
 * provider says otherwise · `never`: it does not end.
 */
export type ExpiryBasis = 'stated' | 'assumed' | 'unknown' | 'never'

/**
 * What was odd about a provider's answer although it was accepted. `expires_in_unusable`: the stated life made no
 * sense · `no_refresh_token`: none came, so a person has to authorize again when the access token ends ·
 * `refresh_token_unusable`: it came, but not as text that can be sent back · `token_type_unknown`: it is none that
 * we know and was taken for Bearer · `metadata_unavailable`: the call that must follow failed, so `extra` lacks its
 * members · `members_missing`: some that the setup names did not come · `account_not_asked`: nobody could be asked whose
 * account it is, for want of a token that works.
 */
export type GrantNote =
  | 'expires_in_unusable'
  | 'no_refresh_token'
  | 'refresh_token_unusable'
  | 'token_type_unknown'
  | 'metadata_unavailable'
  | 'members_missing'
  | 'account_not_asked'

/** What `no_refresh_token` means, and what usually helps. */
export const NO_REFRESH_TOKEN =
  'The provider gave no refresh token: when the access token ends, somebody has to authorize again. Usually the scope offline_access brings one, or access_type=offline with prompt=consent in the authorization request.'

/** What the row knows of a grant: enough to decide when to rotate, nothing that could be used. */
export interface GrantState {
  /** The mark of the answer that brought it, by which one that came meanwhile is told apart. */
  readonly mark: string
  readonly issuedAtMs: number
  /** Absent when the access token never expires, or nobody said when. */
  readonly accessExpiresAtMs?: number
  readonly expiryBasis: ExpiryBasis
  readonly hasRefreshToken: boolean
  /** Members of an earlier answer are sealed with the access token, for renewals to take over. */
  readonly hasExtra?: true
  readonly refreshExpiresAtMs?: number
  /** Since when that deadline has been known: a renewal that does not move it leaves this alone. */
  readonly refreshIssuedAtMs?: number
  readonly grantedScopes?: readonly string[]
  readonly notes?: readonly GrantNote[]
}

/** The marks of the sealed items that hold a connection's tokens. */
export interface GrantPointer {
  readonly access: string
  /** Absent where the provider gave no refresh token. */
  readonly refresh?: string
}

/** What is sealed of one grant, in the clear: in memory only. */
export interface GrantTokens {
  readonly access_token: string
  readonly refresh_token?: string
  readonly extra: Readonly<Record<string, string>>
}

/** The instant the first of the grants expires, in epoch ms; undefined when none ever does. */
export function earliestAccessExpiryMs(
  grants: Readonly<Record<string, GrantState>> | undefined,
): number | undefined {
  let earliest: number | undefined
  for (const grant of Object.values(grants ?? {})) {
    const at = grant.accessExpiresAtMs
    if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at
  }
  return earliest
}
