import type { GrantProfile, Source, Template } from '../domain/grant-profile.ts'
import type { JsonValue } from '../domain/json.ts'
import type { KeyUse } from '../domain/signing-key.ts'
import type { Category } from './categories.ts'

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
  readonly category: Category
  readonly setups: readonly Setup[]
}

/** One way to connect an app: what a person enters, what a flow gets, and how a provider mints the rest. */
export interface Setup {
  /** The value of `setup.type`, unique within the connector; of a named service, that and its name. */
  readonly type: string
  /** Which part of a preset makes this setup that of a named service; absent where none does. */
  readonly presets?: 'authorization-code' | 'client-credentials' | 'bearer' | 'basic' | 'api-key'
  /** For the setup of a named service: its name, and the type that a person writes. */
  readonly preset?: { readonly id: string; readonly type: string }
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
  /** Scopes in words, for a person to choose from. */
  readonly scopeChoices?: readonly ScopeChoice[]
  /** Present when a provider mints the credential; absent for static keys. */
  readonly grant?: GrantProfile
  /** A harmless call that proves the credential works. */
  /** Of a setup that is a webhook URL: what a message to people is posted as, a `text` alone or the event beside it. */
  readonly webhookBody?: 'text' | 'text-and-event'
  readonly test?: TestCall
  /** Members that the provider's answer or callback brought for this setup are fields of the credential too. */
  readonly extraFields?: true
  /** Where a person finds the credential, on the vendor's own site. */
  readonly findAt: string
  /** A complete, valid setup with made-up values, for documentation and tests. */
  readonly example: Readonly<Record<string, JsonValue>>
  /** A file that people are given and that holds several fields: which of its members fills which field. */
  readonly fillFrom?: FillFrom
}

/** One permission: what is asked for, and what it allows. */
export interface ScopeChoice {
  readonly value: string
  readonly label: string
  readonly help?: string
}

/** A JSON file; its members by the field that each fills. */
export interface FillFrom {
  readonly label: string
  readonly format: 'json'
  readonly members: Readonly<Record<string, string>>
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
  /** The words for values of `enum` that do not speak for themselves. */
  readonly optionLabels?: Readonly<Record<string, string>>
  /** What the text must match, besides its format; takes linear time on any text of `maxLength`. */
  readonly pattern?: string
  /** For those who have no browser at hand: left out where a person fills in a form. */
  readonly headless?: true
  /** Of use only when that field has one of the values. */
  readonly shownWhen?: { readonly field: string; readonly values: readonly string[] }
  /** A made-up value, where the setup's example has none. */
  readonly example?: string
  /** Blanks at the ends, which come with pasting, are no part of the value and are left out. */
  readonly trimmed?: true
  /** For private keys: what the vault itself signs with it, so that it must be one that can. */
  readonly signs?: KeyUse
  /** For hosts and URLs: true when the vault itself calls it, so that it must be one the outgoing guard lets out. */
  readonly called?: true
  /** For hosts and URLs: the host must be one of these or a subdomain of one. */
  readonly hosts?: readonly string[]
}

/**
 * `text`: any text without control characters (tab and line breaks allowed) · `visible-ascii`: U+0021 to U+007E,
 * for values that go into a header as a token · `header-value`: visible ASCII with inner spaces (RFC 9110 §5.5) ·
 * `pem-private-key`, `pem-public-key`: a PEM block (RFC 7468), not encrypted · `url-template`: an https URL with
 * `{member}` placeholders, or one alone · `named-values`: the list of the CUSTOM app · `member-names`: a list of
 * members of an answer · `parameters`: an object of request parameters · `seconds`: a whole number · `flag`: true
 * or false.
 */
export type FieldFormat =
  | 'text'
  | 'single-line'
  | 'visible-ascii'
  | 'header-value'
  | 'https-url'
  | 'hostname'
  | 'email'
  | 'pem-private-key'
  | 'pem-public-key'
  | 'scope-list'
  | 'url-template'
  | 'named-values'
  | 'member-names'
  | 'parameters'
  | 'seconds'
  | 'flag'

export interface RequestPart {
  readonly place: 'header' | 'query' | 'base_url' | 'url' | 'named-values'
  /** The header's or parameter's name; a template. */
  readonly name?: Template
  /** A template, or for `named-values` the name of the field that holds the list. */
  readonly value: Template
  /** Only when that field has this value. */
  readonly when?: { readonly field: string; readonly equals: string }
  /** `basic`: the value is a user name, a colon and a password, to be sent as RFC 7617 has them. */
  readonly encode?: 'basic'
  /** For URLs made of minted or derived values: left out unless the host is one of these or a subdomain of one. */
  readonly hosts?: readonly string[]
}

/**
 * `required-when`: `field` must be present when `other` has one of the `values` · `required-unless`: unless it has ·
 * `header-safe-when`: `field` must be a valid header value when `other` has one of the `values` ·
 * `header-name-when`: `field` must be an RFC 9110 token, and no header that frames the request, likewise ·
 * `needed-when`: the same as `required-when` for whoever wants to use it; the setup is taken without, and waits for it,
 * or for the field `unless` in its place ·
 * `no-colon`: RFC 7617 forbids a colon in the user name.
 */
export type CrossFieldRule =
  | {
      readonly kind:
        | 'required-when'
        | 'required-unless'
        | 'needed-when'
        | 'header-safe-when'
        | 'header-name-when'
      readonly field: string
      readonly other: string
      readonly values: readonly string[]
      readonly unless?: string
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
