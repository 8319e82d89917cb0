import type { ConnectionRow } from '../domain/connection.ts'
import { VaultError } from '../domain/errors.ts'
import { type Freeze, type FreezeJob, MAX_LISTED_IDS } from '../domain/freeze.ts'
import { connectionsPartition, freezeKey } from '../domain/keys.ts'
import type { GrantRunner } from '../ports/grant-runner.ts'
import type { Ports } from '../ports/ports.ts'
import { changeConnection } from './change-connection.ts'
import { findConnection, rowOf } from './connection-rows.ts'
import { advanceFreeze, tellOfFreeze } from './manage-freezes.ts'
import { mintedConnection } from './rotate-connection.ts'
import { revokeStored, storedSetupOf } from './stored-setup.ts'

/** Connections dealt with between two notes of progress: a crash repeats so many events at most. */
const PAGE_ROWS = 25

export type FreezeJobPorts = Ports & { grants: GrantRunner }

/**
 * Walks over the connections a freeze concerns: writes the event of each, and revokes its grants upstream where
 * that was asked for and the provider can. Goes on where it stopped; a step done twice does no harm.
 */
export async function runFreezeJob(ports: FreezeJobPorts, tenant: string, id: string): Promise<void> {
  for (;;) {
    const freeze = (await ports.items.get(freezeKey(tenant, id))) as unknown as Freeze | undefined
    if (freeze === undefined || freeze.job.state === 'done') return
    const { rows, cursor, last } = await nextRows(ports, freeze)
    let job: FreezeJob = { ...freeze.job, ...(cursor === undefined ? {} : { cursor }) }
    for (const row of rows) job = await dealWith(ports, freeze, row, job)
    if (last) job = { ...job, state: 'done' }
    if (!(await advanceFreeze(ports, freeze, job))) return
    if (last) return
  }
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
  const rows = page.items.map((item) => rowOf(item.attributes)!)
  return {
    rows: rows.filter((row) => row.appId === freeze.appId),
    cursor: rows.at(-1)?.id ?? freeze.job.cursor,
    last: rows.length < PAGE_ROWS,
  }
}

async function dealWith(
  ports: FreezeJobPorts,
  freeze: Freeze,
  row: ConnectionRow,
  job: FreezeJob,
): Promise<FreezeJob> {
  const seen = { ...job, seen: job.seen + 1 }
  try {
    await tellOfFreeze(ports, freeze, row.id)
    if (!freeze.revoke || freeze.endedAtMs !== undefined || row.grants === undefined) return seen
    return await revoke(ports, row, seen)
  } catch (error) {
    // A connection deleted meanwhile has nothing left to stop; anything else is tried again with its page.
    if (error instanceof VaultError && error.code === 'not-found') return seen
    throw error
  }
}

async function revoke(ports: FreezeJobPorts, row: ConnectionRow, job: FreezeJob): Promise<FreezeJob> {
  const stored = storedSetupOf(row)
  if (stored === undefined) return job
  const outcomes = Object.values(await revokeStored(ports, stored))
  if (outcomes.includes('failed')) return { ...job, failed: job.failed + 1 }
  if (outcomes.includes('unsupported')) return { ...job, notRevocable: listed(job.notRevocable, row.id) }
  const revoked = { ...job, revoked: job.revoked + 1 }
  // What is minted from the setup can be minted again; what a person granted, only that person can.
  if (mintedConnection(row)?.profile.kind !== 'authorization-code') return revoked
  const current = await findConnection(ports, row.tenant, row.id)
  if (current !== undefined) {
    await changeConnection(ports, current, () => ({
      members: {
        status: 'reauthorization_required',
        statusReason: 'The grant was revoked by a freeze. Authorize the connection again.',
        due_shard: undefined,
        due_at: undefined,
      },
      event: { type: 'connection.reauthorization_required', changed: ['status'] },
    }))
  }
  return { ...revoked, reauthorize: listed(job.reauthorize, row.id) }
}

function listed(ids: readonly string[], id: string): readonly string[] {
  return ids.length >= MAX_LISTED_IDS || ids.includes(id) ? ids : [...ids, id]
}
