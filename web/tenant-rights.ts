import { type Context, can } from './page-context.ts'

/** True when permits narrow the caller: what is about the tenant as a whole is then not for it, and not offered. */
export function isNarrowed({ identity }: Context): boolean {
  return identity.permitted_apps !== null
}

/** True when the OAuth applications of the tenant may be seen; without, the vault's default one is used unseen. */
export function mayReadApplications(context: Context): boolean {
  return can(context, 'read:flows_vault_oauth_apps') && !isNarrowed(context)
}

/** True when OAuth applications may be made, by scope and permits. */
export function mayRegisterApplications(context: Context): boolean {
  return mayReadApplications(context) && can(context, 'create:flows_vault_oauth_apps')
}
