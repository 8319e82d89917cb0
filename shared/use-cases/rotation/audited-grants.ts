import type { AuditTrail } from '../../ports/audit-trail.ts'
import type {
  ExchangeResult,
  FirstGrantResult,
  GrantRunner,
  ImportResult,
  Late,
  RotationCause,
  RotationResult,
} from '../../ports/grant-runner.ts'

/** The runner, with a line for whatever it got from a provider, took over, or ended there. */
export function auditedGrantRunner(
  runner: GrantRunner,
  { audit, clock }: { readonly audit: AuditTrail; readonly clock: { nowMs(): number } },
): GrantRunner {
  const note = (act: string, { tenant, id }: { tenant: string; id: string }, outcome: string) =>
    audit.note({ kind: 'rotation', act, outcome, tenant, connection_id: id })
  return {
    ...runner,
    async rotate(request, budgetMs) {
      const startedAtMs = clock.nowMs()
      const result = await runner.rotate(request, budgetMs)
      noteRotation(audit, { ...request, result, startedAtMs })
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
      const { tenant, id } = request
      const version = result.kind === 'connected' ? result.row.credentialVersion : undefined
      const what = { kind: 'rotation', act: 'authorize', outcome: outcomeOf(result) } as const
      audit.note({ ...what, tenant, connection_id: id, credential_version: version })
      return result
    },
    async revoke(request) {
      const result = await runner.revoke(request)
      for (const outcome of new Set(Object.values(result))) note('revoke', request, outcome)
      return result
    },
  }
}

/** Notes a rotation that was made or refused; where nothing was asked of a provider there is nothing to note. */
export function noteRotation(
  audit: AuditTrail,
  rotation: {
    readonly tenant: string
    readonly id: string
    readonly cause: RotationCause
    readonly result: RotationResult | { readonly kind: 'late' | 'frozen' }
    readonly startedAtMs: number
  },
): void {
  const { tenant, id, cause, result, startedAtMs } = rotation
  if (result.kind !== 'rotated' && result.kind !== 'failed') return
  const { credentialVersion, failure } = result.row
  const isNew = failure !== undefined && failure.lastAtMs >= startedAtMs
  if (result.kind === 'failed' && !isNew) return
  audit.note({
    kind: 'rotation',
    act: 'rotate',
    outcome: result.kind === 'rotated' ? 'done' : failure!.code,
    tenant,
    connection_id: id,
    credential_version: credentialVersion,
    cause,
  })
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
