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
