import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantPointer } from '../../domain/grant.ts'
import { sealedGrantKey } from '../../domain/sealed-keys.ts'
import type { SealedPlace } from '../../ports/grant-sealer.ts'
import type { Write } from '../../ports/item-store.ts'

type Owner = Pick<ConnectionRow, 'tenant' | 'id'>

/** Where that lies sealed which a pointer names. */
export function sealedPlaces({ tenant, id: ownerId }: Owner, grant: GrantPointer | undefined): SealedPlace[] {
  return (['access', 'refresh'] as const).flatMap((part) => {
    const mark = grant?.[part]
    return mark === undefined ? [] : [{ tenant, ownerId, part, mark }]
  })
}

/** The deletes of what `old` names and `now` does not. */
export function sealedRemoval(owner: Owner, old: GrantPointer | undefined, now?: GrantPointer): Write[] {
  return sealedPlaces(owner, old)
    .filter(({ part, mark }) => mark !== now?.[part])
    .map((place) => ({ op: 'delete', key: sealedGrantKey(place) }))
}
