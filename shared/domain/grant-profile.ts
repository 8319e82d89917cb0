import type { CoveredScopes } from './granted-scopes.ts'

/**
 * Text with placeholders, or a list of such texts of which the first that has all its values counts. A placeholder
 * without a value makes its text absent. `{field}` the value · `{mask(field)}` first three characters, `***`, last
 * three · `{basic(user,password)}` RFC 7617 credentials · `{label(field)}` title case (`HEADER` → `Header`) ·
 * `{base(url)}` a URL without query and trailing slash · `{fill(url)}` the same of a URL whose own placeholders are
 * members of the grant · `{path(field)}` percent-encoded for a path segment ·
 * `{after-last(-,field)}` what follows the last `-`, when it is a DNS label · `{names(list)}` the names of a
 * CUSTOM list · `{pem(field)}` real line breaks for `\n` · `{when(field,text)}` empty text if the field has that
 * value, else absent.
 * For minted credentials also `{grant.access_token}` and `{grant.extra.<name>}`, and `{grants.<name>.access_token}`
 * for a nested grant.
 */
export type Template = string | readonly string[]

/** Where a fact comes from; `assumed` marks what nobody has confirmed. */
export interface Source {
  readonly text: string
  readonly assumed?: true
}

/** How a provider mints the credential of a setup. All URLs are templates over the setup's fields. */
export interface GrantProfile {
  readonly kind: 'client-credentials' | 'jwt-bearer' | 'authorization-code'
  readonly tokenUrl: Template
  /** Where renewing has an address of its own. */
  readonly refreshUrl?: Template
  /** Only for authorization-code. */
  readonly authorizationUrl?: Template
  /** The issuer expected in the authorization response (RFC 9207), for providers that advertise it. */
  readonly issuer?: Template
  readonly clientAuthentication:
    | 'client_secret_post'
    | 'client_secret_basic'
    | 'client_secret_jwt'
    | 'private_key_jwt'
    | 'none'
  /**
   * The setup field that overrides `clientAuthentication`, for setups of any provider. When it is absent and there
   * is no client secret, the client is public: `none`.
   */
  readonly clientAuthenticationField?: string
  /** For `private_key_jwt` and `client_secret_jwt` (RFC 7523 §2.2): the setup fields that say how to sign. */
  readonly clientAssertion?: {
    /** A PEM private key. */
    readonly key: string
    readonly keyId: string
    /** The issuer or endpoint the assertion is for; the token endpoint when it is left out. */
    readonly audience: string
  }
  /**
   * Where client id and secret come from: the setup's own fields, or the operator's OAuth application. `application`
   * is the field by which a setup may name one that holds its client and all that goes with it.
   */
  readonly client:
    | { readonly from: 'setup'; readonly id: string; readonly secret: string; readonly application?: string }
    | { readonly from: 'oauth-application' }
  /** The name of the parameter that is `client_id` elsewhere (TikTok: `client_key`). */
  readonly clientIdParameter?: string
  /** The name that `redirect_uri` has at the authorization page (Printful: `redirect_url`). */
  readonly redirectUriParameter?: string
  readonly bodyFormat: 'form' | 'json'
  readonly pkce: 'S256' | 'off'
  /** The authorization page wants a `nonce` (OpenID Connect Core §3.1.2.1). */
  readonly nonce?: true
  readonly scopes: {
    readonly separator: ' ' | ',' | '+'
    /** Asked for when a person names none. */
    readonly default: readonly string[]
    /** False for providers whose scopes live on the application: none is sent, none is compared. */
    readonly requested: boolean
    /** The setup field that holds them, when the setup names its own. */
    readonly field?: string
    /** What the answer leaves out beside a broader scope. */
    readonly covers?: CoveredScopes
    /** Sent again when a grant is renewed, never more than was granted (RFC 6749 §6): some servers want it. */
    readonly atRefresh?: boolean
  }
  /** `grant_type`, where it has another name than RFC 6749's. */
  readonly grantType?: string
  /** Parameters as they are, no templates; they stand back behind the request's own. */
  readonly literals?: {
    readonly authorization: Readonly<Record<string, string>>
    readonly token: Readonly<Record<string, string>>
  }
  /** The setup fields by which a person says of any provider what the profile cannot know. */
  readonly choices?: ProfileChoices
  /** Extra parameters; templates over setup fields. An absent value leaves the parameter out. */
  readonly authorizationParameters?: Readonly<Record<string, Template>>
  readonly tokenParameters?: Readonly<Record<string, Template>>
  /** In place of `tokenParameters` when a grant is renewed. */
  readonly refreshParameters?: Readonly<Record<string, Template>>
  /** For jwt-bearer: the claims of the assertion. */
  readonly assertion?: {
    readonly issuer: Template
    readonly key: string
    readonly audience: Template
    readonly scope: string
    readonly lifeSeconds: number
  }
  /** Setup fields that may be left out but without which nothing can be minted: the connection stays pending. */
  readonly requires?: readonly string[]
  readonly expiry: ExpiryRule
  readonly refresh: RefreshRule
  readonly revocation?: Revocation
  readonly answer?: AnswerQuirks
  /** The call that tells whose account a new grant is for; made once, and its failure costs only the name. */
  readonly identity?: IdentityCall
  /** The source of each figure and oddity above, by the path of the member. */
  readonly sources: Readonly<Record<string, Source>>
}

