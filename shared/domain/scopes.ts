const CRUD = ['read', 'create', 'update', 'delete'] as const

type Crud<Resource extends string> = `${(typeof CRUD)[number]}:${Resource}`

/** A permission a bearer token can carry in its `scope` claim; the connection scopes are Auth0's own names. */
export type Scope =
  | Crud<'flows_vault_connections'>
  | Crud<'flows_vault_oauth_apps'>
  | Crud<'flows_vault_subscriptions'>
  | 'read:flows_vault_credentials'
  | 'read:flows_vault_events'
  | 'create:flows_vault_freezes'
  | 'delete:flows_vault_freezes'
  | 'read:flows_vault_permits'
  | 'create:flows_vault_permits'
  | 'delete:flows_vault_permits'

/**
 * Every scope there is, in the order in which answers and tokens list them. The issuer refuses any other,
 * and a client made without a list of its own gets all of these.
 */
export const ALL_SCOPES: readonly Scope[] = [
  ...CRUD.map((verb) => `${verb}:flows_vault_connections` as const),
  'read:flows_vault_credentials',
  ...CRUD.map((verb) => `${verb}:flows_vault_oauth_apps` as const),
  ...CRUD.map((verb) => `${verb}:flows_vault_subscriptions` as const),
  'read:flows_vault_events',
  'create:flows_vault_freezes',
  'delete:flows_vault_freezes',
  'read:flows_vault_permits',
  'create:flows_vault_permits',
  'delete:flows_vault_permits',
]
