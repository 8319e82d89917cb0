import type { ConnectionRow } from '../domain/connection.ts'
import { VaultError } from '../domain/errors.ts'
import type { FreezeWatch } from './freeze-watch.ts'

/** Throws `connection-frozen` with the reason somebody gave, when a freeze covers the connection. */
export async function refuseFrozen(ports: { freezes: FreezeWatch }, row: ConnectionRow): Promise<void> {
  const freeze = await ports.freezes.find(row.tenant, row)
  if (freeze === undefined) return
  throw new VaultError('connection-frozen', `The connection is frozen: ${freeze.reason}`)
}
