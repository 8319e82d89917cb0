import type { JsonObject } from '../../../shared/domain/json.ts'
import { mergePatch } from '../../../shared/domain/merge-patch.ts'

describe('mergePatch', () => {
  // RFC 7396, appendix A, as far as target and patch are objects.
  it.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of %j and %j is %j', (target, patch, merged) => {
    expect(mergePatch(target, patch)).toEqual(merged)
  })

  it('merges a list by the names of its entries, where it is told to', () => {
    const target = {
      values: [
        { name: 'A', value: '1', in: 'HEADER' },
        { name: 'B', value: '2' },
      ],
    }
    const patch = {
      values: [
        { name: 'A', value: '3' },
        { name: 'B', value: null },
        { name: 'C', value: '4' },
      ],
    }
    expect(mergePatch(target, patch, new Set(['values']))).toEqual({
      values: [
        { name: 'A', value: '3', in: 'HEADER' },
        { name: 'C', value: '4' },
      ],
    })
    expect(mergePatch(target, { values: [{ name: 'C', value: '4' }] })).toEqual({
      values: [{ name: 'C', value: '4' }],
    })
  })

  it('takes a name that an object inherits for a member like any other', () => {
    expect(mergePatch({}, JSON.parse('{"constructor":"x","__proto__":{"y":1}}'))).toEqual(
      JSON.parse('{"constructor":"x","__proto__":{"y":1}}'),
    )
  })
})
