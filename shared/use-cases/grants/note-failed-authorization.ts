import type { ConnectionRow } from '../../domain/connection.ts'
import { connectionKey } from '../../domain/keys.ts'
import type { RotationFailure } from '../../domain/rotation.ts'
import { heldUntilMs } from '../../domain/rotation-policy.ts'
import type { FailureTold } from '../../ports/grant-runner.ts'
import { type Attributes, ConditionFailedError } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'

/**
 * Tells the operator what the person in the browser was told. Only a connection that holds no grant is marked: one
 * that works goes on as before. Nothing visible depends on it, so a lost race loses nothing.
 */
export async function noteFailedAuthorization(
  ports: Pick<Ports, 'items' | 'clock'>,
  row: ConnectionRow,
  failure: FailureTold,
): Promise<void> {
  const holdsNothing = row.status === 'empty' || row.status === 'pending'
  if (!holdsNothing || heldUntilMs(row) !== undefined || row.due_at !== undefined) return
  const nowMs = ports.clock.nowMs()
  const { message } = failure
  const noted: RotationFailure = {
    class: failure.class,
    code: failure.code,
    message,
    ...(failure.description === undefined ? {} : { description: failure.description }),
    count: (row.failure?.count ?? 0) + 1,
    firstAtMs: row.failure?.firstAtMs ?? nowMs,
    lastAtMs: nowMs,
  }
  try {
    await ports.items.transact([
      {
        op: 'update',
        key: connectionKey(row.tenant, row.id),
        set: { statusReason: message, failure: noted as unknown as Attributes },
        when: [
          { kind: 'equals', attribute: 'version', value: row.version },
          { kind: 'equals', attribute: 'fence', value: row.fence },
        ],
      },
    ])
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error
  }
}
