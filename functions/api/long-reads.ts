import type { Budgets } from '../../shared/ports/budgets.ts'
import { tooManyRequests } from '../middleware/rate-limit.ts'

const LAST_OF_TENANT = new Map<string, Promise<unknown>>()

/**
 * Runs what reads all of a tenant's rows when the tenant's earlier such reads have ended, however they ended: as many
 * as it likes may wait, and one costs the others time. Throws `too-many-requests` when the tenant still owes for them.
 */
export async function runLongRead<Result>(
  { budgets }: { readonly budgets: Budgets },
  tenant: string,
  read: () => Promise<Result>,
): Promise<Result> {
  const inTurn = async () => {
    const standing = await budgets.look({ budget: 'requests', of: tenant })
    if (!standing.isAllowed) throw tooManyRequests(standing)
    return read()
  }
  const before = LAST_OF_TENANT.get(tenant) ?? Promise.resolve()
  const mine = before.then(inTurn, inTurn)
  LAST_OF_TENANT.set(tenant, mine)
  try {
    return await mine
  } finally {
    if (LAST_OF_TENANT.get(tenant) === mine) LAST_OF_TENANT.delete(tenant)
  }
}
