import type { AnswerQuirks, GrantProfile, Revocation, Template } from '../../domain/grant-profile.ts'
import type { CoveredScopes } from '../../domain/granted-scopes.ts'
import type { Category } from '../categories.ts'

/**
 * A service by its name: what stands in place of the URLs of `OAUTH2`, and of the key's place of `HTTP`. Entries are
 * data in the JSON file of their category and nowhere else; adding one touches that file alone.
 */
export interface Preset {
  /** What a person writes as `provider`; unique over all categories. */
  readonly id: string
  readonly label: string
  readonly category: Category
  /** The vendor's own page on how to authorize. */
  readonly documentation: string
  /** What else a person has to say, such as a region or a shop; `{name}` in the templates stands for it. */
  readonly inputs?: Readonly<Record<string, PresetInput>>
  /** Where the API lives. */
  readonly baseUrl?: Template
  /** Where the provider's answer names the host of `baseUrl`: it has to be one of these or under one. */
  readonly baseUrlHosts?: readonly string[]
  /** Headers that every call needs beside the credential. */
  readonly headers?: Readonly<Record<string, string>>
  readonly oauth?: PresetOAuth
  readonly key?: PresetKey
  /** What is odd about the service, in sentences. */
  readonly notes?: readonly string[]
  /** Where a collection of others has something else, and why this is right. */
  readonly differences?: readonly PresetDifference[]
  /**
   * Who says so: a page, or a collection by its short name (`collections.json`) and the entry's name there; in
   * brackets the members it has, which are the two endpoints where nothing is said.
   */
  readonly sources: readonly string[]
  /** The members that no source says: general knowledge of the vendor. */
  readonly assumed?: readonly string[]
}

/** One more thing to enter. It is text of the `pattern` or `format`, or one of the `options`. */
export interface PresetInput {
  readonly label: string
  readonly help?: string
  readonly example: string
  readonly pattern?: string
  readonly format?: 'hostname' | 'email'
  readonly options?: readonly string[]
  /** For a host name: it must be one of these or under one. */
  readonly hosts?: readonly string[]
  /** What is meant when a person leaves it out. */
  readonly default?: string
  readonly secret?: true
}

/** How the service grants access. Where nothing is said, it does what most do (see `preset-grant.ts`). */
export interface PresetOAuth {
  readonly flows: readonly PresetFlow[]
  readonly authorizationUrl?: string
  readonly tokenUrl: string
  /** Where renewing has an address of its own. */
  readonly refreshUrl?: string
  readonly revocation?: Pick<Revocation, 'style' | 'ends'> & { readonly url: string }
  readonly identity?: PresetIdentity
  readonly separator?: ','
  /** Scopes as they look there, for a person to begin with; empty where they belong to the application. */
  readonly scopes: readonly string[]
  /** Scopes that are granted with a broader one and not told of: see `CoveredScopes`. */
  readonly scopesCovered?: CoveredScopes
  readonly clientAuthentication: GrantProfile['clientAuthentication']
  readonly bodyFormat?: 'json'
  /** The name of the parameter that is `client_id` elsewhere. */
  readonly clientIdParameter?: string
  /** The name that `redirect_uri` has at the authorization page. */
  readonly redirectUriParameter?: string
  readonly pkce: 'required' | 'supported' | 'unknown' | 'off'
  /** A `nonce` is asked for at the authorization page. */
  readonly nonce?: true
  readonly authorizationParameters?: Readonly<Record<string, string>>
  readonly tokenParameters?: Readonly<Record<string, string>>
  /** In place of `tokenParameters` when a grant is renewed. */
  readonly refreshParameters?: Readonly<Record<string, string>>
  /** The scopes are sent again when a grant is renewed. */
  readonly scopesAtRefresh?: true
  /** What client credentials have otherwise; `tokenParameters` beside the ones above. */
  readonly clientCredentials?: {
    readonly grantType?: string
    readonly tokenUrl?: string
    readonly tokenParameters?: Readonly<Record<string, string>>
  }
  /** The life of an access token where the answer does not state it. */
  readonly accessSeconds?: number | 'never'
  readonly rotation: 'none' | 'single-use' | 'no-refresh' | 'unknown'
  readonly graceSeconds?: number
  readonly refreshLife?: { readonly seconds: number; readonly kind: 'rolling' | 'absolute' }
  /** How flows send the token, where it is not a bearer token. */
  readonly send?: { readonly header?: string; readonly prefix?: string }
  readonly answer?: AnswerQuirks
}

/** A way to be granted access. */
export type PresetFlow = 'authorization-code' | 'client-credentials'

/** The call that tells whose grant it is. */
export interface PresetIdentity {
  readonly url: string
  /** The path of the member that names the account. */
  readonly member: string
  readonly method?: 'POST'
  readonly body?: string
  /** The scheme of the Authorization header, where it is not Bearer. */
  readonly scheme?: string
}

/** Where the service takes an API key. `{value}` stands for the key. */
export type PresetKey =
  | {
      readonly in: 'header' | 'query'
      readonly name: string
      readonly prefix?: string
      /** More headers or parameters of the same place. */
      readonly with?: Readonly<Record<string, string>>
    }
  /** Basic (RFC 7617), of which one part is fixed. */
  | { readonly in: 'basic'; readonly pair: string }
  /** Basic, of which a person enters both parts. */
  | { readonly in: 'basic'; readonly userLabel: string; readonly passwordLabel: string }
  /** In the path, and so in the base URL. */
  | { readonly in: 'path'; readonly baseUrl: string }

/** What a collection of others has otherwise. */
export interface PresetDifference {
  readonly sources: readonly string[]
  readonly authorizationUrl?: string
  readonly tokenUrl?: string
  readonly separator?: string
  readonly clientAuthentication?: GrantProfile['clientAuthentication']
  readonly reason: string
}
