import type { AttributeValue } from '../ports/item-store.ts'

/**
 * Our description of one app, as data. Everything that differs between apps lives in a value of this type; the
 * code that reads it never asks which app it has. A new oddity is a new named field here.
 */
export interface Connector {
  /** Auth0's `app_id`, or one of ours. */
  readonly appId: string
  readonly label: string
  /** One sentence for the person who picks an app. */
  readonly about: string
  readonly setups: readonly Setup[]
}

/** One way to connect an app: what a person enters, what a flow gets, and how a provider mints the rest. */
export interface Setup {
  /** The value of `setup.type`, unique within the connector. */
  readonly type: string
  readonly label: string
  /** Auth0 lets `type` be left out where its schema does. */
  readonly typeRequired: boolean
  /** Auth0 accepts undeclared members here; they are kept with the setup, within limits, and count as secret. */
  readonly additionalProperties: boolean
  readonly fields: readonly Field[]
  /** Rules over several fields, checked after the fields themselves. */
  readonly rules?: readonly CrossFieldRule[]
  /** The label a person recognizes the account by; `{mask(field)}` shows at most the ends of a value. */
  readonly accountName?: Template
  /** What is laid over an outgoing call. */
  readonly request: readonly RequestPart[]
  /** The named parts for SDKs: output name to template. Never a refresh token, never a client secret. */
  readonly credentialFields: Readonly<Record<string, Template>>
  /** Present when a provider mints the credential; absent for static keys. */
  readonly grant?: GrantProfile
  /** A harmless call that proves the credential works. */
  readonly test?: TestCall
  /** Where a person finds the credential, on the vendor's own site. */
  readonly findAt: string
  /** A complete, valid setup with made-up values, for documentation and tests. */
  readonly example: Readonly<Record<string, AttributeValue>>
}

export interface Field {
  readonly name: string
  readonly label: string
  readonly help?: string
  readonly secret: boolean
  readonly required: boolean
  readonly format: FieldFormat
  /** In characters, as JSON Schema counts them; `MAX_SECRET_BYTES` applies besides. */
  readonly minLength?: number
  readonly maxLength?: number
  readonly enum?: readonly string[]
}

/**
 * `text`: any text without control characters (tab and line breaks allowed) · `visible-ascii`: U+0021 to U+007E,
 * for values that go into a header as a token · `header-value`: visible ASCII with inner spaces (RFC 9110 §5.5) ·
 * `header-or-query-name`: an RFC 9110 token · `named-values`: the list of the CUSTOM app.
 */
export type FieldFormat =
  | 'text'
  | 'single-line'
  | 'visible-ascii'
  | 'header-value'
  | 'header-or-query-name'
  | 'https-url'
  | 'hostname'
  | 'email'
  | 'pem-private-key'
  | 'scope-list'
  | 'named-values'

/**
 * Text with placeholders: `{field}` the value, `{mask(field)}` first three, `***`, last three,
 * `{basic(user,password)}` RFC 7617 credentials, `{label(field)}` the value in title case (`HEADER` → `Header`).
 * For minted credentials also `{grant.access_token}` and `{grant.extra.<name>}`. A placeholder without a value
 * makes the whole template absent.
 */
export type Template = string

export interface RequestPart {
  readonly place: 'header' | 'query' | 'base_url' | 'url' | 'named-values'
  /** The header's or parameter's name; a template. */
  readonly name?: Template
  /** A template, or for `named-values` the name of the field that holds the list. */
  readonly value: Template
  /** Only when that field has this value. */
  readonly when?: { readonly field: string; readonly equals: string }
}

/**
 * `required-when`: `field` must be present when `other` has one of the `values` ·
 * `header-safe-when`: `field` must be a valid header value when `other` has one of the `values` ·
 * `no-colon`: RFC 7617 forbids a colon in the user name.
 */
export type CrossFieldRule =
  | {
      readonly kind: 'required-when'
      readonly field: string
      readonly other: string
      readonly values: readonly string[]
    }
  | {
      readonly kind: 'header-safe-when'
      readonly field: string
      readonly other: string
      readonly values: readonly string[]
    }
  | { readonly kind: 'no-colon'; readonly field: string }

