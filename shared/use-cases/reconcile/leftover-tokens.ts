import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantPointer } from '../../domain/grant.ts'
import { connectionKey } from '../../domain/keys.ts'
import { sealedGrantKey } from '../../domain/sealed-keys.ts'
import type { SealedPlace } from '../../ports/grant-sealer.ts'
import type { Ports } from '../../ports/ports.ts'
import { CONNECTION_ROWS } from '../../rows/connection-row.ts'
import { sealedPlaces } from '../commit/sealed-removal.ts'
import { readPointing } from './secret-owners.ts'
import { forgetSighting, isSecondSighting } from './sightings.ts'

type TokenPorts = Pick<Ports, 'items' | 'log'>

/**
 * Whether nothing names a sealed token: of a rotation whose process died between its commit and the removal of what it
 * replaced. One look, which may be a moment old, is enough to find a token in use.
 */
export async function isLeftover({ items }: TokenPorts, place: SealedPlace): Promise<boolean> {
  const { tenant, ownerId, part, mark } = place
  const row = CONNECTION_ROWS.find(await items.get(connectionKey(tenant, ownerId), { consistent: false }))
  return row?.grant?.[part] !== mark && !(await isNamedNow({ items }, place))
}

/** Removes a leftover that was seen about a day ago for the first time; answers whether it went. */
export async function removeLeftover(ports: TokenPorts, place: SealedPlace, nowMs: number): Promise<boolean> {
  const { tenant, ownerId, part, mark } = place
  const what = `${part}#${tenant}#${ownerId}#${mark}`
  if (!(await isSecondSighting(ports, { tenant, what }, nowMs))) return false
  await ports.items.transact([{ op: 'delete', key: sealedGrantKey(place) }])
  await forgetSighting(ports, { tenant, what })
  return true
}

/** How many items are not there that a connection points at, each told as an error; by strong reads of both. */
export async function tellMissingTokens(
  ports: TokenPorts,
  owner: Pick<ConnectionRow, 'tenant' | 'id'>,
  grant: GrantPointer | undefined,
): Promise<number> {
  let missing = 0
  for (const place of sealedPlaces(owner, grant)) {
    if (await isThere(ports, place)) continue
    const { tenant, ownerId, part, mark } = place
    const row = CONNECTION_ROWS.find(await ports.items.get(connectionKey(tenant, ownerId)))
    if (row?.grant?.[part] !== mark || (await isThere(ports, place))) continue
    missing++
    ports.log.error('a row points at sealed tokens that are not there', {
      tenant,
      connection_id: ownerId,
      reason: part,
    })
  }
  return missing
}

async function isThere({ items }: TokenPorts, place: SealedPlace): Promise<boolean> {
  const { partition, sort } = sealedGrantKey(place)
  return (await items.query({ partition, sortPrefix: sort, limit: 1 })).items.length > 0
}

async function isNamedNow(
  ports: Pick<Ports, 'items'>,
  { tenant, ownerId, part, mark }: SealedPlace,
): Promise<boolean> {
  const { row, tombstones, rescues } = await readPointing(ports, tenant, ownerId)
  const grants = [
    row?.grant,
    ...tombstones.map((each) => each.row.grant),
    ...rescues.map((each) => each.grant),
  ]
  return grants.some((grant) => grant?.[part] === mark)
}
