import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import type { Move } from '../../../../shared/domain/restored-store.ts'
import { ConditionFailedError } from '../../../../shared/ports/item-store.ts'
import {
  findMark,
  liftRestored,
  MovedVaultError,
  markRestored,
} from '../../../../shared/use-cases/grants/restored-mark.ts'
import {
  beginFilling,
  beginMove,
  endMove,
  isFilling,
  sayGivenUp,
  sayMoved,
} from '../../../../tools/aws/move/moved-store.ts'

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
  let move: Move
  beforeEach(async () => {
    items = new MemoryItemStore()
    move = (await beginMove(items, STAGE, 1000))!
  })

  it('goes with the move, and is no operator’s to lift', async () => {
    await expect(liftRestored({ items })).rejects.toThrow(MovedVaultError)
    expect(await endMove(items, { ...move, side: 'target' })).toBe(false)
    expect(await findMark(items)).toBeDefined()
    expect(await endMove(items, move)).toBe(true)
    expect(await findMark(items)).toBeUndefined()
  })

  it('stays on a source that is gone', async () => {
    expect(await sayMoved(items, move, 5000)).toBe(true)
    expect(await sayMoved(items, move, 6000)).toBe(true)
    // Also for one who read the mark before that.
    expect(await endMove(items, move)).toBe(false)
    await expect(liftRestored({ items })).rejects.toThrow('was moved to the stage prod')
    expect(await findMark(items)).toMatchObject({ move: { goneAtMs: 5000 } })
  })

  it.each([
    ['was given up', async () => undefined],
    ['began anew since', () => beginMove(items, STAGE, 2000)],
    ['leads elsewhere since', () => beginMove(items, { ...STAGE, other: 'the stage test' }, 2000)],
  ])('says of no source that it is gone by a move that %s', async (_, since) => {
    await endMove(items, move)
    await since()
    const mark = await findMark(items)
    expect(await sayMoved(items, move, 5000)).toBe(false)
    expect(await findMark(items)).toEqual(mark)
  })
})

describe('beginFilling', () => {
  it('is what helps once a move was given up, whose mark no operator lifts', async () => {
    const items = new MemoryItemStore()
    const first = (await beginFilling(items, 'the folder data', 1000))!
    await expect(liftRestored({ items })).rejects.toThrow('with --switch puts it into service')
    expect(await sayGivenUp(items, first, 2000)).toBe(true)
    await expect(liftRestored({ items })).rejects.toThrow('was given up: npm run migrate with --copy')
    expect(await beginFilling(items, 'the folder data', 3000)).not.toHaveProperty('givenUpAtMs')
  })

  it('ends the writes of an earlier run, also of one that began in the same moment', async () => {
    const items = new MemoryItemStore()
    const first = (await beginFilling(items, 'the folder data', 1000))!
    await items.transact([isFilling(first)])
    const second = (await beginFilling(items, 'the folder data', 1000))!
    await items.transact([isFilling(second)])
    await expect(items.transact([isFilling(first)])).rejects.toThrow(ConditionFailedError)
    expect(await endMove(items, first)).toBe(false)
    expect(await beginFilling(items, 'the folder other', 2000)).toBeUndefined()
  })
})
