import type { AuditTrail } from '../../shared/ports/audit-trail.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type {
  ExchangeResult,
  FirstGrantResult,
  GrantRunner,
  ImportResult,
  Late,
  RotationCause,
  RotationResult,
} from '../../shared/ports/grant-runner.ts'
import type { Metrics } from '../../shared/ports/metrics.ts'
import type { WorkItem } from '../../shared/ports/work-queue.ts'
import { doWorkItem, type WorkDone, type WorkerPorts } from '../../shared/use-cases/rotation/work-item.ts'

/** Who is told of the work: figures for operators, and a line for whatever was got from a provider. */
interface Observers {
  readonly metrics: Metrics
  readonly audit: AuditTrail
}

/** The runner, with what it got from a provider, took over, or ended there counted and noted. */
export function observedGrantRunner(
  runner: GrantRunner,
  observers: Observers & { readonly clock: Pick<Clock, 'nowMs'> },
): GrantRunner {
  const note = (
    act: string,
    { tenant, id }: { tenant: string; id: string },
    outcome: string,
    more: { readonly credential_version?: number | undefined } = {},
  ) => observers.audit.note({ kind: 'rotation', act, outcome, tenant, connection_id: id, ...more })
  return {
    ...runner,
    async rotate(request, budgetMs) {
      const startedAtMs = observers.clock.nowMs()
      const result = await runner.rotate(request, budgetMs)
      tellRotation(observers, { ...request, result, startedAtMs })
      return result
    },
    async mintFirst(request, budgetMs) {
      const result = await runner.mintFirst(request, budgetMs)
      note('first-grant', request, outcomeOf(result))
      return result
    },
    async import(request) {
      const result = await runner.import(request)
      note('import-grant', request, outcomeOf(result))
      return result
    },
    async exchange(request) {
      const result = await runner.exchange(request)
      const version = result.kind === 'connected' ? result.row.credentialVersion : undefined
      note('authorize', request, outcomeOf(result), { credential_version: version })
      return result
    },
    async revoke(request) {
      const result = await runner.revoke(request)
      for (const outcome of new Set(Object.values(result))) note('revoke', request, outcome)
      return result
    },
  }
}

/** Does one item of queued work and tells what became of it, how late it was, and that it failed. */
export async function doObservedWork(ports: WorkerPorts & Observers, item: WorkItem): Promise<void> {
  const startedAtMs = ports.clock.nowMs()
  let done: WorkDone
  try {
    done = await doWorkItem(ports, item)
  } catch (error) {
    ports.metrics.count('work_failures', 1, { kind: item.kind })
    throw error
  }
  if (done.kind === 'rescue' && done.outcome !== 'gone') {
    ports.metrics.count('rescues', 1, { outcome: done.outcome })
  }
  if (done.kind === 'rotate') {
    const { tenant, id } = item
    tellRotation(ports, { tenant, id, cause: 'due', result: done.result, startedAtMs })
    if (done.lateMs !== undefined) ports.metrics.observe('due_lag', done.lateMs)
  }
}

/**
 * Tells of a rotation that was made or refused: counted as `rotated` or by the class of its failure, and noted. A
 * failure from before `startedAtMs` is no new one: nothing was sent, so it counts as `waiting` and is not noted. Where
 * there was nothing to do there is nothing to tell.
 */
export function tellRotation(
  { audit, metrics }: Observers,
  rotation: {
    readonly tenant: string
    readonly id: string
    readonly cause: RotationCause
    readonly result: RotationResult | { readonly kind: 'late' | 'frozen' }
    readonly startedAtMs: number
  },
): void {
  const { tenant, id, cause, result, startedAtMs } = rotation
  switch (result.kind) {
    case 'nothing':
    case 'gone':
      return
    case 'busy':
      metrics.count('lease_conflicts', 1, { cause })
      return
    case 'late':
    case 'frozen':
      metrics.count('rotations', 1, { cause, outcome: result.kind })
      return
    case 'rotated':
    case 'failed':
  }
  const { credentialVersion, failure } = result.row
  const isNew = failure !== undefined && failure.lastAtMs >= startedAtMs
  const failed = isNew ? failure : undefined
  const isRotated = result.kind === 'rotated'
  metrics.count('rotations', 1, { cause, outcome: isRotated ? 'rotated' : (failed?.class ?? 'waiting') })
  const outcome = isRotated ? 'done' : failed?.code
  if (outcome === undefined) return
  const what = { kind: 'rotation', act: 'rotate', outcome, cause } as const
  audit.note({ ...what, tenant, connection_id: id, credential_version: credentialVersion })
}

/** `done` · why not, by its code · `late` */
function outcomeOf(result: FirstGrantResult | ImportResult | ExchangeResult | Late): string {
  switch (result.kind) {
    case 'granted':
    case 'connected':
      return 'done'
    case 'late':
    case 'ended':
      return result.kind
    case 'other-account':
      return 'other_account'
    case 'gone':
      return 'not_found'
    case 'failed':
      return result.failure.code
  }
}
