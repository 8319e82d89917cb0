import type { Ports } from '../../ports/ports.ts'
import type { Authorization, AuthorizationEnd } from '../../rows/authorization-row.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { EXCHANGE_PATIENCE_MS } from './authorization.ts'

/** An exchange that said nothing: the grant may be there all the same. */
export const OUTCOME_UNKNOWN: AuthorizationEnd = {
  outcome: 'failed',
  words:
    'It is not known how this ended. Look at the connection in the vault; authorize it again if it is not connected.',
  code: 'outcome_unknown',
}
const EXPIRED: AuthorizationEnd = {
  outcome: 'expired',
  words: 'The link ended after ten minutes. Start again from the vault.',
}

const GONE: AuthorizationEnd = { outcome: 'failed', words: 'The connection is gone.', code: 'not_found' }

/** The same for who asks how it stands: one of a connection that was deleted meanwhile waits for nobody. */
export async function endAsTold(
  ports: Pick<Ports, 'items'>,
  authorization: Authorization,
  nowMs: number,
): Promise<AuthorizationEnd | undefined> {
  const end = endOf(authorization, nowMs)
  if (end !== undefined || authorization.phase === 'exchanging') return end
  const { tenant, connectionId } = authorization
  return (await findConnection(ports, tenant, connectionId)) === undefined ? GONE : undefined
}

/**
 * How the authorization ended by now, or undefined while it goes on. An exchange that has been silent for 90 s counts
 * as failed, and is told otherwise if its outcome comes after all; nobody repeats it.
 */
export function endOf(authorization: Authorization, nowMs: number): AuthorizationEnd | undefined {
  switch (authorization.phase) {
    case 'done':
      return authorization.end
    case 'exchanging':
      return nowMs - (authorization.exchangingAtMs ?? 0) >= EXCHANGE_PATIENCE_MS ? OUTCOME_UNKNOWN : undefined
    default:
      return nowMs >= authorization.expiresAtMs ? EXPIRED : undefined
  }
}
