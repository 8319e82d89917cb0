import fc from 'fast-check'
import { compareByUtf8, sortRange, successorOf, validatePage } from '../../../shared/ports/sort-range.ts'

/** Letters around every seam: ASCII, both ends of the surrogates' gap, and the last code point. */
const letter = fc.constantFrom(
  '\u0000',
  'a',
  'b',
  'é',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
)
const text = fc.array(letter, { maxLength: 3 }).map((letters) => letters.join(''))
const compareBytes = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right))

describe('compareByUtf8', () => {
  it('orders like the bytes', () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(Math.sign(compareByUtf8(left, right))).toBe(compareBytes(left, right))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('sortRange', () => {
  it('holds exactly the keys that prefix, after and position leave, in both directions', () => {
    const bound = fc.option(text, { nil: undefined })
    fc.assert(
      fc.property(text, text, bound, bound, fc.boolean(), (key, sortPrefix, after, position, descending) => {
        const { from, before } = sortRange(
          { partition: 'p', limit: 1, sortPrefix, after, descending },
          position,
        )
        const held = compareBytes(key, from) >= 0 && (before === undefined || compareBytes(key, before) < 0)
        const isBeyond = (limit: string | undefined) =>
          limit === undefined || compareBytes(key, limit) === (descending ? -1 : 1)
        expect(held).toBe(key.startsWith(sortPrefix) && isBeyond(after) && isBeyond(position))
      }),
      { numRuns: 5000 },
    )
  })

  it('has no upper bound where nothing could lie above it', () => {
    expect(sortRange({ partition: 'p', limit: 1 })).toEqual({ from: '', before: undefined })
    const last = { partition: 'p', limit: 1, sortPrefix: '\u{10ffff}' }
    expect(sortRange(last)).toEqual({ from: '\u{10ffff}', before: undefined })
  })
})

describe('successorOf', () => {
  it('leaves no room for a key between the two', () => {
    expect(compareByUtf8('a', successorOf('a'))).toBeLessThan(0)
    expect(compareByUtf8(successorOf('a'), 'a\u0000\u0000')).toBeLessThan(0)
  })
})

describe('validatePage', () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses a limit of %p', (limit) => {
    expect(() => validatePage({ limit })).toThrow('a page has a limit of at least 1')
  })

  it.each([-1, 0.5, Number.NaN])('refuses to skip %p', (skip) => {
    expect(() => validatePage({ limit: 1, skip })).toThrow('a page has a limit of at least 1')
  })
})
