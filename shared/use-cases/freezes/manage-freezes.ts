import { defined } from '../../domain/defined.ts'
import { VaultError } from '../../domain/errors.ts'
import type { Freeze, FreezeJob } from '../../domain/freeze.ts'
import { newId } from '../../domain/ids.ts'
import { freezeKey, workShard } from '../../domain/keys.ts'
import { errorFields } from '../../ports/error-fields.ts'
import { type Condition, ConditionFailedError, sameAs, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import type { WorkQueue } from '../../ports/work-queue.ts'
import { FREEZE_ROWS } from '../../rows/freeze-row.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import type { FreezeWatch } from './freeze-watch.ts'
import { listFreezes } from './list-freezes.ts'

/** Freezes of one tenant: a few apps and some hundred connections; every fetch that is a second apart reads them all. */
export const MAX_FREEZES = 1000
/** A job that has not moved for longer than a page may take has lost its worker: reconcile starts it again. */
const JOB_RETRY_MS = 2 * 60_000

export interface FreezePorts extends Ports {
  readonly freezes: FreezeWatch
  readonly work: WorkQueue
}

export interface CreateFreezeInput {
  readonly tenant: string
  readonly appId?: string
  readonly connectionId?: string
  readonly reason: string
  readonly revoke: boolean
}

const NEW_JOB: FreezeJob = {
  state: 'running',
  seen: 0,
  revoked: 0,
  failed: [],
  reauthorize: [],
  notRevocable: [],
}

/**
 * Stops the credentials of an app or of one connection: on this instance at once, on every other within a second.
 * The events, and the revocation when asked for, follow as a job. Throws `invalid-body`, `conflict`.
 */
export async function createFreeze(ports: FreezePorts, input: CreateFreezeInput): Promise<Freeze> {
  if (input.connectionId !== undefined) {
    const row = await findConnection(ports, input.tenant, input.connectionId)
    if (row === undefined) {
      throw new VaultError('invalid-body', 'There is no such connection', { field: 'connection_id' })
    }
  }
  if ((await listFreezes(ports, input.tenant)).length >= MAX_FREEZES) {
    throw new VaultError(
      'conflict',
      `There are ${MAX_FREEZES} freezes already. Lift some, or freeze a whole app.`,
    )
  }
  const nowMs = ports.clock.nowMs()
  const freeze: Freeze = {
    id: newId('fz_', { nowMs, random: ports.random }),
    tenant: input.tenant,
    ...(input.appId === undefined ? {} : { appId: input.appId }),
    ...(input.connectionId === undefined ? {} : { connectionId: input.connectionId }),
    reason: input.reason,
    revoke: input.revoke,
    createdAtMs: nowMs,
    ...defined({ createdBy: ports.actor }),
    job: NEW_JOB,
  }
  await storeFreeze(ports, freeze)
  await startJob(ports, freeze)
  return freeze
}

/** The order is in force already: when the queue does not take the job, reconcile starts it. */
async function startJob(ports: FreezePorts, { tenant, id }: Freeze): Promise<void> {
  try {
    await ports.work.enqueue([{ kind: 'freeze', tenant, id }])
  } catch (error) {
    ports.log.warn('left the job of a freeze to reconcile', {
      op: id,
      ...errorFields(error),
    })
  }
}

/** One freeze with the progress of its job. Throws `not-found`. */
export async function getFreeze(ports: Pick<Ports, 'items'>, tenant: string, id: string): Promise<Freeze> {
  const freeze = FREEZE_ROWS.find(await ports.items.get(freezeKey(tenant, id)))
  if (freeze === undefined || freeze.endedAtMs !== undefined) throw freezeNotFound()
  return freeze
}

function freezeNotFound(): VaultError {
  return new VaultError('not-found', 'Freeze not found')
}

/** Lifts a freeze. What was revoked stays revoked. Throws `not-found`. */
export async function liftFreeze(ports: FreezePorts, tenant: string, id: string): Promise<void> {
  const freeze = await getFreeze(ports, tenant, id)
  const lifted = { ...freeze, endedAtMs: ports.clock.nowMs(), job: NEW_JOB }
  try {
    // Lifted twice at a time, it must not come back after its end was told and its item removed.
    await storeFreeze(ports, lifted, [{ kind: 'item-present' }, { kind: 'absent', attribute: 'endedAtMs' }])
  } catch (error) {
    if (error instanceof ConditionFailedError) throw freezeNotFound()
    throw error
  }
  await startJob(ports, lifted)
}

async function storeFreeze(
  ports: FreezePorts,
  freeze: Freeze,
  when: readonly Condition[] = [],
): Promise<void> {
  const key = freezeKey(freeze.tenant, freeze.id)
  const write = { ...freezeWrite(freeze, ports.clock.nowMs() + JOB_RETRY_MS), when }
  try {
    await transactSurely(ports, [write], async () => {
      const stored = FREEZE_ROWS.find(await ports.items.get(key))
      return stored !== undefined && stored.endedAtMs === freeze.endedAtMs
    })
  } finally {
    // Also when nobody knows whether it was stored.
    ports.freezes.forget(freeze.tenant)
  }
}

/** A running job stays in the due index, so that reconcile starts it again after a crash; one that is done leaves it. */
function freezeWrite(freeze: Freeze, dueAtMs: number): Extract<Write, { op: 'put' }> {
  return {
    op: 'put',
    key: freezeKey(freeze.tenant, freeze.id),
    attributes: {
      ...FREEZE_ROWS.encode(freeze),
      ...(freeze.job.state === 'running' ? { due_shard: workShard(freeze.id), due_at: dueAtMs } : {}),
    },
  }
}

/**
 * Writes a job's progress, on the condition that nobody else has moved it; false when somebody has. One that
 * pauses is due at once, so that reconcile starts it again.
 */
export async function advanceFreeze(
  ports: Ports,
  freeze: Freeze,
  progress: { readonly job: FreezeJob; readonly pauses: boolean },
): Promise<boolean> {
  const key = freezeKey(freeze.tenant, freeze.id)
  const when: Condition[] = [
    { kind: 'item-present' },
    sameAs('job.cursor', freeze.job.cursor),
    sameAs('endedAtMs', freeze.endedAtMs),
  ]
  const over = progress.job.state === 'done' && freeze.endedAtMs !== undefined
  const dueAtMs = ports.clock.nowMs() + (progress.pauses ? 0 : JOB_RETRY_MS)
  const write = freezeWrite({ ...freeze, job: progress.job }, dueAtMs)
  return tryTransact(ports.items, over ? { op: 'delete', key, when } : { ...write, when })
}

/** Tells of the freeze, or of its end, in the connection's events. */
export async function tellOfFreeze(ports: Ports, freeze: Freeze, id: string): Promise<void> {
  const row = await findConnection(ports, freeze.tenant, id)
  if (row === undefined) return
  const type = freeze.endedAtMs === undefined ? 'connection.frozen' : 'connection.unfrozen'
  await changeConnection(ports, row, () => ({ members: {}, event: { type, changed: ['frozen'] } }))
}
