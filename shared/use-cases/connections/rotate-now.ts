import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { VaultError } from '../../domain/errors.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import { connectionNotFound, getConnection } from '../commit/connection-rows.ts'
import { connectionEmpty } from '../fetch/empty-connection.ts'
import type { FreezeWatch } from '../freezes/freeze-watch.ts'
import { refuseFrozen } from '../freezes/refuse-frozen.ts'
import { mintedConnection, ONLY_BY_AUTHORIZING } from '../grants/minted-connection.ts'

/** A person waits; the rotation itself goes on past this. */
const MANUAL_BUDGET_MS = 20_000

/** Rotates a connection because a person asked. Throws `not-found`, and `conflict` for what is not minted. */
export async function rotateNow(
  ports: Ports & { grants: GrantRunner; freezes: FreezeWatch },
  input: { tenant: string; id: string },
): Promise<{ rotated: boolean; reason?: string; row: ConnectionRow }> {
  const row = await getConnection(ports, input.tenant, input.id)
  await refuseFrozen(ports, row)
  if (row.setupType === undefined) throw connectionEmpty(row)
  if (mintedConnection(row) === undefined) {
    throw new VaultError(
      'conflict',
      'This credential was entered by a person: replace the setup to change it.',
      {
        errorCode: 'not_rotatable',
      },
    )
  }
  const result = await ports.grants.rotate(
    { ...input, cause: 'manual', ...defined({ actor: ports.actor }) },
    MANUAL_BUDGET_MS,
  )
  if (result.kind === 'gone') throw connectionNotFound()
  const current = result.kind === 'late' ? await getConnection(ports, input.tenant, input.id) : result.row
  if (result.kind === 'rotated') return { rotated: true, row: current }
  const reason =
    result.kind === 'failed' || result.kind === 'nothing'
      ? (current.failure?.message ?? current.statusReason ?? ONLY_BY_AUTHORIZING)
      : 'A rotation is under way; look again in a moment.'
  return { rotated: false, reason, row: current }
}
