/** On keys and secrets, the id of the deployment that they are of, by which roles know their own. */
export const DEPLOYMENT_TAG = 'flow-vault:deployment'
/** On all that a stage made. */
export const STAGE_TAG = 'flow-vault:stage'
/** On keys and secrets, the tenant whose they are. */
export const TENANT_TAG = 'flow-vault:tenant'

/**
 * By which name KMS finds the key of a tenant that has one of its own. The stage is in it: one that adopts the data of
 * another may stand beside that in one account.
 */
export function tenantKeyAlias(stage: string, tenant: string): string {
  return `alias/flow-vault-${stage}/${tenant}`
}

/** By tenant, the names of all such keys of a stage. */
export function tenantAliases({
  deployment,
  tenantKeys,
}: {
  readonly deployment: string
  readonly tenantKeys: readonly string[]
}): ReadonlyMap<string, string> {
  return new Map(tenantKeys.map((tenant) => [tenant, tenantKeyAlias(deployment, tenant)]))
}
