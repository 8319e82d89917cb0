import { MemorySecretStore } from '../../../../shared/adapters/memory/memory-secret-store.ts'
import { connectionKey } from '../../../../shared/domain/keys.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { Intent } from '../../../../shared/rows/intent-row.ts'
import { openIntent } from '../../../../shared/use-cases/commit/intent.ts'
import { undoIntent } from '../../../../shared/use-cases/commit/undo-intent.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const SECRET_ID = 'flow-vault/local/s/acme/ac_1/g1'

describe('undoIntent', () => {
  let world: GrantsUnderTest
  let secrets: MemorySecretStore
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    secrets = new MemorySecretStore(world.clock)
    await secrets.stage(SECRET_ID, 'before', new SecretText('{"setup":{}}'))
    await secrets.stage(SECRET_ID, 'op-1', new SecretText('{"setup":{}}'))
  })
  afterEach(() => world.close())

  /** Undoes an operation that staged its version, on a secret of its own or of an owner; answers what is left. */
  async function leftOf({ newSecret, hasOwner }: { newSecret: boolean; hasOwner: boolean }) {
    const intent: Intent = {
      ...{ kind: 'update', tenant: 'acme', ownerId: 'ac_1', op: 'op-1', secretId: SECRET_ID, newSecret },
      ...{ deadlineAtMs: world.clock.nowMs() },
    }
    const key = connectionKey('acme', 'ac_1')
    if (hasOwner) await world.ports.items.transact([{ op: 'put', key, attributes: { v: 1 } }])
    await world.ports.items.transact([openIntent(intent)])
    expect(await undoIntent({ ...world.ports, secrets }, intent)).toBe('undone')
    const isThere = (await secrets.list({ limit: 9 })).items.length === 1
    return {
      isThere,
      before: await secrets.has(SECRET_ID, 'before'),
      own: await secrets.has(SECRET_ID, 'op-1'),
    }
  }

  it.each([
    ['its version, where the secret has an owner', false, true, { isThere: true, before: true, own: false }],
    ['the secret that it made', true, true, { isThere: false, before: false, own: false }],
    [
      'the secret that it made anew, its owner having been purged meanwhile',
      false,
      false,
      { isThere: false, before: false, own: false },
    ],
  ])('removes %s', async (_, newSecret, hasOwner, left) => {
    expect(await leftOf({ newSecret, hasOwner })).toEqual(left)
  })
})
