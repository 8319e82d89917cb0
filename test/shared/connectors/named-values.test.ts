import { findConnector } from '../../../shared/connectors/catalogue.ts'
import { readNamedValues } from '../../../shared/connectors/named-values.ts'
import { validateSetup } from '../../../shared/connectors/setup-schema.ts'
import type { VaultError } from '../../../shared/domain/errors.ts'
import type { JsonValue } from '../../../shared/domain/json.ts'

const CUSTOM = findConnector('CUSTOM')!

describe('namedValuesSchema', () => {
  it.each<[string, JsonValue]>([
    ['one value', [{ name: 'A', value: 'x' }]],
    ['an empty value', [{ name: 'A', value: '' }]],
    ['any text that travels nowhere', [{ name: 'A', value: 'a\nb\0 😀', secret: false }]],
    ['a header of its own name', [{ name: 'X-Key', value: 'x', in: 'HEADER' }].map(renamed)],
    [
      'equal names in different places',
      [
        { name: 'a', value: 'x', in: 'HEADER', as: 'key' },
        { name: 'b', value: 'y', in: 'QUERY', as: 'key' },
      ],
    ],
    [
      'parameters that differ in case',
      [
        { name: 'a', value: 'x', in: 'QUERY', as: 'key' },
        { name: 'b', value: 'y', in: 'QUERY', as: 'KEY' },
      ],
    ],
    ['50 values', Array.from({ length: 50 }, (_, index) => ({ name: `v${index}`, value: 'x' }))],
    ['a name of 55 characters', [{ name: `_${'a'.repeat(54)}`, value: 'x' }]],
    ['an https base URL', [{ name: 'A', value: 'https://api.example.com/v1', in: 'BASE_URL' }]],
  ])('accepts %s', (_, values) => {
    expect(validateSetup(CUSTOM, { values }).values).toEqual({ type: 'CUSTOM', values })
  })

  it.each<[string, JsonValue, string, string]>([
    ['no list', 'x', 'values', 'Expected type array but found type string'],
    ['an empty list', [], 'values', 'Array is too short (0), minimum 1'],
    [
      '51 values',
      Array.from({ length: 51 }, (_, index) => ({ name: `v${index}`, value: 'x' })),
      'values',
      'Array is too long (51), maximum 50',
    ],
    ['an entry without a name', [{ value: 'x' }], 'values.0.name', 'Missing required property: name'],
    ['an entry without a value', [{ name: 'A' }], 'values.0.value', 'Missing required property: value'],
    [
      'an unknown member',
      [{ name: 'A', value: 'x', where: 'HEADER' }],
      'values.0.where',
      'Additional properties not allowed: where',
    ],
    ['an unknown place', [{ name: 'A', value: 'x', in: 'BODY' }], 'values.0.in', 'No enum match for: BODY'],
    [
      'a secret that is no truth value',
      [{ name: 'A', value: 'x', secret: 'no' }],
      'values.0.secret',
      'Expected type boolean but found type string',
    ],
    [
      'a name that starts with a digit',
      [{ name: '1A', value: 'x' }],
      'values.0.name',
      'String does not match pattern ^[A-Za-z_][A-Za-z0-9_.-]{0,54}$',
    ],
    [
      'a name of 56 characters',
      [{ name: 'a'.repeat(56), value: 'x' }],
      'values.0.name',
      'String is too long (56 chars), maximum 55',
    ],
    [
      'the name __proto__',
      [{ name: '__proto__', value: 'x' }],
      'values.0.name',
      'Name is not allowed: __proto__',
    ],
    [
      'a name twice',
      [
        { name: 'A', value: 'x' },
        { name: 'B', value: 'x' },
        { name: 'A', value: 'y' },
      ],
      'values.2.name',
      'Array items are not unique',
    ],
    [
      'a header twice, in another case',
      [
        { name: 'A', value: 'x', in: 'HEADER', as: 'X-Key' },
        { name: 'B', value: 'y', in: 'HEADER', as: 'x-key' },
      ],
      'values.1.in',
      'Two values travel in the same place',
    ],
    [
      'a parameter twice',
      [
        { name: 'A', value: 'x', in: 'QUERY', as: 'key' },
        { name: 'key', value: 'y', in: 'QUERY' },
      ],
      'values.1.in',
      'Two values travel in the same place',
    ],
    [
      'two base URLs',
      [
        { name: 'A', value: 'https://a.example', in: 'BASE_URL' },
        { name: 'B', value: 'https://b.example', in: 'BASE_URL' },
      ],
      'values.1.in',
      'Two values travel in the same place',
    ],
    [
      'a base URL that is not https',
      [{ name: 'A', value: 'http://a.example', in: 'BASE_URL' }],
      'values.0.value',
      "Object didn't pass validation for format forms-url-https",
    ],
    [
      'a header that frames the request',
      [{ name: 'A', value: 'x', in: 'HEADER', as: 'Content-Length' }],
      'values.0.as',
      "Object didn't pass validation for format header-name",
    ],
    [
      'a lone surrogate',
      [{ name: 'A', value: '\ud800' }],
      'values.0.value',
      "Object didn't pass validation for format text",
    ],
    [
      'a value over 65,536 bytes',
      [{ name: 'A', value: 'ä'.repeat(32_769) }],
      'values.0.value',
      'String is too long (65538 bytes), maximum 65536',
    ],
  ])('refuses %s', (_, values, field, reason) => {
    const error = refusalOf({ values })
    expect(error.message).toBe(reason)
    expect(error.detail.field).toBe(`setup.${field}`)
  })

  it.each(['\r', '\n', '\0', 'Ċ', '\u0080', ' '])('refuses a header value with %p', (breaker) => {
    const error = refusalOf({ values: [{ name: 'A', value: `a${breaker}`, in: 'HEADER' }] })
    expect(error.message).toBe("Object didn't pass validation for format header-value")
  })

  it('never tells a value', () => {
    const value = 'S3cr3t-never-to-be-shown'
    for (const entry of [
      { name: 'A', value: [value] },
      { name: 'A', value, in: 'BASE_URL' },
      { name: '?', value },
    ]) {
      const error = refusalOf({ values: [entry] })
      expect(JSON.stringify([error.message, error.detail])).not.toContain(value)
    }
  })
})

describe('readNamedValues', () => {
  it('fills in that a value is secret and travels under its own name', () => {
    expect(readNamedValues([{ name: 'A', value: 'x' }])).toEqual([
      { name: 'A', value: 'x', secret: true, as: 'A' },
    ])
  })

  it('keeps what is given', () => {
    const value = { name: 'A', value: 'x', secret: false, in: 'QUERY', as: 'a' }
    expect(readNamedValues([value])).toEqual([value])
  })

  it.each<[JsonValue | undefined]>([[undefined], ['x'], [{}], [[null, 'x', [], { name: 'A' }]]])(
    'is empty for %p',
    (list) => {
      expect(readNamedValues(list)).toEqual([])
    },
  )
})

/** A name with a dash is no identifier, so the header's name goes into `as`. */
function renamed(entry: { name: string; value: string; in: string }): JsonValue {
  return { name: 'x_key', value: entry.value, in: entry.in, as: entry.name }
}

function refusalOf(input: unknown): VaultError {
  try {
    validateSetup(CUSTOM, input)
  } catch (error) {
    return error as VaultError
  }
  throw new Error('accepted')
}
