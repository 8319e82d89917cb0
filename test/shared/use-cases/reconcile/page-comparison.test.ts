import { connectionKey, oauthAppKey, subscriptionKey, tombstoneKey } from '../../../../shared/domain/keys.ts'
import { metaKey, versionKey } from '../../../../shared/domain/sealed-keys.ts'
import { secretIdOf } from '../../../../shared/domain/secret-id.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { Attributes, ItemKey } from '../../../../shared/ports/item-store.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { TENANT } from '../../../crash/scenario.ts'
import { World } from '../../../crash/world.ts'

type Stored = { readonly id: string; readonly secretId: string; readonly versionId: string }

async function worldWithConnection(): Promise<Stored & { world: World }> {
  const world = new World(3)
  const setup = { type: 'API_KEY', api_key: 'SG.key' }
  const input = { tenant: TENANT, clientId: 'c1', name: 'mail', appId: 'SENDGRID', setup }
  const { row } = await createConnection(world.start(), input)
  return { world, id: row.id, secretId: row.secret!.secretId, versionId: row.secret!.versionId }
}

describe('PageComparison', () => {
  it.each<[string, (of: Stored) => ItemKey, Attributes]>([
    ['a row of a later format', ({ id }) => connectionKey(TENANT, id), { v: 99 }],
    ['a row without a format', ({ id }) => connectionKey(TENANT, id), {}],
    ['a tombstone of a later format', () => tombstoneKey(TENANT, 'ac_other'), { v: 99 }],
    ['a tombstone without its row', () => tombstoneKey(TENANT, 'ac_other'), { v: 1, state: 'deleted' }],
    ['an application of a later format', () => oauthAppKey(TENANT, 'oa_other'), { v: 99 }],
    ['a subscription of a later format', () => subscriptionKey(TENANT, 'su_other'), { v: 99 }],
    ['the mark of a secret of a later format', ({ secretId }) => metaKey(secretId), { v: 99 }],
    ['a version of a later format', ({ secretId, versionId }) => versionKey(secretId, versionId), { v: 99 }],
  ])(
    'steps over %s, leaves what it may point at, and compares the rest',
    async (_what, keyOf, attributes) => {
      const { world, ...its } = await worldWithConnection()
      const nobody = { deployment: 'local', kind: 's', tenant: TENANT, ownerId: 'ac_nobody' } as const
      const orphan = secretIdOf({ ...nobody, generation: 1 })
      await world.start().secrets.stage(orphan, 'v1', new SecretText('planted-canary'), { isNew: true })
      await world.items.transact([{ op: 'put', key: keyOf(its), attributes }])
      const [first, second] = await world.passDays(2)
      expect(first!.unreadable).toBeGreaterThan(0)
      expect(second).toMatchObject({ unreadable: first!.unreadable, scheduled: 1, purged: 0, discarded: 0 })
      expect(await world.items.get(keyOf(its))).toEqual(attributes)
      expect(await world.items.get(versionKey(its.secretId, its.versionId))).toBeDefined()
      expect(await world.items.get(metaKey(its.secretId))).not.toHaveProperty('deletedAtMs')
      expect(await world.items.get(metaKey(orphan))).toHaveProperty('deletedAtMs')
    },
  )
})
