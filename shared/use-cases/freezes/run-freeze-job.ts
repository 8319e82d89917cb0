import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import { type Freeze, type FreezeJob, freezes, MAX_LISTED_IDS } from '../../domain/freeze.ts'
import { connectionsPartition, freezeKey } from '../../domain/keys.ts'
import type { Ports } from '../../ports/ports.ts'
import { CONNECTION_ROWS } from '../../rows/connection-row.ts'
import { FREEZE_ROWS } from '../../rows/freeze-row.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { FREEZE_MAX_AGE_MS } from './freeze-watch.ts'
import { listFreezes } from './list-freezes.ts'
import { advanceFreeze, tellOfFreeze } from './manage-freezes.ts'
import { type RevokedForFreeze, type RevokeForFreezePorts, revokeForFreeze } from './revoke-for-freeze.ts'

/** Connections dealt with side by side between two notes of progress: a crash repeats so many events at most. */
const PAGE_ROWS = 25
/**
 * No page is begun after this: a page waits for rotations under way and for slow providers, and must end within
 * the 120 s that a function may run. Reconcile starts the job again where it stopped.
 */
const RUN_BUDGET_MS = 30_000

export type FreezeJobPorts = RevokeForFreezePorts

/**
 * Walks over the connections a freeze concerns: writes the event of each, and revokes its grants upstream where
 * that was asked for and the provider can. Goes on where it stopped; a step done twice does no harm.
 */
export async function runFreezeJob(ports: FreezeJobPorts, tenant: string, id: string): Promise<void> {
  const startedMs = ports.clock.monotonicMs()
  for (;;) {
    const freeze = FREEZE_ROWS.find(await ports.items.get(freezeKey(tenant, id)))
    if (freeze === undefined || freeze.job.state === 'done') return
    await untilObeyed(ports, freeze)
    const { rows, cursor, last } = await nextRows(ports, freeze)
    const others = freeze.endedAtMs === undefined ? [] : await listFreezes(ports, tenant)
    const dealt = await Promise.all(rows.map((row) => dealWith(ports, { freeze, others }, row)))
    const walked = dealt.reduce(withResult, freeze.job)
    const pauses = !last && ports.clock.monotonicMs() - startedMs > RUN_BUDGET_MS
    const job: FreezeJob = {
      ...walked,
      ...(cursor === undefined ? {} : { cursor }),
      state: last ? 'done' : 'running',
    }
    if (!(await advanceFreeze(ports, freeze, { job, pauses })) || last || pauses) return
  }
}

/** Another instance may still begin a rotation until it has read of the freeze; what it gets is to be revoked too. */
async function untilObeyed(ports: FreezeJobPorts, freeze: Freeze): Promise<void> {
  if (!freeze.revoke || freeze.endedAtMs !== undefined) return
  const leftMs = freeze.createdAtMs + FREEZE_MAX_AGE_MS - ports.clock.nowMs()
  if (leftMs > 0) await ports.clock.sleep(Math.min(leftMs, FREEZE_MAX_AGE_MS))
}

async function nextRows(
  ports: Ports,
  freeze: Freeze,
): Promise<{ rows: ConnectionRow[]; cursor: string | undefined; last: boolean }> {
  if (freeze.connectionId !== undefined) {
    const row = await findConnection(ports, freeze.tenant, freeze.connectionId)
    return { rows: row === undefined ? [] : [row], cursor: freeze.connectionId, last: true }
  }
  const page = await ports.items.query({
    partition: connectionsPartition(freeze.tenant),
    ...(freeze.job.cursor === undefined ? {} : { after: freeze.job.cursor }),
    limit: PAGE_ROWS,
  })
  const rows = page.items.map((item) => CONNECTION_ROWS.find(item.attributes)!)
  return {
    rows: rows.filter((row) => freezes(freeze, row)),
    cursor: rows.at(-1)?.id ?? freeze.job.cursor,
    last: page.nextToken === undefined,
  }
}

async function dealWith(
  ports: FreezeJobPorts,
  { freeze, others }: { freeze: Freeze; others: readonly Freeze[] },
  row: ConnectionRow,
): Promise<RevokedForFreeze & { readonly id: string }> {
  const nothing = { id: row.id, outcomes: [], mustAuthorize: false }
  try {
    // What another freeze still covers is not free yet: the end of that one tells so.
    if (!others.some((other) => freezes(other, row))) await tellOfFreeze(ports, freeze, row.id)
    if (!freeze.revoke || freeze.endedAtMs !== undefined) return nothing
    return { id: row.id, ...(await revokeForFreeze(ports, row)) }
  } catch (error) {
    // A connection deleted meanwhile has nothing left to stop; anything else is tried again with its page.
    if (error instanceof VaultError && error.code === 'not-found') return nothing
    throw error
  }
}

function withResult(job: FreezeJob, result: RevokedForFreeze & { readonly id: string }): FreezeJob {
  const { id, outcomes } = result
  return {
    ...job,
    seen: job.seen + 1,
    revoked: job.revoked + (isAll(outcomes, 'revoked') ? 1 : 0),
    failed: outcomes.includes('failed') ? listed(job.failed, id) : job.failed,
    notRevocable: outcomes.includes('unsupported') ? listed(job.notRevocable, id) : job.notRevocable,
    reauthorize: result.mustAuthorize ? listed(job.reauthorize, id) : job.reauthorize,
  }
}

function isAll(outcomes: RevokedForFreeze['outcomes'], outcome: 'revoked'): boolean {
  return outcomes.length > 0 && outcomes.every((one) => one === outcome)
}

function listed(ids: readonly string[], id: string): readonly string[] {
  return ids.length >= MAX_LISTED_IDS || ids.includes(id) ? ids : [...ids, id]
}