/** Whether members that only the profile's follow-up call tells are not there. */
export function lacksMembers({ answer }: GrantProfile, extra: Readonly<Record<string, string>>): boolean {
  return (answer?.metadataCall?.members ?? []).some((name) => !Object.hasOwn(extra, name))
}

/** Each the name of a setup field; see `chosenProfile`. */
export interface ProfileChoices {
  readonly bodyFormat?: string
  readonly pkce?: string
  readonly grantType?: string
  readonly scopeSeparator?: string
  readonly scopeAtRefresh?: string
  readonly authorizationParameters?: string
  readonly tokenParameters?: string
  /** A life in seconds (0: no end), assumed where the answer states none. */
  readonly accessSeconds?: string
  /** Members of the answer or the callback, handed to flows as fields. */
  readonly extra?: string
  /** A URL whose placeholders are such members too. */
  readonly baseUrl?: string
}

export interface ExpiryRule {
  /** What `expires_in: 0` means: RFC 6749 has no such value, Mailchimp uses it for a token without an end. */
  readonly zeroMeans: 'never' | 'invalid'
  /**
   * The life assumed when the answer states none; `never` for tokens that do not expire. `onlyIfRenewable`: not
   * where only a person could bring another token, which is then served until somebody says otherwise.
   */
  readonly whenAbsent: { readonly assumedSeconds: number; readonly onlyIfRenewable?: true } | 'never'
}

export interface RefreshRule {
  /**
   * `none`: the refresh token stays, resending is harmless · `optional`: a new one may come ·
   * `single-use`: each refresh replaces it and reuse may revoke the family · `no-refresh`: none is issued,
   * the grant is minted anew (client credentials, JWT bearer) or does not expire.
   */
  readonly rotation: 'none' | 'optional' | 'single-use' | 'no-refresh'
  /** For how long after a rotation the provider still accepts the old token. */
  readonly graceSeconds?: number
  /** True when resending within the grace window is documented to return a working pair. */
  readonly replaySafe?: true
  /** The refresh token's own life. `rolling`: starts anew with each refresh; `absolute`: does not. */
  readonly life?: { readonly seconds: number; readonly kind: 'rolling' | 'absolute' }
}

/**
 * `delete-path`: DELETE of `url`, a slash and the percent-encoded refresh token (HubSpot) · `stripe-deauthorize`:
 * POST of `client_id` and the grant's `stripe_user_id`.
 */
export interface Revocation {
  readonly style: 'rfc7009' | 'google' | 'delete-path' | 'slack' | 'stripe-deauthorize'
  readonly url: Template
  readonly revokes: 'grant' | 'access-token'
  /**
   * What a revocation ends: that one token with what was renewed from it, or all that the person allowed the client
   * (Google, Stripe, Keycloak). `consent` when left out: where nobody says so, no grant is ended beside another of the
   * same person.
   */
  readonly ends?: 'token' | 'consent'
}

/** A call with the new access token. */
export interface IdentityCall {
  readonly url: Template
  /** The path of the member that names the account, where it is none of the usual ones. */
  readonly member?: string
  readonly method?: 'POST'
  /** JSON text. */
  readonly body?: string
  /** The scheme of the Authorization header, where it is not Bearer. */
  readonly scheme?: string
}

/** Odd answers, each by name. */
export interface AnswerQuirks {
  /** Failures come as HTTP 200 with this member false and the code in `errorMember` (Slack). */
  readonly okMember?: { readonly member: string; readonly errorMember: string }
  /** The provider's error codes by the RFC 6749 §5.2 code they amount to, where they do not speak for themselves. */
  readonly errorCodes?: Readonly<Record<string, string>>
  /** A second grant nested in the answer, with its own refresh token (Slack's `authed_user`). */
  readonly nestedGrant?: { readonly member: string; readonly name: string; readonly scopeMember: string }
  /** Members of the answer kept beside the token and offered to templates as `{grant.extra.<name>}`. */
  readonly extra?: readonly string[]
  /** A call that must follow, whose members are kept too (Mailchimp's data centre). */
  readonly metadataCall?: {
    readonly url: Template
    readonly authorization: Template
    readonly members: readonly string[]
    /** The members are in one entry of this list: the one whose `flag` is true, else the first (DocuSign). */
    readonly entry?: { readonly list: string; readonly flag: string }
  }
  /** Granted scopes are not told in the answer: nothing is compared. */
  readonly scopesUnstated?: true
  /** Other names of `Bearer` in `token_type`, lower case, where the provider has one that says something else. */
  readonly tokenTypes?: readonly string[]
}
