import { VaultError } from '../../domain/errors.ts'
import { refusedChangesKey } from '../../domain/limit-keys.ts'
import type { Ports } from '../../ports/ports.ts'
import { REFUSED_COUNT_ROWS } from '../../rows/count-rows.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { findConnection } from '../commit/connection-rows.ts'

/** A person who mistypes needs a few; a program that guesses a four-digit code needs thousands. */
export const MAX_REFUSED_A_MINUTE = 20
const MINUTE_MS = 60_000

/** What is counted: the provider said no, or the setup was not one; not what the vault or the provider could not do. */
const COUNTED = ['provider-refused', 'invalid-body', 'invalid-query']

/**
 * Runs a change of a connection's setup, and counts those that are refused: who may change a setup and not read it
 * could else try out values as fast as the vault answers. Past twenty in a minute it throws `too-many-requests`
 * without a look at the setup, and the feed tells of it once. With `countsAlways` one that is not refused counts too: it
 * changes nothing, and tells whether a value is the stored one.
 */
export async function countingRefusals<Result>(
  ports: Ports,
  { tenant, id }: { readonly tenant: string; readonly id: string },
  change: () => Promise<Result>,
  { countsAlways = false }: { readonly countsAlways?: boolean } = {},
): Promise<Result> {
  const minute = Math.floor(ports.clock.nowMs() / MINUTE_MS)
  const key = refusedChangesKey(tenant, id, minute)
  const counted = REFUSED_COUNT_ROWS.find(await ports.items.get(key))?.count ?? 0
  if (counted >= MAX_REFUSED_A_MINUTE) {
    throw new VaultError(
      'too-many-requests',
      'Too many changes of this connection were refused. Wait a minute.',
      {
        retryAfterSeconds: 60,
      },
    )
  }
  const count = async (): Promise<void> => {
    const set = { ...REFUSED_COUNT_ROWS.encode({}), expires_at_s: (minute + 2) * (MINUTE_MS / 1000) }
    await ports.items.transact([{ op: 'update', key, add: { count: 1 }, set }])
    if (counted + 1 === MAX_REFUSED_A_MINUTE) await tell(ports, tenant, id)
  }
  if (countsAlways) await count()
  try {
    return await change()
  } catch (error) {
    const isRefused = error instanceof VaultError && COUNTED.includes(error.code)
    if (isRefused && !countsAlways) await count()
    throw error
  }
}

async function tell(ports: Ports, tenant: string, id: string): Promise<void> {
  const row = await findConnection(ports, tenant, id)
  if (row === undefined) return
  await changeConnection(ports, row, () => ({
    members: {},
    event: { type: 'connection.updated', changed: ['refused_changes'] },
  }))
}
