import {
  decodeAttributes,
  decodeKey,
  decodeValue,
  encodeAttributes,
  encodeItem,
  encodeValue,
} from '../../../../shared/adapters/dynamodb/attribute-codec.ts'
import { InvariantError } from '../../../../shared/domain/errors.ts'

describe('encodeValue and decodeValue', () => {
  test.each([
    ['text', { S: 'text' }],
    ['', { S: '' }],
    ['ключ 🔑', { S: 'ключ 🔑' }],
    [0, { N: '0' }],
    [-1.5, { N: '-1.5' }],
    [1e21, { N: '1e+21' }],
    [Number.MAX_SAFE_INTEGER, { N: '9007199254740991' }],
    [true, { BOOL: true }],
    [false, { BOOL: false }],
    [null, { NULL: true }],
    [[], { L: [] }],
    [{}, { M: {} }],
    [['a', 1, [null]], { L: [{ S: 'a' }, { N: '1' }, { L: [{ NULL: true }] }] }],
    [{ lease: { fence: 3 } }, { M: { lease: { M: { fence: { N: '3' } } } } }],
  ])('turn %j into what DynamoDB takes, and back', (value, encoded) => {
    expect(encodeValue(value)).toEqual(encoded)
    expect(decodeValue(encoded as Parameters<typeof decodeValue>[0])).toEqual(value)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e126, -1e126, 1e-131])(
    'refuse the number %p, also deep inside',
    (value) => {
      expect(() => encodeValue(value)).toThrow(InvariantError)
      expect(() => encodeValue({ list: [{ value }] })).toThrow(InvariantError)
    },
  )

  test('refuse a stored kind that the vault does not write', () => {
    expect(() => decodeValue({ SS: ['a'] })).toThrow(InvariantError)
    expect(() => decodeValue({ B: Uint8Array.of(1) })).toThrow(InvariantError)
  })
})

describe('encodeAttributes', () => {
  test('leaves out undefined members at every depth', () => {
    const encoded = encodeAttributes({ a: undefined, b: { c: undefined, d: 1 } })
    expect(encoded).toStrictEqual({ b: { M: { d: { N: '1' } } } })
  })

  test('keeps a member named __proto__ a member', () => {
    const attributes = JSON.parse('{"body": {"__proto__": {"admin": true}}}')
    const decoded = decodeAttributes(encodeAttributes(attributes))
    expect(JSON.stringify(decoded)).toBe('{"body":{"__proto__":{"admin":true}}}')
    expect((decoded['body'] as { admin?: boolean }).admin).toBeUndefined()
  })
})

describe('encodeItem', () => {
  const key = { partition: 'TENANT#t#CONNECTIONS', sort: 'ac_1' }

  test('lays the key beside the attributes, and decodeKey and decodeAttributes part them again', () => {
    const item = encodeItem(key, { name: 'Slack' })
    expect(item).toEqual({ pk: { S: 'TENANT#t#CONNECTIONS' }, sk: { S: 'ac_1' }, name: { S: 'Slack' } })
    expect(decodeKey(item)).toEqual(key)
    expect(decodeAttributes(item)).toStrictEqual({ name: 'Slack' })
  })

  test.each(['pk', 'sk'])('refuses an attribute named %s', (name) => {
    expect(() => encodeItem(key, { [name]: 'TENANT#other' })).toThrow(InvariantError)
  })
})

describe('decodeKey', () => {
  test('refuses an item without a whole key', () => {
    expect(() => decodeKey({ pk: { S: 'p' } })).toThrow(InvariantError)
  })
})
