import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import type { FreezeWatch } from './freeze-watch.ts'

/** Throws `connection-frozen` with the reason somebody gave and what ends it, when a freeze covers the connection. */
export async function refuseFrozen(ports: { freezes: FreezeWatch }, row: ConnectionRow): Promise<void> {
  const freeze = await ports.freezes.find(row.tenant, row)
  if (freeze === undefined) return
  const reason = freeze.reason.replace(/[.\s]+$/, '')
  throw new VaultError(
    'connection-frozen',
    `The connection is frozen: ${reason}. It works again once the freeze ${freeze.id} is lifted.`,
  )
}
