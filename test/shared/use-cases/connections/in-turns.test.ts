import { setImmediate } from 'node:timers'
import { inTurns, sortedInTurns } from '../../../../shared/use-cases/connections/in-turns.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

/** Runs `work`, and counts how often something else got a turn meanwhile. */
async function turnsDuring<T>(work: () => Promise<T>): Promise<{ result: T; turns: number }> {
  let [turns, isOver] = [0, false]
  const other = (): void => {
    turns++
    if (!isOver) setImmediate(other)
  }
  setImmediate(other)
  const result = await work()
  isOver = true
  return { result, turns }
}

describe('inTurns', () => {
  it('gives all items in their order, and others a turn after each hundred', async () => {
    const pages = [Array.from({ length: 250 }, (_, index) => index), [], [250]]
    const { result, turns } = await turnsDuring(async () => {
      const sizes: number[] = []
      const all: number[] = []
      for await (const slice of inTurns(pages)) {
        sizes.push(slice.length)
        all.push(...slice)
      }
      return { sizes, all }
    })
    expect(result.sizes).toEqual([100, 100, 50, 1])
    expect(result.all).toEqual(Array.from({ length: 251 }, (_, index) => index))
    expect(turns).toBeGreaterThanOrEqual(4)
  })
})

describe('sortedInTurns', () => {
  const random = new SeededRandom(20_300_101)

  it.each([0, 1, 2, 99, 100, 101, 200, 350, 2_048, 5_001])('sorts %i as toSorted does', async (count) => {
    // Many that are equal: those stay in the order they came in.
    const items = Array.from({ length: count }, (_, index) => ({ key: random.below(40), index }))
    const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
    expect(await sortedInTurns(items, compare)).toEqual(items.toSorted(compare))
  })

  it('looks at no more than some hundreds before others have a turn', async () => {
    const items = Array.from({ length: 10_000 }, () => random.fraction())
    let sinceTurn = 0
    let most = 0
    let isOver = false
    const other = (): void => {
      sinceTurn = 0
      if (!isOver) setImmediate(other)
    }
    setImmediate(other)
    await sortedInTurns(items, (a, b) => {
      most = Math.max(most, ++sinceTurn)
      return a - b
    })
    isOver = true
    // A hundred in order take some six hundred comparisons.
    expect(most).toBeLessThan(1_000)
  })
})
