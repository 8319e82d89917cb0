import { canonicalJson } from '../../../shared/domain/canonical-json.ts'
import type { JsonValue } from '../../../shared/domain/json.ts'

describe('canonicalJson', () => {
  it.each<[JsonValue | undefined, string]>([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    [{ b: { d: [], c: {} }, a: [{ z: 1, y: 2 }] }, '{"a":[{"y":2,"z":1}],"b":{"c":{},"d":[]}}'],
    [[3, 1, 2], '[3,1,2]'],
    [['a', ['b', null]], '["a",["b",null]]'],
    [{ ä: 1, Z: 2, a: 3 }, '{"Z":2,"a":3,"ä":1}'],
    [{ 'a"b': 'c\n' }, '{"a\\"b":"c\\n"}'],
    [null, 'null'],
    [false, 'false'],
    [0, '0'],
    ['', '""'],
    [undefined, 'null'],
  ])('of %j is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  it('leaves out what has no value, as JSON does', () => {
    expect(canonicalJson({ a: undefined, b: null } as unknown as JsonValue)).toBe('{"b":null}')
  })
})
