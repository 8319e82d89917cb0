import { VaultError } from '../../domain/errors.ts'
import { newId } from '../../domain/ids.ts'
import { permitKey, permitsPartition } from '../../domain/keys.ts'
import type { Permit } from '../../domain/permit.ts'
import type { ItemStore } from '../../ports/item-store.ts'
import { pagesOf } from '../../ports/pages-of.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import { PERMIT_ROWS } from '../../rows/permit-row.ts'

/** All of a tenant's are read once a second by every instance that serves it. */
export const MAX_PERMITS = 1000

export interface PermitPorts extends Ports {
  /** Whoever remembers permits here. */
  readonly permits: { forget(tenant: string): void }
}

/** Every permit of the tenant, in the order they were made: all pages, for none may be overlooked. */
export async function listPermits(
  ports: { readonly items: Pick<ItemStore, 'query'> },
  tenant: string,
): Promise<Permit[]> {
  const permits: Permit[] = []
  for await (const page of pagesOf(ports.items, {
    partition: permitsPartition(tenant),
    limit: MAX_PERMITS,
  })) {
    permits.push(...page.map(({ attributes }) => PERMIT_ROWS.decode(attributes)))
  }
  return permits
}

/** Narrows a client to what is named, from now on here and within a second everywhere. Throws `invalid-body`, `conflict`. */
export async function createPermit(
  ports: PermitPorts,
  input: Omit<Permit, 'id' | 'createdAtMs'>,
): Promise<Permit> {
  const nowMs = ports.clock.nowMs()
  if (input.untilMs !== undefined && input.untilMs <= nowMs) {
    throw new VaultError('invalid-body', 'The instant is past', {
      field: 'until',
      allowed: 'an instant to come, or none',
    })
  }
  if ((await listPermits(ports, input.tenant)).length >= MAX_PERMITS) {
    throw new VaultError('conflict', `There are ${MAX_PERMITS} permits already. Delete some, or name apps.`)
  }
  const permit = { ...input, id: newId('pm_', { nowMs, random: ports.random }), createdAtMs: nowMs }
  const write = { op: 'put', key: permitKey(input.tenant, permit.id) } as const
  try {
    await ports.items.transact([{ ...write, attributes: PERMIT_ROWS.encode(permit) }])
  } finally {
    ports.permits.forget(input.tenant)
  }
  return permit
}

/** Takes a permit back; a client that has none left is narrowed no more. Throws `not-found`. */
export async function deletePermit(ports: PermitPorts, tenant: string, id: string): Promise<void> {
  const key = permitKey(tenant, id)
  try {
    if (!(await tryTransact(ports.items, { op: 'delete', key, when: [{ kind: 'item-present' }] })))
      throw new VaultError('not-found', 'Permit not found')
  } finally {
    ports.permits.forget(tenant)
  }
}