export interface TestCall {
  readonly method: 'GET' | 'POST'
  /** A template; the setup's request parts are laid over the call. */
  readonly url: Template
  /** Statuses that prove that the credential was refused. Everything else below 500 proves it was accepted. */
  readonly refusedStatuses: readonly number[]
  /** For APIs that answer 200 with a flag: the member that must be true. */
  readonly okMember?: string
  readonly source: Source
}

/** Where a fact comes from; `assumed` marks what nobody has confirmed. */
export interface Source {
  readonly text: string
  readonly assumed?: true
}

/** How a provider mints the credential of a setup. All URLs are templates over the setup's fields. */
export interface GrantProfile {
  readonly kind: 'client-credentials' | 'jwt-bearer' | 'authorization-code'
  readonly tokenUrl: Template
  /** Only for authorization-code. */
  readonly authorizationUrl?: Template
  /** The issuer expected in the authorization response (RFC 9207), for providers that advertise it. */
  readonly issuer?: Template
  readonly clientAuthentication: 'client_secret_post' | 'client_secret_basic' | 'none'
  /** Where client id and secret come from: the setup's own fields, or the operator's OAuth application. */
  readonly client:
    | { readonly from: 'setup'; readonly id: string; readonly secret: string }
    | { readonly from: 'oauth-application' }
  readonly bodyFormat: 'form' | 'json'
  readonly pkce: 'S256' | 'off'
  readonly scopes: {
    readonly separator: ' ' | ','
    /** Asked for when a person names none. */
    readonly default: readonly string[]
    /** False for providers whose scopes live on the application: none is sent, none is compared. */
    readonly requested: boolean
    /** The setup field that holds them, when the setup names its own. */
    readonly field?: string
  }
  /** Extra parameters; templates over setup fields. An absent value leaves the parameter out. */
  readonly authorizationParameters?: Readonly<Record<string, Template>>
  readonly tokenParameters?: Readonly<Record<string, Template>>
  /** For jwt-bearer: the claims of the assertion. */
  readonly assertion?: {
    readonly issuer: Template
    readonly key: string
    readonly audience: Template
    readonly scope: string
    readonly lifeSeconds: number
  }
  readonly expiry: ExpiryRule
  readonly refresh: RefreshRule
  readonly revocation?: Revocation
  readonly answer?: AnswerQuirks
  /** The source of each figure and oddity above, by the path of the member. */
  readonly sources: Readonly<Record<string, Source>>
}

export interface ExpiryRule {
  /** `expires_in` is in this unit (RFC 6749 says seconds; some answer milliseconds). */
  readonly unit: 'seconds' | 'milliseconds'
  /** What `expires_in: 0` means: RFC 6749 has no such value, Mailchimp uses it for a token without an end. */
  readonly zeroMeans: 'never' | 'invalid'
  /** The life assumed when the answer states none; `never` for tokens that do not expire. */
  readonly whenAbsent: { readonly assumedSeconds: number } | 'never'
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
  /** The answer's member that states that life in seconds. */
  readonly lifeMember?: string
}

export interface Revocation {
  readonly style: 'rfc7009' | 'google' | 'delete-path' | 'slack' | 'stripe-deauthorize'
  readonly url: Template
  readonly revokes: 'grant' | 'access-token'
}

/** Odd answers, each by name. */
export interface AnswerQuirks {
  /** Failures come as HTTP 200 with this member false and the code in `errorMember` (Slack). */
  readonly okMember?: {
    readonly member: string
    readonly errorMember: string
    readonly map: Readonly<Record<string, string>>
  }
  /** A second grant nested in the answer, with its own refresh token (Slack's `authed_user`). */
  readonly nestedGrant?: { readonly member: string; readonly name: string; readonly scopeMember: string }
  /** Members of the answer kept beside the token and offered to templates as `{grant.extra.<name>}`. */
  readonly extra?: readonly string[]
  /** A call that must follow, whose members are kept too (Mailchimp's data centre). */
  readonly metadataCall?: {
    readonly url: Template
    readonly authorization: Template
    readonly members: readonly string[]
  }
  /** Granted scopes are not told in the answer: nothing is compared. */
  readonly scopesUnstated?: true
  /** Other names of `Bearer` in `token_type`, lower case, or true when the member is missing. */
  readonly tokenTypes?: readonly string[]
  readonly tokenTypeMayBeAbsent?: true
}
