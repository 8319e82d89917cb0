import { jest } from '@jest/globals'
import { MemorySecretStore } from '../../../../shared/adapters/memory/memory-secret-store.ts'
import { versionKey } from '../../../../shared/domain/sealed-keys.ts'
import {
  ConditionFailedError,
  type ItemStore,
  StoreUnavailableError,
  type Write,
} from '../../../../shared/ports/item-store.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const SETUP = { type: 'TOKEN', token: 'token-0123456789' }

describe('commitSecret', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  const input = () => ({
    tenant: world.tenant,
    clientId: 'test',
    name: 'Orders',
    appId: 'TELEGRAM',
    setup: SETUP,
    idempotencyKey: 'key-1',
  })

  /** The ports of a process that never hears whether its intent was written; it was. */
  function losingTheIntent() {
    const isIntent = (write: Write) => write.op === 'put' && write.key.partition.endsWith('#INTENTS')
    const items = new Proxy(world.ports.items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          await target.transact(writes)
          if (writes.some((write) => isIntent(write) && write.when !== undefined))
            throw new StoreUnavailableError('the answer was lost', 'unknown')
        }
      },
    })
    return { ...world.ports, items, secrets: beside() }
  }

  /** A store beside the rows, where an intent has to stand before a version is stored. */
  const beside = () => new MemorySecretStore(world.clock)

  /** The same ports, and how many writes each durable commit had; `lost` is heard of as of unknown outcome. */
  function watched(lost: 'no' | 'applied' | 'not-applied' = 'no') {
    const commits: number[] = []
    const items = new Proxy(world.ports.items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          const isFirst = commits.push(writes.length) === 1
          if (!isFirst || lost !== 'not-applied') await target.transact(writes)
          if (isFirst && lost !== 'no') throw new StoreUnavailableError('the answer was lost', 'unknown')
        }
      },
    })
    return { commits, ports: { ...world.ports, items } }
  }

  const intents = async () =>
    (await world.ports.items.scan({ limit: 1000 })).items.filter(({ key }) =>
      key.partition.endsWith('#INTENTS'),
    )

  it('makes a sealed create one durable commit, without an intent', async () => {
    const { commits, ports } = watched()
    const { row } = await createConnection(ports, input())
    expect(commits).toHaveLength(1)
    expect(await intents()).toEqual([])
    expect((await ports.secrets.get(row.secret!.secretId, row.secret!.versionId)).reveal()).toContain(
      SETUP.token,
    )
  })

  it.each([true, false])(
    'makes a sealed update one durable commit, discarding with it: %s',
    async (atOnce) => {
      const { row } = await createConnection(world.ports, input())
      const { commits, ports } = watched()
      const { secrets } = ports
      if (atOnce) {
        secrets.discarding = (secretId, versionId) => [{ op: 'delete', key: versionKey(secretId, versionId) }]
      }
      const setup = { type: 'TOKEN', token: 'token-9876543210' }
      const updated = await updateConnection(ports, { tenant: world.tenant, id: row.id, setup })
      expect(commits).toHaveLength(1)
      expect(updated.secret!.secretId).toBe(row.secret!.secretId)
      await expect(secrets.get(row.secret!.secretId, row.secret!.versionId)).rejects.toThrow(
        'no such version',
      )
    },
  )

  it('makes a sealed setup that a person has yet to authorize one durable commit, asking nobody', async () => {
    const { commits, ports } = watched()
    const mintFirst = jest.spyOn(ports.grants, 'mintFirst')
    const client = { type: 'OAUTH_CODE', client_id: 'client', client_secret: 'secret-0123456789' }
    const { row } = await createConnection(ports, { ...input(), appId: 'SALESFORCE', setup: client })
    expect([row.status, row.secret!.secretId.split('/')[2]]).toEqual(['pending', 'm'])
    expect(commits).toHaveLength(1)
    const setup = { ...client, client_secret: 'secret-9876543210' }
    await updateConnection(ports, { tenant: world.tenant, id: row.id, setup })
    expect(commits).toHaveLength(2)
    expect(await intents()).toEqual([])
    expect(mintFirst).not.toHaveBeenCalled()
  })

  it('stands an intent first where a provider is asked', async () => {
    const { commits, ports } = watched()
    const setup = { type: 'OAUTH_CODE', code: 'code-0123456789' }
    await createConnection(ports, { ...input(), appId: 'SLACK', setup }).catch(() => undefined)
    expect(commits.length).toBeGreaterThan(1)
  })

  it('stands an intent first where the versions are beside the rows', async () => {
    const { commits, ports } = watched()
    await createConnection({ ...ports, secrets: beside() }, input())
    expect(commits).toHaveLength(2)
  })

  it('answers a sealed create whose commit proves to be there', async () => {
    const { commits, ports } = watched('applied')
    const { row } = await createConnection(ports, input())
    expect(commits).toHaveLength(2)
    expect((await world.row(row.id)).secret).toEqual(row.secret)
  })

  it('makes a sealed create impossible that is not there, however late it comes', async () => {
    const sent: (readonly Write[])[] = []
    const { ports } = watched('not-applied')
    const transact = ports.items.transact.bind(ports.items)
    const items = new Proxy(ports.items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return (writes: readonly Write[]) => {
          sent.push(writes)
          return transact(writes)
        }
      },
    })
    const create = createConnection({ ...ports, items }, input())
    await expect(create).rejects.toThrow('nothing was changed')
    await expect(world.ports.items.transact(sent[0]!)).rejects.toThrow(ConditionFailedError)
    expect((await createConnection(world.ports, input())).replayed).toBe(false)
  })

  it.each(['applied', 'not-applied'] as const)(
    'settles an update of unknown outcome by a write when it was %s',
    async (fate) => {
      const { row } = await createConnection(world.ports, input())
      const { ports } = watched(fate)
      const setup = { type: 'TOKEN', token: 'token-9876543210' }
      const update = updateConnection(ports, { tenant: world.tenant, id: row.id, setup })
      if (fate === 'applied') expect((await update).version).toBe(2)
      else await expect(update).rejects.toThrow('nothing was changed')
      const now = await world.row(row.id)
      expect(now.version).toBe(fate === 'applied' ? 2 : 1)
      expect(now.op).not.toBe(row.op)
    },
  )

  it('undoes a start that it does not know of at once, so that the same key may be sent again', async () => {
    await expect(createConnection(losingTheIntent(), input())).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    const { row, replayed } = await createConnection({ ...world.ports, secrets: beside() }, input())
    expect(replayed).toBe(false)
    expect(row.status).toBe('ready')
    const listed = await world.ports.items.query({
      partition: `TENANT#${world.tenant}#CONNECTIONS`,
      limit: 9,
    })
    expect(listed.items).toHaveLength(1)
  })
})
