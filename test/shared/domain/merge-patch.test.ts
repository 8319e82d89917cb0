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

  it.each<[string, JsonObject['a'], JsonObject['a']]>([
    ['a list with an entry that has no name', [{ name: 'A' }, { value: '2' }], [{ name: 'A', value: '1' }]],
    ['a list with an entry whose name is no text', [{ name: 'A' }, { name: 2 }], [{ name: 'A', value: '1' }]],
    ['a list of texts', ['A'], [{ name: 'A', value: '1' }]],
    ['a list with nothing in it', [null], [{ name: 'A', value: '1' }]],
    ['a text', 'A', [{ name: 'A', value: '1' }]],
  ])('replaces a list by its names by %s, whole', (_, next, old) => {
    expect(mergePatch({ a: old as never }, { a: next as never }, new Set(['a']))).toEqual({ a: next })
  })

  it.each<[string, JsonObject]>([
    ['nothing', {}],
    ['null', { a: null }],
    ['a text', { a: 'x' }],
    ['a list without names', { a: ['x'] }],
  ])('merges a list by its names into %s as into an empty one', (_, target) => {
    const patch = {
      a: [
        { name: 'A', value: '1' },
        { name: 'B', value: null },
      ],
    }
    expect(mergePatch(target, patch, new Set(['a']))).toEqual({ a: [{ name: 'A', value: '1' }] })
  })

  it('leaves alone what the patch has no value for', () => {
    expect(mergePatch({ a: 1 }, { a: undefined } as unknown as JsonObject)).toEqual({ a: 1 })
  })

  it('takes a name that an object inherits for a member like any other', () => {
    expect(mergePatch({}, JSON.parse('{"constructor":"x","__proto__":{"y":1}}'))).toEqual(
      JSON.parse('{"constructor":"x","__proto__":{"y":1}}'),
    )
  })
})
