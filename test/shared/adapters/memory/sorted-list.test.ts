import fc from 'fast-check'
import { SortedList } from '../../../../shared/adapters/memory/sorted-list.ts'

const byNumber = (left: number, right: number) => left - right
/** Even numbers from 0, in an order that is neither rising nor falling: 1,237 shares no factor with 5,000. */
const SHUFFLED = Array.from({ length: 5000 }, (_, index) => ((index * 1237) % 5000) * 2)

describe('SortedList', () => {
  it('keeps thousands of members in order, each once', () => {
    const list = new SortedList(byNumber)
    for (const value of [...SHUFFLED, ...SHUFFLED]) list.add(value)
    expect(list.size).toBe(5000)
    expect(list.ascending({ limit: 9999 })).toEqual(Array.from({ length: 5000 }, (_, index) => index * 2))
  })

  it('is empty again when every member was removed, and can be filled anew', () => {
    const list = new SortedList(byNumber)
    for (const value of SHUFFLED) list.add(value)
    for (const value of SHUFFLED) list.delete(value)
    list.delete(4)
    expect(list.size).toBe(0)
    expect(list.ascending({ limit: 1 })).toEqual([])
    expect(list.descending({ limit: 1 })).toEqual([])
    list.add(1)
    expect(list.descending({ limit: 2 })).toEqual([1])
  })

  it('answers like a sorted array, whatever was added and removed', () => {
    const value = fc.integer({ min: -5, max: 10_005 })
    const full = new SortedList(byNumber)
    const members = new Set(SHUFFLED)
    for (const member of SHUFFLED) full.add(member)
    const change = fc.record({ value, add: fc.boolean() })
    const walk = fc.record({
      bound: fc.option(value, { nil: undefined }),
      skip: fc.nat(6000),
      limit: fc.nat(2000),
    })
    fc.assert(
      fc.property(fc.array(change), walk, (changes, { bound, skip, limit }) => {
        for (const { value, add } of changes) {
          if (add) {
            full.add(value)
            members.add(value)
          } else {
            full.delete(value)
            members.delete(value)
          }
        }
        const sorted = [...members].sort(byNumber)
        const up = sorted.filter((member) => bound === undefined || member >= bound)
        const down = sorted.filter((member) => bound === undefined || member < bound).reverse()
        expect(full.size).toBe(members.size)
        expect(full.ascending({ from: bound, skip, limit })).toEqual(up.slice(skip, skip + limit))
        expect(full.descending({ before: bound, skip, limit })).toEqual(down.slice(skip, skip + limit))
      }),
      { numRuns: 300 },
    )
  })
})
