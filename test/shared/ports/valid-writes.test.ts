import type { Attributes, Write } from '../../../shared/ports/item-store.ts'
import {
  assertItemFits,
  MAX_ITEM_BYTES,
  MAX_TRANSACTION_BYTES,
  validateWrites,
} from '../../../shared/ports/valid-writes.ts'

const put = (attributes: Attributes, sort = 's'): Write => ({
  op: 'put',
  key: { partition: 'p', sort },
  attributes,
})

describe('assertItemFits', () => {
  const key = { partition: 'pp', sort: 'é' }

  it('counts key, names and values in UTF-8 bytes, and DynamoDB\u2019s overheads', () => {
    expect(assertItemFits(key, {})).toBe(4)
    expect(assertItemFits(key, { text: 'é' })).toBe(4 + 4 + 1 + 2)
    expect(assertItemFits(key, { a: true, b: null })).toBe(4 + 2 * 3)
    expect(assertItemFits(key, { n: 1 })).toBe(4 + 2 + 11)
    expect(assertItemFits(key, { list: ['a', 'b'] })).toBe(4 + 5 + 3 + 4)
    expect(assertItemFits(key, { map: { a: 'b', gone: undefined } })).toBe(4 + 4 + 3 + 3)
  })

  it('takes an item of exactly the limit and refuses one byte more', () => {
    const text = 'x'.repeat(MAX_ITEM_BYTES - 6)
    expect(assertItemFits(key, { a: text })).toBe(MAX_ITEM_BYTES)
    expect(() => assertItemFits(key, { a: `${text}x` })).toThrow(
      'an item is at most 409600 bytes, not 409601',
    )
  })

  it('takes 32 levels and refuses 33, and an object that holds itself', () => {
    const nested = (levels: number): Attributes => (levels === 0 ? {} : { a: nested(levels - 1) })
    expect(assertItemFits(key, nested(32))).toBeGreaterThan(0)
    expect(() => assertItemFits(key, nested(33))).toThrow('at most 32 levels')
    const endless: Record<string, never> = {}
    Object.assign(endless, { endless })
    expect(() => assertItemFits(key, endless)).toThrow('at most 32 levels')
  })
})

describe('validateWrites', () => {
  it('limits a transaction to 4 MB in all', () => {
    const large = 'x'.repeat(400_000)
    const writes = (count: number) => Array.from({ length: count }, (_, index) => put({ large }, `s${index}`))
    expect(10 * 400_000).toBeLessThan(MAX_TRANSACTION_BYTES)
    expect(() => validateWrites(writes(10))).not.toThrow()
    expect(() => validateWrites(writes(11))).toThrow('a transaction holds at most 4194304 bytes')
  })

  it('tells keys apart that read the same when joined', () => {
    const write = (partition: string, sort: string): Write => ({ op: 'delete', key: { partition, sort } })
    expect(() => validateWrites([write('ab', 'c'), write('a', 'bc')])).not.toThrow()
    expect(() => validateWrites([write('ab', 'c'), write('ab', 'c')])).toThrow('each item at most once')
  })

  it('refuses what JSON would silently lose', () => {
    class Sealed {
      toJSON() {
        return '[redacted]'
      }
    }
    for (const lost of [new Sealed(), () => 1, Symbol('s'), 1n, [undefined], new Map()]) {
      expect(() => validateWrites([put({ a: lost as never })])).toThrow('plain JSON value')
    }
    expect(() => validateWrites([put(Object.assign(Object.create(null), { a: 1 }))])).not.toThrow()
  })

  it.each(['', '.a', 'a.', 'a..b'])('refuses a condition on the path %j', (attribute) => {
    const check: Write = {
      op: 'check',
      key: { partition: 'p', sort: 's' },
      when: [{ kind: 'absent', attribute }],
    }
    expect(() => validateWrites([check])).toThrow('the attribute of a condition')
  })
})
