import { BoundSecretStore } from '../../../shared/adapters/bound-secret-store.ts'
import { MemoryItemStore } from '../../../shared/adapters/memory/memory-item-store.ts'
import { MemorySecretStore } from '../../../shared/adapters/memory/memory-secret-store.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import { SECRET_STORE_KEY } from '../../../shared/domain/store-keys.ts'
import type { ItemKey } from '../../../shared/ports/item-store.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const ID = 'flow-vault/local/s/t1/ac_1/g1'
const TOKEN = '7a2f4b1c-0000-4000-8000-000000000001'
const VALUE = new SecretText('value')

/** Rows that count what is asked of them. */
class CountedItems extends MemoryItemStore {
  reads = 0
  override async get(key: ItemKey) {
    this.reads++
    return super.get(key)
  }
}

let items: CountedItems
let secrets: MemorySecretStore

beforeEach(() => {
  items = new CountedItems()
  secrets = new MemorySecretStore(new ManualClock())
})

const open = (kind: string, mayBegin = false) => new BoundSecretStore({ items, secrets, kind, mayBegin })
const kept = () => items.get(SECRET_STORE_KEY)

describe('BoundSecretStore', () => {
  it('keeps the kind of store with the first secret, before that is stored', async () => {
    const store = open('sealed', true)
    await expect(store.get(ID, TOKEN)).rejects.toThrow('no such version')
    expect(await kept()).toBeUndefined()
    await store.stage(ID, TOKEN, VALUE)
    expect(await kept()).toEqual({ kind: 'sealed', format: 2, v: 1 })
    expect((await store.get(ID, TOKEN)).reveal()).toBe('value')
  })

  it('leaves it to who stores first to say: another process only compares', async () => {
    await open('sealed').stage(ID, TOKEN, VALUE)
    expect(await kept()).toBeUndefined()
  })

  it.each<[string, (store: BoundSecretStore) => Promise<unknown>]>([
    ['stage', (store) => store.stage(ID, 'other-token', VALUE)],
    ['get', (store) => store.get(ID, TOKEN)],
    ['discard', (store) => store.discard(ID, TOKEN)],
    ['scheduleDeletion', (store) => store.scheduleDeletion(ID)],
    ['restore', (store) => store.restore(ID)],
    ['purge', (store) => store.purge(ID)],
    ['list', (store) => store.list({ limit: 10 })],
    ['prove', (store) => store.prove()],
  ])('refuses to %s under another setting, whoever asks, and touches nothing', async (_call, act) => {
    await open('secrets-manager', true).stage(ID, TOKEN, VALUE)
    for (const mayBegin of [true, false]) {
      const refused = act(open('sealed', mayBegin))
      await expect(refused).rejects.toMatchObject({ name: 'StoreUnavailableError', outcome: 'not-applied' })
      await expect(refused).rejects.toThrow(
        'the secrets of this table are in secrets-manager, and secretStore=sealed is set',
      )
    }
    expect(await kept()).toEqual({ kind: 'secrets-manager', format: 2, v: 1 })
    const { items: stored } = await secrets.list({ limit: 10 })
    expect(stored).toEqual([expect.not.objectContaining({ deletedAtMs: expect.anything() })])
    expect((await secrets.get(ID, TOKEN)).reveal()).toBe('value')
  })

  it('asks the rows once, with the first call, and never again', async () => {
    await open('sealed', true).stage(ID, TOKEN, VALUE)
    const store = open('sealed')
    items.reads = 0
    for (let time = 0; time < 3; time++) await store.get(ID, TOKEN)
    expect(items.reads).toBe(1)
  })

  it('asks again as long as the setting is another, so that setting it right ends it', async () => {
    await open('sealed', true).stage(ID, TOKEN, VALUE)
    const store = open('secrets-manager')
    await expect(store.get(ID, TOKEN)).rejects.toThrow('secretStore=secrets-manager is set')
    await items.transact([
      { op: 'put', key: SECRET_STORE_KEY, attributes: { kind: 'secrets-manager', format: 2, v: 1 } },
    ])
    expect((await store.get(ID, TOKEN)).reveal()).toBe('value')
  })

  it('lets one of two that begin at once win, and refuses the other', async () => {
    const begun = await Promise.allSettled([
      open('sealed', true).stage(ID, TOKEN, VALUE),
      open('secrets-manager', true).stage(ID, 'other-token', VALUE),
    ])
    expect(begun.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('asks afresh for a check of readiness', async () => {
    const store = open('sealed', true)
    await store.stage(ID, TOKEN, VALUE)
    items.reads = 0
    await store.prove({ afresh: true })
    expect(items.reads).toBe(1)
  })

  it.each([
    ['of earlier code', {}],
    ['of other earlier code', { format: 1 }],
    ['of a later release', { format: 3, v: 1 }],
  ])('refuses a table %s with one sentence, and writes nothing', async (_, format) => {
    const attributes = { kind: 'sealed', ...format }
    await items.transact([{ op: 'put', key: SECRET_STORE_KEY, attributes }])
    for (const act of [open('sealed', true).stage(ID, TOKEN, VALUE), open('sealed').get(ID, TOKEN)])
      await expect(act).rejects.toThrow('in a format that this release does not read')
    expect(await kept()).toEqual(attributes)
    expect((await secrets.list({ limit: 10 })).items).toEqual([])
  })
})
