/** A person or client as answers name them. */
export interface Actor {
  readonly id: string
  readonly name?: string | null
}

/** A connection as `view=full` answers it; members that a vault may not tell are optional. */
export interface Connection {
  readonly id: string
  readonly app_id: string
  readonly name: string
  readonly account_name?: string
  readonly ready: boolean
  readonly created_at: string
  readonly updated_at: string
  /** When the credential came, or was renewed last. */
  readonly refreshed_at?: string | null
  readonly status: 'empty' | 'pending' | 'ready' | 'degraded' | 'reauthorization_required'
  readonly status_reason?: string
  readonly setup_type?: string
  /** The named service, where the setup says one. */
  readonly provider?: string
  readonly version: number
  readonly credential_version: number
  readonly expires_at: string | null
  readonly expiry_basis: 'stated' | 'assumed' | 'unknown' | 'never' | null
  readonly refresh_expires_at: string | null
  readonly next_rotation_at: string | null
  readonly notes: readonly { code: string; message: string }[]
  readonly scopes: {
    readonly required: readonly string[]
    readonly granted: readonly string[]
    readonly missing: readonly string[]
  }
  readonly failure: {
    readonly class: string
    readonly code: string
    readonly message: string
    readonly count: number
    readonly first_at: string
    readonly last_at: string
    readonly retry_at: string | null
  } | null
  readonly last_used_at: string | null
  readonly oauth_app_id: string | null
  readonly callback_url?: string | null
  readonly frozen?: {
    readonly id: string
    readonly reason: string
    readonly by: Actor | null
    readonly at: string
    readonly scope: 'app' | 'connection'
  } | null
  readonly settings?: Readonly<Record<string, unknown>> | null
  /** Those of them that are stored with a query, which is not shown. */
  readonly settings_without_query?: readonly string[]
  readonly secrets?: readonly { readonly name: string; readonly set_at?: string | null }[] | null
  readonly used_by_count?: number
  readonly created_by?: Actor | null
  readonly updated_by?: Actor | null
  readonly authorized_by?: Actor | null
  readonly account?: { readonly id?: string; readonly email?: string; readonly team?: string } | null
  readonly credential_expires_at?: string | null
  readonly deleted?: { readonly at: string; readonly by?: Actor | null; readonly gone_at: string } | null
}

/** One field of a setup, as `/connectors` describes it. */
export interface Field {
  readonly name: string
  readonly label: string
  readonly help?: string
  readonly secret: boolean
  readonly required: boolean
  readonly format: string
  readonly headless?: boolean
  readonly multiline?: boolean
  readonly example?: string
  readonly enum?: readonly string[]
  readonly options?: readonly { readonly value: string; readonly label: string }[]
  readonly shown_when?: FieldCondition | null
  readonly required_when?: FieldCondition | null
}

/** When a field is drawn or asked for: another field has one of these values. */
export interface FieldCondition {
  readonly field: string
  readonly values: readonly string[]
}

/** One way to connect an app. */
export interface Setup {
  readonly type: string
  readonly label: string
  readonly find_at: string
  readonly fields: readonly Field[]
  readonly renews: boolean
  readonly authorization: 'none' | 'interactive'
  readonly oauth_client?: 'setup' | 'oauth-application'
  /** What is left to fill in where an OAuth application holds the rest. */
  readonly fields_with_application?: readonly Field[]
  readonly default_scopes?: readonly string[]
  readonly scopes?: readonly ScopeDescription[]
  readonly testable: boolean
  readonly fill_from?: FillFrom | null
}

/** A permission in words. */
export interface ScopeDescription {
  readonly value: string
  readonly label: string
  readonly help?: string
  readonly default?: boolean
}

/** A file that fills several fields. */
export interface FillFrom {
  readonly label?: string
  /** Which member of the file fills which field. */
  readonly members: Readonly<Record<string, string>>
}

/** An app, as `/connectors` describes it. */
export interface Connector {
  readonly app_id: string
  readonly label: string
  readonly about: string
  readonly category?: string
  readonly category_label?: string
  /** How many services have a name in it. */
  readonly presets?: number
  /** Of a named service: the word by which its app knows it. */
  readonly provider?: string
  readonly setups: readonly Setup[]
}

/** A named service, in the list of its app. */
export interface ListedService {
  readonly provider: string
  readonly label: string
  readonly category: string
  /** The kinds of setup that it has. */
  readonly types: readonly string[]
}

/** Counts under the same filters as the list. */
export interface Summary {
  readonly total: number
  readonly needs_person: number
  readonly by_status: Readonly<Record<string, number>>
  /** In the order of `sort=app`. */
  readonly by_app: readonly { readonly app_id: string; readonly count: number }[]
  readonly first_needing: readonly { readonly id: string; readonly name: string; readonly app_id: string }[]
}

/** The session route's answer. */
export interface Identity {
  readonly person: Actor
  readonly tenant: string
  readonly environment: string
  readonly scopes: readonly string[]
  /** Where permits narrow the caller: the apps it may make connections in. */
  readonly permitted_apps: readonly string[] | null
  readonly public_url: string
  readonly features: readonly string[]
}

/** A client at a provider that the operator registered. */
export interface OAuthApplication {
  readonly id: string
  readonly app_id: string
  readonly name: string
  readonly client_id?: string | null
  /** Of any provider: what its connections share. */
  readonly setup?: Readonly<Record<string, unknown>>
  readonly is_default: boolean
  readonly callback_url: string
  readonly ready?: boolean
}

/** One thing that happened, to a connection or to a subscription: this one has neither an app nor what changed. */
export interface ChangeEvent {
  readonly id: string
  readonly type: string
  readonly connection_id?: string
  readonly app_id?: string
  readonly sequence: number
  readonly occurred_at: string
  readonly changed?: readonly string[]
  readonly actor?: Actor | null
  readonly message?: string
  readonly connection_name?: string
  readonly position?: string | number
}
