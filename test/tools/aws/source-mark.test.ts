import { MemoryItemStore } from '../../../shared/adapters/memory/memory-item-store.ts'
import { RESTORED_KEY, SECRET_STORE_KEY } from '../../../shared/domain/store-keys.ts'
import { type SourceWord, tellOfSource } from '../../../tools/aws/source-mark.ts'

const NOW_MS = Date.UTC(2030, 0, 1)

describe('tellOfSource', () => {
  let items: MemoryItemStore
  beforeEach(async () => {
    items = new MemoryItemStore()
    await items.transact([
      { op: 'put', key: SECRET_STORE_KEY, attributes: { kind: 'sealed', format: 2, v: 1 } },
    ])
  })
  const tell = (word: SourceWord, isDry: boolean) => tellOfSource(items, word, { isDry, nowMs: NOW_MS })
  const mark = () => items.get(RESTORED_KEY)

  it('marks a table, and takes the mark away, when it is told to go', async () => {
    expect(await tell('source-may-run', false)).toMatch(/^The table is marked/)
    expect(await mark()).toEqual({ restoredAt: '2030-01-01T00:00:00.000Z', v: 1 })
    expect(await tell('source-is-gone', false)).toMatch(/^The mark is gone/)
    expect(await mark()).toBeUndefined()
  })

  it('changes nothing before, and says what stands there', async () => {
    expect(await tell('source-may-run', true)).toMatch(/carries no mark.* With --go it is marked/)
    expect(await mark()).toBeUndefined()
    await tell('source-may-run', false)
    expect(await tell('source-is-gone', true)).toMatch(/since 2030-01-01T00:00:00.000Z.* With --go/)
    expect(await mark()).toBeDefined()
  })

  it('says the same as often as it is asked', async () => {
    expect(await tell('source-is-gone', false)).toMatch(/carries no mark/)
    await tell('source-may-run', false)
    expect(await tell('source-may-run', false)).toMatch(/carries the mark of a restored one since 2030/)
  })

  it('leaves a table alone that holds no vault', async () => {
    items = new MemoryItemStore()
    await expect(tell('source-may-run', false)).rejects.toThrow('holds no vault')
    expect(await mark()).toBeUndefined()
  })
})
