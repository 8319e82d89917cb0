import type { ItemKey } from './item-key.ts'

/** What is left of a tenant's budget of one kind, for all processes together. */
export function budgetKey(tenant: string, budget: string): ItemKey {
  return { partition: budgetsPartition(tenant), sort: budget }
}

/** Holds a tenant's budgets. */
export function budgetsPartition(tenant: string): string {
  return `TENANT#${tenant}#BUDGETS`
}

/** How many writes of one kind to the secret store were taken in a second, by all tenants together. */
export function writesKey(kind: string, second: number): ItemKey {
  return { partition: WRITES_PARTITION, sort: `${kind}#${second}` }
}

/** Holds what was taken of the quotas of the secret store. */
export const WRITES_PARTITION = 'VAULT#WRITES'

/** One of the turns that a tenant has for calls of one kind; it is there while the call is under way. */
export function turnKey(tenant: string, kind: string, place: number): ItemKey {
  return { partition: `TENANT#${tenant}#TURNS`, sort: `${kind}#${place}` }
}

/**
 * Says that a breaker is open: of one tenant's OAuth client, of a host as one tenant uses it, or of one that all use.
 */
export function breakerKey(of: { kind: string; tenant: string | undefined; of: string }): ItemKey {
  const partition = of.tenant === undefined ? BREAKERS_PARTITION : `TENANT#${of.tenant}#BREAKERS`
  return { partition, sort: `${of.kind}#${of.of}` }
}

/** Holds the open breakers of hosts of the catalogue, which all tenants share. */
export const BREAKERS_PARTITION = 'VAULT#BREAKERS'

/** How many changes of a connection were refused within a minute, counted in minutes of the epoch. */
export function refusedChangesKey(tenant: string, id: string, minute: number): ItemKey {
  return { partition: `TENANT#${tenant}#REFUSED_CHANGES`, sort: `${id}#${minute}` }
}
