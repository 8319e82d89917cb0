import { VaultError } from '../../domain/errors.ts'
import { COUNTER_SHARDS, countersPartition } from '../../domain/keys.ts'
import type { Ports } from '../../ports/ports.ts'

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
  const keys = Array.from({ length: COUNTER_SHARDS }, (_, shard) => ({
    partition: countersPartition(tenant),
    sort: `connections#${shard}`,
  }))
  const counters = await Promise.all(keys.map((key) => items.get(key)))
  return counters.reduce((sum, counter) => sum + Number(counter?.['total'] ?? 0), 0)
}
