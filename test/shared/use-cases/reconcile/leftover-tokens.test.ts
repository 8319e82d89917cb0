import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { connectionKey } from '../../../../shared/domain/keys.ts'
import type { Attributes, ItemKey } from '../../../../shared/ports/item-store.ts'
import { isLeftover } from '../../../../shared/use-cases/reconcile/leftover-tokens.ts'

const PLACE = { tenant: 'acme', ownerId: 'ac_1', part: 'access', mark: 'mark0001' } as const

const NO_LOG = { debug() {}, info() {}, warn() {}, error() {}, access() {} }

/** A store whose reads that may be behind show what was there before anything was written. */
class StoreBehind extends MemoryItemStore {
  override async get(key: ItemKey, options: { consistent?: boolean } = {}): Promise<Attributes | undefined> {
    return options.consistent === false ? undefined : super.get(key)
  }
}

describe('isLeftover', () => {
  it.each([
    ['in use, whatever a read that is behind shows', 'mark0001', false],
    ['left over, when the row names another', 'mark0002', true],
  ])('says of a token that it is %s', async (_, access, expected) => {
    const items = new StoreBehind()
    const attributes = { tenant: 'acme', id: 'ac_1', grant: { access }, v: 1 }
    await items.transact([{ op: 'put', key: connectionKey('acme', 'ac_1'), attributes }])
    expect(await isLeftover({ items, log: NO_LOG }, PLACE)).toBe(expected)
  })
})
