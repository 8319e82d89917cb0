import { VaultError } from '../domain/errors.ts'
import type { Freeze, FreezeJob } from '../domain/freeze.ts'
import { newId } from '../domain/ids.ts'
import { freezeKey, freezesPartition, workShard } from '../domain/keys.ts'
import { type Attributes, ConditionFailedError, type Write } from '../ports/item-store.ts'
import type { Ports } from '../ports/ports.ts'
import type { WorkQueue } from '../ports/work-queue.ts'
import { changeConnection } from './change-connection.ts'
import { transactSurely } from './commit-protocol.ts'
import { findConnection } from './connection-rows.ts'
import { type FreezeWatch, MAX_FREEZES } from './freeze-watch.ts'

export interface FreezePorts extends Ports {
  readonly freezes: FreezeWatch
  readonly work: WorkQueue
}

export interface CreateFreezeInput {
  readonly tenant: string
  readonly createdBy: string
  readonly appId?: string
  readonly connectionId?: string
  readonly reason: string
  readonly revoke: boolean
}

const NEW_JOB: FreezeJob = {
  state: 'running',
  seen: 0,
  revoked: 0,
  failed: 0,
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
    createdBy: input.createdBy,
    job: NEW_JOB,
  }
  await storeFreeze(ports, freeze)
  ports.freezes.forget(input.tenant)
  await ports.work.enqueue([{ kind: 'freeze', tenant: freeze.tenant, id: freeze.id }])
  return freeze
}

/** The freezes in force, in the order they were made. */
export async function listFreezes(ports: Pick<Ports, 'items'>, tenant: string): Promise<Freeze[]> {
  const page = await ports.items.query({ partition: freezesPartition(tenant), limit: MAX_FREEZES })
  return page.items
    .map((item) => item.attributes as unknown as Freeze)
    .filter((freeze) => freeze.endedAtMs === undefined)
}

/** One freeze with the progress of its job. Throws `not-found`. */
export async function getFreeze(ports: Pick<Ports, 'items'>, tenant: string, id: string): Promise<Freeze> {
  const freeze = (await ports.items.get(freezeKey(tenant, id))) as unknown as Freeze | undefined
  if (freeze === undefined || freeze.endedAtMs !== undefined)
    throw new VaultError('not-found', 'Freeze not found')
  return freeze
}

/** Lifts a freeze. What was revoked stays revoked. Throws `not-found`. */
export async function liftFreeze(ports: FreezePorts, tenant: string, id: string): Promise<void> {
  const freeze = await getFreeze(ports, tenant, id)
  await storeFreeze(ports, { ...freeze, endedAtMs: ports.clock.nowMs(), job: NEW_JOB })
  ports.freezes.forget(tenant)
  await ports.work.enqueue([{ kind: 'freeze', tenant, id }])
}

async function storeFreeze(ports: FreezePorts, freeze: Freeze): Promise<void> {
  await transactSurely(ports, [freezeWrite(freeze, ports.clock.nowMs())], async () => {
    const stored = (await ports.items.get(freezeKey(freeze.tenant, freeze.id))) as unknown as
      | Freeze
      | undefined
    return stored !== undefined && stored.endedAtMs === freeze.endedAtMs
  })
}

/** A running job stays in the due index, so that reconcile starts it again after a crash. */
function freezeWrite(freeze: Freeze, dueAtMs: number): Write {
  return {
    op: 'put',
    key: freezeKey(freeze.tenant, freeze.id),
    attributes: {
      kind: 'freeze',
      ...(freeze as unknown as Attributes),
      ...(freeze.job.state === 'running' ? { due_shard: workShard(freeze.id), due_at: dueAtMs } : {}),
    },
  }
}

/** Writes a job's progress, on the condition that nobody else has moved it; false when somebody has. */
export async function advanceFreeze(ports: Ports, freeze: Freeze, job: FreezeJob): Promise<boolean> {
  const key = freezeKey(freeze.tenant, freeze.id)
  const when = [
    freeze.job.cursor === undefined
      ? ({ kind: 'absent', attribute: 'job.cursor' } as const)
      : ({ kind: 'equals', attribute: 'job.cursor', value: freeze.job.cursor } as const),
    freeze.endedAtMs === undefined
      ? ({ kind: 'absent', attribute: 'endedAtMs' } as const)
      : ({ kind: 'equals', attribute: 'endedAtMs', value: freeze.endedAtMs } as const),
  ]
  const over = job.state === 'done' && freeze.endedAtMs !== undefined
  try {
    await ports.items.transact([
      over
        ? { op: 'delete', key, when }
        : { ...freezeWrite({ ...freeze, job }, ports.clock.nowMs() + 60_000), when },
    ] as Write[])
    return true
  } catch (error) {
    if (error instanceof ConditionFailedError) return false
    throw error
  }
}

/** Tells of the freeze, or of its end, in the connection's events. */
export async function tellOfFreeze(ports: Ports, freeze: Freeze, id: string): Promise<void> {
  const row = await findConnection(ports, freeze.tenant, id)
  if (row === undefined) return
  const type = freeze.endedAtMs === undefined ? 'connection.frozen' : 'connection.unfrozen'
  await changeConnection(ports, row, () => ({ members: {}, event: { type, changed: ['frozen'] } }))
}
