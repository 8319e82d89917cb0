import fc from 'fast-check'
import { lengthPrefixed } from '../../../shared/domain/length-prefixed.ts'

describe('lengthPrefixed', () => {
  it('leads each part by its length in bytes, big-endian', () => {
    const bytes = lengthPrefixed(['é', new Uint8Array([7])])
    expect([...bytes]).toEqual([0, 0, 0, 2, 0xc3, 0xa9, 0, 0, 0, 1, 7])
  })

  it('gives different bytes for different lists', () => {
    const parts = fc.array(fc.string({ maxLength: 3, unit: fc.constantFrom('a', '\0', '\u0001') }), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const same = Buffer.compare(lengthPrefixed(left), lengthPrefixed(right)) === 0
        expect(same).toBe(JSON.stringify(left) === JSON.stringify(right))
      }),
    )
  })
})
