import type { Account } from '../domain/account.ts'
import type { ExpiryBasis, GrantNote } from '../domain/grant.ts'
import type { GrantProfile } from '../domain/grant-profile.ts'
import type { ImportedGrant } from '../domain/imported-grant.ts'
import type { SecretText } from '../domain/secret-text.ts'

/** The calls to providers. The adapter speaks OAuth; what an outcome means for a connection is the domain's. */
export interface OAuthClient {
  /** Asks the token endpoint once. Never throws for what a provider or the network does: that is an outcome. */
  requestToken(request: TokenRequest): Promise<TokenOutcome>
  /**
   * Completes a grant from elsewhere by what its tokens say, and the provider of their owner. Never throws for that.
   */
  readImport(request: ImportToRead): Promise<ReadImport>
  /** Revokes a grant upstream, best effort. */
  revoke(request: RevocationRequest): Promise<RevocationOutcome>
  /** Makes the harmless call that proves a credential works. */
  probe(request: ProbeRequest): Promise<ProbeOutcome>
}

export interface ClientIdentity {
  readonly id: string
  readonly secret?: SecretText
}

export interface TokenRequest {
  readonly tenant: string
  readonly profile: GrantProfile
  /** The setup's values for templates. Secrets among them are inside the SecretText JSON. */
  readonly setup: SecretText
  readonly client?: ClientIdentity
  readonly grant:
    | { readonly kind: 'client-credentials' }
    | { readonly kind: 'jwt-bearer' }
    | {
        readonly kind: 'authorization-code'
        readonly code: SecretText
        readonly redirectUri?: string
        readonly codeVerifier?: SecretText
        readonly scopes: readonly string[]
        /** What the browser brought beside code and state. */
        readonly callback?: Readonly<Record<string, string>>
      }
    | {
        readonly kind: 'refresh-token'
        readonly refreshToken: SecretText
        readonly grantName: string
        readonly extra: Readonly<Record<string, string>>
        /** What was granted, so that no more is asked for where the scopes are sent again. */
        readonly granted?: readonly string[]
      }
  readonly scopes: readonly string[]
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Grants by name: `main`, and for a bundle such as Slack's bot and user the nested one's name. */
export type TokenOutcome =
  | {
      readonly kind: 'granted'
      readonly grants: Readonly<Record<string, MintedGrant>>
      /** Who authorized, as far as the provider tells; only of grants that a person gave. */
      readonly account?: Account
    }
  | TokenFailure

/** A grant that another system got, and the setup that it goes on with. */
export interface ImportToRead {
  readonly tenant: string
  readonly profile: GrantProfile
  readonly setup: SecretText
  readonly grant: ImportedGrant
  readonly timeoutMs: number
}

/** The same, complete as far as that could be had, and whose it is. */
export interface ReadImport {
  readonly grant: ImportedGrant
  readonly account?: Account
}

/**
 * `not-sent`: DNS, connect, TLS or the address guard · `passing`: a complete 429, or 503 with Retry-After ·
 * `grant-dead`: invalid_grant and its kin · `app-broken`: invalid_client, unauthorized_client, a bare 401 ·
 * `refused`: another definite answer (invalid_scope, invalid_request, a redirect; an unusable success when nothing
 * could be used up) · `unknown`: timeout or reset after the first byte was sent, a 5xx, or an unusable success that
 * may have used up a code or a refresh token.
 */
export interface TokenFailure {
  readonly kind: 'not-sent' | 'passing' | 'grant-dead' | 'app-broken' | 'refused' | 'unknown'
  /** The provider's own code where it gave one in RFC 6749's alphabet, else one of ours. */
  readonly code: string
  /** One sentence a person understands, built from named fields only. */
  readonly message: string
  /** The provider's own words, cut and free of secrets: for those who may read the connection. */
  readonly description?: string
  readonly httpStatus?: number
  readonly retryAfterMs?: number
  /**
   * New refresh tokens, by grant name, of an answer to a refresh that was otherwise of no use. They may be the only
   * copies: they replace the stored ones before anything else is done.
   */
  readonly kept?: Readonly<Record<string, KeptRefreshToken>>
}

/** A refresh token without an access token. */
export type KeptRefreshToken = Required<Pick<MintedGrant, 'refreshToken'>> &
  Pick<MintedGrant, 'refreshLifeMs'>

export interface MintedGrant {
  readonly accessToken: SecretText
  readonly refreshToken?: SecretText
  /** Counted from before the request was sent; absent when it never expires, or nobody said when. */
  readonly lifeMs?: number
  readonly expiryBasis: ExpiryBasis
  readonly refreshLifeMs?: number
  /** What the provider says it granted; absent when the answer is silent (RFC 6749 §5.1: then as asked). */
  readonly scopes?: readonly string[]
  /** Non-secret members kept for templates, such as Pipedrive's `api_domain`. */
  readonly extra: Readonly<Record<string, string>>
  /** What was odd about the answer although it was accepted. */
  readonly notes?: readonly GrantNote[]
}

export interface RevocationRequest {
  readonly tenant: string
  readonly profile: GrantProfile
  readonly setup: SecretText
  readonly client?: ClientIdentity
  readonly accessToken?: SecretText
  readonly refreshToken?: SecretText
  /** The grant's `extra`: Stripe names the account to disconnect there. */
  readonly extra?: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

export type RevocationOutcome =
  | { readonly kind: 'revoked' }
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'failed'; readonly message: string }

export interface ProbeRequest {
  readonly tenant: string
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, SecretText>>
  readonly query: Readonly<Record<string, SecretText>>
  readonly refusedStatuses: readonly number[]
  readonly okMember?: string
  readonly timeoutMs: number
}

export type ProbeOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly message: string; readonly httpStatus: number }
  | { readonly kind: 'unreachable'; readonly message: string }
