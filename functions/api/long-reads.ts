import type { Budgets } from '../../shared/ports/budgets.ts'
import { tooManyRequests } from '../middleware/rate-limit.ts'
import { type Lines, oneAtATime } from '../one-at-a-time.ts'

const LONG_READS: Lines = new Map()

/**
 * Runs what reads all of a tenant's rows when the tenant's earlier such reads have ended: as many as it likes may
 * wait, and one costs the others time. Throws `too-many-requests` when the tenant still owes for them.
 */
export function runLongRead<Result>(
  { budgets }: { readonly budgets: Budgets },
  tenant: string,
  read: () => Promise<Result>,
): Promise<Result> {
  return oneAtATime(LONG_READS, tenant, async () => {
    const standing = await budgets.look({ budget: 'requests', of: tenant })
    if (!standing.isAllowed) throw tooManyRequests(standing)
    return read()
  })
}
