import { VaultError } from '../../domain/errors.ts'
import { connectionCounterKey, connectionCounterKeys } from '../../domain/keys.ts'
import type { Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { CONNECTION_COUNT_ROWS } from '../../rows/count-rows.ts'

/** The ports of what may make a connection more. */
export interface CapPorts extends Pick<Ports, 'items'> {
  /** How many connections a tenant may have; as many as it likes when absent. */
  readonly maxConnections?: number | undefined
}

/**
 * Throws `conflict` when the tenant has as many connections as the operator allows, unless what is asked for makes no
 * more of them, which is looked up only then. Counted ahead of the commit: creates that run at the same moment may
 * pass it together.
 */
export async function requireRoom(
  ports: CapPorts,
  tenant: string,
  makesNone: () => Promise<boolean> = async () => false,
): Promise<void> {
  const { maxConnections } = ports
  if (maxConnections === undefined) return
  const count = await countAll(ports, tenant)
  if (count < maxConnections || (await makesNone())) return
  throw new VaultError('conflict', `There are ${count} connections already. Delete some first.`, {
    errorCode: 'too_many_connections',
    allowed: `at most ${maxConnections} connections`,
  })
}

/** One by one: asked for together, a client with permits is told how many of them it may see. */
async function countAll({ items }: CapPorts, tenant: string): Promise<number> {
  const counters = await Promise.all(connectionCounterKeys(tenant).map((key) => items.get(key)))
  return counters.reduce((sum, counter) => sum + (CONNECTION_COUNT_ROWS.find(counter)?.total ?? 0), 0)
}

/** The write that counts a connection that comes or goes; with the change itself. */
export function countWrite({ tenant, id }: { tenant: string; id: string }, total: 1 | -1): Write {
  const set = CONNECTION_COUNT_ROWS.encode({})
  return { op: 'update', key: connectionCounterKey(tenant, id), set, add: { total } }
}
