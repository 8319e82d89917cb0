import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { beginMove, endMove, sayMoved } from '../../../../shared/use-cases/grants/moved-store.ts'
import {
  findMark,
  liftRestored,
  MovedVaultError,
  markRestored,
} from '../../../../shared/use-cases/grants/restored-mark.ts'

const STAGE = { side: 'source', other: 'the stage prod' } as const

describe('beginMove', () => {
  let items: MemoryItemStore
  beforeEach(() => {
    items = new MemoryItemStore()
  })

  it('marks a store once, and answers since when', async () => {
    expect(await beginMove(items, STAGE, 1000)).toEqual({ ...STAGE, startedAtMs: 1000 })
    expect(await beginMove(items, STAGE, 2000)).toEqual({ ...STAGE, startedAtMs: 1000 })
    expect(await findMark(items)).toMatchObject({ move: { startedAtMs: 1000 } })
  })

  it.each([
    ['is part of another move', () => beginMove(items, { ...STAGE, other: 'the stage test' }, 1)],
    ['is the other side of one', () => beginMove(items, { ...STAGE, side: 'target' }, 1)],
    ['came out of a copy', () => markRestored({ items }, 1)],
  ])('leaves one alone that %s', async (_, before) => {
    await before()
    const mark = await findMark(items)
    expect(await beginMove(items, STAGE, 2)).toBeUndefined()
    expect(await findMark(items)).toEqual(mark)
  })
})

describe('the mark of a move', () => {
  let items: MemoryItemStore
  beforeEach(async () => {
    items = new MemoryItemStore()
    await beginMove(items, STAGE, 1000)
  })

  it('goes with the move, and is no operator’s to lift', async () => {
    await expect(liftRestored({ items })).rejects.toThrow(MovedVaultError)
    await endMove(items, 'target')
    expect(await findMark(items)).toBeDefined()
    await endMove(items, 'source')
    expect(await findMark(items)).toBeUndefined()
  })

  it('stays for ever on a source that is gone', async () => {
    await sayMoved(items, 5000)
    await sayMoved(items, 6000)
    await endMove(items, 'source')
    await expect(liftRestored({ items })).rejects.toThrow('was moved to the stage prod')
    expect(await findMark(items)).toMatchObject({ move: { goneAtMs: 5000 } })
  })
})
