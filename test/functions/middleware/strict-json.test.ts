import fc from 'fast-check'
import { MAX_JSON_DEPTH, parseStrictJson } from '../../../functions/middleware/strict-json.ts'
import { VaultError } from '../../../shared/domain/errors.ts'

function errorOf(text: string): VaultError {
  try {
    parseStrictJson(text)
  } catch (error) {
    if (error instanceof VaultError) return error
    throw error
  }
  throw new Error(`accepted: ${text}`)
}

describe('parseStrictJson', () => {
  test('gives what JSON.parse gives, for every value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space)
        if (text.includes('"__proto__"')) return
        expect(parseStrictJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('refuses what JSON.parse refuses, with a code of ours, for every text', () => {
    const texts = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ue1 -'), maxLength: 30 }),
      fc.json().chain((json) => fc.nat(json.length).map((at) => json.slice(0, at))),
    )
    fc.assert(
      fc.property(texts, (text) => {
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        if (isJson) return
        expect(errorOf(text).code).toBe('invalid-body')
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['[{"b":{"c":1,"c":1}}]', 'c'],
    ['{"":1,"":2}', ''],
    ['{"a":{"a":1},"a":2}', 'a'],
  ])('refuses a name twice in one object: %s', (text, name) => {
    expect(errorOf(text)).toMatchObject({ message: `Duplicate property: ${name}`, detail: { field: name } })
  })

  test('takes a name again in another object, and as a value', () => {
    for (const text of ['[{"a":1},{"a":2}]', '{"a":{"a":{"a":1}}}', '{"a":"a","b":"a"}', '{"a":["a","a"]}']) {
      expect(parseStrictJson(text)).toEqual(JSON.parse(text))
    }
  })

  test('takes braces, commas and quotes inside of texts as text', () => {
    const value = { 'a{': ',"a{":', b: '}]"\\', 'c"': '[[[[' }
    expect(parseStrictJson(JSON.stringify(value))).toEqual(value)
  })

  test('refuses __proto__ as a name at any depth and however it is spelled, and takes it as a value', () => {
    for (const text of ['{"__proto__":1}', '{"a":[{"__proto__":{}}]}', '{"\\u005f\\u005fproto__":1}']) {
      expect(errorOf(text)).toMatchObject({ code: 'invalid-body', detail: { field: '__proto__' } })
    }
    expect(parseStrictJson('{"a":"__proto__","b":["__proto__"]}')).toEqual({
      a: '__proto__',
      b: ['__proto__'],
    })
  })

  test('takes 2,000 members in all and refuses 2,001, wherever they are', () => {
    const members = (count: number) => Array.from({ length: count }, (_, index) => `"k${index}":0`).join()
    const nested = (count: number) => `{"a":[{${members(count / 2)}},{${members(count / 2 - 1)}}]}`
    for (const text of [`{${members(2_000)}}`, nested(2_000)])
      expect(() => parseStrictJson(text)).not.toThrow()
    for (const text of [`{${members(2_001)}}`, nested(2_002)]) {
      expect(errorOf(text).message).toBe('Too many properties')
    }
  })

  test('counts no text of a list for a member, and no list or object that has ended for a level', () => {
    for (const value of [
      Array(2_001).fill('x'),
      { a: Array(2_001).fill('x') },
      Array(21).fill({}),
      Array(21).fill([]),
    ]) {
      expect(parseStrictJson(JSON.stringify(value))).toEqual(value)
    }
  })

  test.each([
    ['{"a"', 'one JSON object in UTF-8', 'body'],
    ['{"\\x":1,"\\x":2}', 'one JSON object in UTF-8', 'body'],
    ['['.repeat(21), 'at most 20 levels', 'body'],
    [
      JSON.stringify(Object.fromEntries(Array.from({ length: 2_001 }, (_, k) => [k, 0]))),
      'at most 2000',
      'body',
    ],
    ['{"a":1,"a":2}', 'each property once', 'a'],
  ])('says what would be taken instead of %.20s', (text, allowed, field) => {
    expect(errorOf(text).detail).toEqual({ field, allowed })
  })

  test('takes 20 levels and refuses 21, of objects, lists or both', () => {
    const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    const both = (depth: number): string => `[${objects(depth - 1)}]`
    for (const nested of [lists, objects, both]) {
      expect(parseStrictJson(nested(MAX_JSON_DEPTH))).toBeDefined()
      expect(errorOf(nested(MAX_JSON_DEPTH + 1)).message).toBe('Nesting is too deep')
    }
    expect(MAX_JSON_DEPTH).toBe(20)
  })

  test('never quotes a value in its message, and shortens a name', () => {
    const error = errorOf(`{"${'n'.repeat(500)}":"canary","${'n'.repeat(500)}":"canary"}`)
    expect(error.message.length).toBeLessThan(100)
    for (const text of ['canary', '{"a":canary}', '{"a":"canary', '{"a":"canary"', '"canary\n"']) {
      expect(JSON.stringify([errorOf(text).message, errorOf(text).detail])).not.toContain('canary')
    }
  })
})
