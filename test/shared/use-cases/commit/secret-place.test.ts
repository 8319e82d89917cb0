import { createLocalGrantRunner } from '../../../../functions/grants/local-grant-runner.ts'
import { MemorySecretStore } from '../../../../shared/adapters/memory/memory-secret-store.ts'
import { connectionKey } from '../../../../shared/domain/keys.ts'
import { findSecretIdParts } from '../../../../shared/domain/secret-id.ts'
import type { SecretText } from '../../../../shared/domain/secret-text.ts'
import { ConditionFailedError, type ItemStore } from '../../../../shared/ports/item-store.ts'
import {
  countedPointer,
  kindOfSetup,
  MAX_VERSIONS_OF_A_GENERATION,
  placeForSecret,
} from '../../../../shared/use-cases/commit/secret-place.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { OpenedSecrets } from '../../../../shared/use-cases/memory/opened-secrets.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

/** A store beside the rows that counts the versions each secret ever took, as Secrets Manager does. */
class CountingStore extends MemorySecretStore {
  readonly taken = new Map<string, number>()
  readonly scheduled: string[] = []

  override stage(secretId: string, versionId: string, value: SecretText) {
    this.taken.set(secretId, (this.taken.get(secretId) ?? 0) + 1)
    return super.stage(secretId, versionId, value)
  }

  override async scheduleDeletion(secretId: string) {
    this.scheduled.push(secretId)
    await super.scheduleDeletion(secretId)
  }
}

describe('a secret of many versions', () => {
  let world: GrantsUnderTest
  let secrets: CountingStore
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    secrets = new CountingStore(world.clock)
  })
  afterEach(() => world.close())

  const setup = (n: number) => ({ type: 'TOKEN', token: `token-${String(n).padStart(10, '0')}` })
  const ports = () => ({ ...world.ports, secrets })
  const update = (id: string, n: number, over = {}) =>
    updateConnection({ ...ports(), ...over }, { tenant: world.tenant, id, setup: setup(n) })
  const create = async () => {
    const input = {
      tenant: world.tenant,
      clientId: 'test',
      name: 'Orders',
      appId: 'TELEGRAM',
      setup: setup(0),
    }
    return (await createConnection(ports(), input)).row
  }
  const generationsOf = () =>
    [...secrets.taken].map(([id, taken]) => [findSecretIdParts(id)!.generation, taken])

  it('goes to the next generation before the store refuses one more, and schedules the last for deletion', async () => {
    const { id, secret } = await create()
    for (let n = 1; n <= MAX_VERSIONS_OF_A_GENERATION; n++) await update(id, n)
    expect(generationsOf()).toEqual([
      [1, 90],
      [2, 1],
    ])
    const row = await world.row(id)
    expect(row.secret).toMatchObject({ generation: 2, staged: 1 })
    expect(row.generations).toBe(2)
    expect(secrets.scheduled).toEqual([secret!.secretId])
    expect((await secrets.get(row.secret!.secretId, row.secret!.versionId)).reveal()).toContain('0000000090')
  })

  it('counts the versions of operations that were undone', async () => {
    const { id } = await create()
    const isCommit = (writes: readonly { op: string; key: { sort: string } }[]) =>
      writes.some(({ op, key }) => op === 'update' && key.sort === id) && writes.length > 2
    const items = new Proxy(world.ports.items, {
      get(target, name: keyof ItemStore) {
        const member = target[name]
        if (name !== 'transact') return member.bind(target)
        return (writes: never) => {
          if (isCommit(writes)) throw new Error('the commit is refused')
          return target.transact(writes)
        }
      },
    })
    for (let n = 1; n < MAX_VERSIONS_OF_A_GENERATION; n++)
      await expect(update(id, n, { items })).rejects.toThrow('the commit is refused')
    expect((await world.row(id)).secret).toMatchObject({ generation: 1, staged: 90 })
    const { secret } = await update(id, 100)
    expect(secret).toMatchObject({ generation: 2, staged: 1 })
    expect(generationsOf()).toEqual([
      [1, 90],
      [2, 1],
    ])
  })

  it('makes the next secret before somebody who may make none stages into it', async () => {
    const { id, secret } = await create()
    const key = connectionKey(world.tenant, id)
    const full = { ...secret!, staged: MAX_VERSIONS_OF_A_GENERATION }
    await world.ports.items.transact([{ op: 'update', key, set: { secret: full } }])
    const opened = new OpenedSecrets(secrets, world.ports.sealer)
    const grants = createLocalGrantRunner({ ...ports(), opened })
    const made: string[] = []
    secrets.create = async (secretId) => void made.push(secretId)
    const changes = { token: 'token-of-the-change' }
    const updated = await updateConnection({ ...ports(), grants }, { tenant: world.tenant, id, changes })
    expect(updated.secret).toMatchObject({ generation: 2, staged: 1 })
    expect(made).toEqual([updated.secret!.secretId])
  })

  it('reserves a version for one of two that ask at the same time', async () => {
    const { id } = await create()
    const row = await world.row(id)
    const key = connectionKey(world.tenant, id)
    const [first, second] = [0, 1].map(() => placeForSecret(ports(), row, { kind: 's', key }))
    await world.ports.items.transact([first!.reserve])
    expect(await world.row(id)).toEqual(first!.reserved)
    await expect(world.ports.items.transact([second!.reserve])).rejects.toThrow(ConditionFailedError)
  })
})

describe('placeForSecret', () => {
  const secretId = 'flow-vault/local/s/acme/ac_1/g3'
  const holder = {
    tenant: 'acme',
    id: 'ac_1',
    op: 'op',
    generations: 4,
    secret: { secretId, versionId: 'v', generation: 3, staged: 89 },
  }
  const ports = {
    secrets: new MemorySecretStore({ nowMs: () => 0 }),
    random: { bytes: (count: number) => new Uint8Array(count), fraction: () => 0 },
  }
  const place = (over: object, kind: 's' | 'm' = 's') => {
    const key = { partition: 'p', sort: 's' }
    return placeForSecret(ports as never, { ...holder, ...over }, { kind, key })
  }

  it.each([
    ['one more version of the same kind', {}, 's', secretId, 90],
    [
      'a version too many',
      { secret: { ...holder.secret, staged: 90 } },
      's',
      'flow-vault/local/s/acme/ac_1/g5',
      1,
    ],
    ['a setup of another kind', {}, 'm', 'flow-vault/local/m/acme/ac_1/g5', 1],
    ['the first one', { secret: undefined }, 's', 'flow-vault/local/s/acme/ac_1/g5', 1],
  ] as const)('finds the place of %s', (_, over, kind, expected, staged) => {
    expect(place(over, kind)).toMatchObject({ secretId: expected, staged, newSecret: expected !== secretId })
  })

  it('knows what is minted by its profile', () => {
    expect([kindOfSetup({}), kindOfSetup({ grant: {} as never })]).toEqual(['s', 'm'])
  })
})

describe('countedPointer', () => {
  const pointer = { secretId: 'a', versionId: 'v2', generation: 1, staged: 5 }

  it.each([
    ['nobody else staged one', { begun: true }, 5, 5],
    ['others staged two meanwhile', { begun: true }, 7, 7],
    ['it comes with the row', { begun: false }, 7, 8],
  ])('keeps the count when %s', (_, how, current, expected) => {
    expect(countedPointer(pointer, { ...pointer, staged: current }, how).staged).toBe(expected)
    expect(countedPointer(pointer, { ...pointer, secretId: 'b', staged: current }, how).staged).toBe(5)
  })
})
