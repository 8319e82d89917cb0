import { connectionKey, tombstoneKey } from '../../../../shared/domain/keys.ts'
import { secretIdOf } from '../../../../shared/domain/secret-id.ts'
import type { Attributes, ItemStore } from '../../../../shared/ports/item-store.ts'
import { findSecretOwner } from '../../../../shared/use-cases/reconcile/secret-owners.ts'

const TENANT = 'acme'
const ID = 'ac_0000000000000000000000'
const SECRET_ID = secretIdOf({ deployment: 'local', kind: 's', tenant: TENANT, ownerId: ID, generation: 1 })
const POINTER = { secretId: SECRET_ID, versionId: 'v1', generation: 1, staged: 1 }
const ROW = { tenant: TENANT, id: ID, secret: POINTER, v: 1 }

/** Rows in which the pointer moves from one place to the other between the nth read and the next. */
function movingAfter(nth: number, from: 'row' | 'tombstone'): Pick<ItemStore, 'get' | 'query'> {
  let reads = 0
  return {
    get: async ({ partition }) => {
      const place = reads < nth ? from : from === 'row' ? 'tombstone' : 'row'
      reads++
      const found: Record<string, Attributes> = {
        [connectionKey(TENANT, ID).partition]: ROW,
        [tombstoneKey(TENANT, ID).partition]: { row: ROW, state: 'deleted', v: 1 },
      }
      const asked = partition === tombstoneKey(TENANT, ID).partition ? 'tombstone' : 'row'
      return asked === place ? found[partition] : undefined
    },
    query: async () => ({ items: [] }),
  }
}

describe('findSecretOwner', () => {
  it.each((['row', 'tombstone'] as const).flatMap((from) => [0, 1, 2, 3].map((nth) => [from, nth] as const)))(
    'finds the pointer that moves away from the %s after read %i',
    async (from, nth) => {
      const items = movingAfter(nth, from) as ItemStore
      const owner = await findSecretOwner({ items }, SECRET_ID, 0)
      expect(owner).toMatchObject({ kind: 'known', pointers: expect.arrayContaining([POINTER]) })
    },
  )
})
