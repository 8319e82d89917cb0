import * as z from 'zod/mini'
import type { VaultError } from '../../../shared/domain/errors.ts'
import { shownName, typeName, vaultErrorFromIssues } from '../../../shared/domain/schema-issue.ts'

const SCHEMA = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(5)),
  id: z.optional(z.string().check(z.regex(/^ac_[a-z]+$/i))),
  mode: z.optional(z.enum(['A', 'B'])),
  page: z.optional(z.int().check(z.minimum(0), z.maximum(1000))),
  list: z.optional(z.array(z.strictObject({ a: z.string() })).check(z.maxLength(2))),
  either: z.optional(z.union([z.string(), z.boolean()])),
  date: z.optional(z.iso.datetime()),
  odd: z.optional(
    z.string().check(z.refine((text) => text !== 'odd', { error: 'Odd', params: { allowed: 'even' } })),
  ),
})

const MEMBERS = 'name, id, mode, page, list, either, date, odd'

describe('vaultErrorFromIssues', () => {
  it('lists everything that is wrong, the most telling first, and no value', () => {
    const input = { mode: 'C', page: 'x', list: [{ a: 1 }], secret: 'S3cr3t', more: 1, date: 'S3cr3t' }
    const result = SCHEMA.safeParse(input)
    const error = vaultErrorFromIssues(result.error!.issues, {
      code: 'invalid-body',
      schema: SCHEMA,
      input,
      root: 'setup',
    })
    expect(error.detail.errors).toEqual([
      { path: 'setup.name', code: 'missing', message: 'Missing required property: name' },
      { path: 'setup.secret', code: 'not_allowed', message: 'Additional properties not allowed: secret' },
      { path: 'setup.more', code: 'not_allowed', message: 'Additional properties not allowed: more' },
      { path: 'setup.page', code: 'type', message: 'Expected type number but found type string' },
      { path: 'setup.list.0.a', code: 'type', message: 'Expected type string but found type integer' },
      { path: 'setup.mode', code: 'value', message: 'No enum match for: C', allowed: 'one of A, B' },
      { path: 'setup.date', code: 'format', message: expect.any(String) },
    ])
    expect(JSON.stringify(error.detail)).not.toContain('S3cr3t')
  })

  it('lists no more than fifty', () => {
    const input = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`more${n}`, n]))
    const schema = z.strictObject({})
    const { issues } = schema.safeParse(input).error!
    expect(vaultErrorFromIssues(issues, { code: 'invalid-body', schema, input }).detail.errors).toHaveLength(
      50,
    )
  })

  it.each<[unknown, string, string | undefined, string | undefined]>([
    [[], 'Expected type object but found type array', undefined, undefined],
    [{}, 'Missing required property: name', 'name', undefined],
    [{ name: undefined }, 'Missing required property: name', 'name', undefined],
    [{ name: 'a', more: 1, most: 2 }, 'Additional properties not allowed: more,most', 'more', MEMBERS],
    [{ name: 5 }, 'Expected type string but found type integer', 'name', undefined],
    [{ name: '' }, 'String is too short (0 chars), minimum 1', 'name', 'at least 1'],
    [{ name: 'abcdef' }, 'String is too long (6 chars), maximum 5', 'name', 'at most 5'],
    [{ name: 'a', id: 'x' }, 'String does not match pattern ^ac_[a-z]+$', 'id', undefined],
    [{ name: 'a', mode: 'C' }, 'No enum match for: C', 'mode', 'one of A, B'],
    [{ name: 'a', mode: 1 }, 'Expected type string but found type integer', 'mode', 'one of A, B'],
    [{ name: 'a', page: -1 }, 'Value -1 is less than minimum 0', 'page', 'at least 0'],
    [{ name: 'a', page: 1001 }, 'Value 1001 is greater than maximum 1000', 'page', 'at most 1000'],
    [{ name: 'a', page: 1.5 }, 'Expected type integer but found type number', 'page', undefined],
    [{ name: 'a', list: [{}, {}] }, 'Missing required property: a', 'list.0.a', undefined],
    [{ name: 'a', list: [{ a: 'x', b: 1 }] }, 'Additional properties not allowed: b', 'list.0.b', 'a'],
    [
      { name: 'a', list: [{ a: '' }, { a: '' }, { a: '' }] },
      'Array is too long (3), maximum 2',
      'list',
      'at most 2',
    ],
    [{ name: 'a', either: 5 }, "Data does not match any schemas from 'oneOf'", 'either', undefined],
    [{ name: 'a', date: 'x' }, "Object didn't pass validation for format datetime", 'date', undefined],
    [{ name: 'a', odd: 'odd' }, 'Odd', 'odd', 'even'],
  ])('tells of %p: %s', (input, reason, field, allowed) => {
    const error = errorOf(input)
    expect(error.code).toBe('invalid-query')
    expect(error.message).toBe(reason)
    expect(error.detail.field).toBe(field)
    expect(error.detail.allowed).toBe(allowed)
  })

  it('tells what is missing first, then what is too much, then the values', () => {
    expect(errorOf({ mode: 'C', more: 1 }).message).toBe('Missing required property: name')
    expect(errorOf({ name: 5, mode: 'C', more: 1 }).message).toBe('Additional properties not allowed: more')
    expect(errorOf({ name: '', mode: 5 }).detail.field).toBe('mode')
    expect(errorOf({ name: '', mode: 'C' }).detail.field).toBe('mode')
  })

  it('takes no inherited name for a member', () => {
    expect(errorOf({ name: 'a', ['constructor']: 1 }).detail).toMatchObject({ allowed: MEMBERS })
  })

  it('puts the root before the path', () => {
    expect(errorOf({}, 'setup').detail.field).toBe('setup.name')
    expect(errorOf([], 'setup').detail.field).toBe('setup')
  })

  it('takes what is allowed from the caller where the issue does not say', () => {
    const { issues } = z.safeParse(SCHEMA, {}).error!
    const error = vaultErrorFromIssues(issues, {
      code: 'invalid-body',
      schema: SCHEMA,
      input: {},
      allowed: () => 'a name',
    })
    expect(error.detail.allowed).toBe('a name')
  })

  it('shows no more than 60 characters of what was sent', () => {
    const shown = `${'x'.repeat(59)}…`
    expect(errorOf({ name: 'a', ['x'.repeat(61)]: 1 }).message).toBe(
      `Additional properties not allowed: ${shown}`,
    )
    expect(errorOf({ name: 'a', ['x'.repeat(61)]: 1 }).detail.field).toBe(shown)
    expect(errorOf({ name: 'a', mode: 'x'.repeat(61) }).message).toBe(`No enum match for: ${shown}`)
  })

  it('reads no inherited member as a value', () => {
    const schema = z.strictObject({ constructor: z.string() })
    const { issues } = z.safeParse(schema, {}).error!
    const error = vaultErrorFromIssues(issues, { code: 'invalid-body', schema, input: {} })
    expect(error.message).toBe('Missing required property: constructor')
  })

  it('says in words what a pattern takes that stands in bodies', () => {
    const allowedBy = (pattern: RegExp) => {
      const schema = z.string().check(z.regex(pattern))
      const { issues } = z.safeParse(schema, 'a b\n').error!
      return vaultErrorFromIssues(issues, { code: 'invalid-body', schema, input: 'a b\n' }).detail.allowed
    }
    expect(allowedBy(/^[\x21-\x7e]+$/)).toBe('visible ASCII characters without spaces')
    expect(allowedBy(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/)).toBe('a name or path of letters, digits and _ . -')
    expect(allowedBy(/^[a-z]+$/)).toBeUndefined()
  })

  it('takes the whole of what is refused for no member that is missing', () => {
    const { issues } = z.safeParse(SCHEMA, undefined).error!
    const error = vaultErrorFromIssues(issues, { code: 'invalid-body', schema: SCHEMA, input: undefined })
    expect(error.message).toBe('Expected type object but found type undefined')
  })

  it('puts the wrong kind of body before all else', () => {
    const of = (path: string[]) => ({ code: 'invalid_type', path, expected: 'object', message: '' }) as never
    const issues = [of(['name']), of([])]
    const error = vaultErrorFromIssues(issues, { code: 'invalid-body', schema: SCHEMA, input: [] })
    expect(error.message).toBe('Expected type object but found type array')
  })

  it.each([null, 'text', 5, undefined])('takes what should be in %j for missing', (value) => {
    const issue = { code: 'invalid_type', path: ['list', 'a'], expected: 'string', message: '' } as never
    const context = { code: 'invalid-body', schema: SCHEMA, input: { list: value } } as const
    expect(vaultErrorFromIssues([issue], context).message).toBe('Missing required property: a')
  })

  it('tells no member that none of several shapes fits from one that is missing', () => {
    const schema = z.strictObject({ either: z.union([z.string(), z.boolean()]) })
    const { issues } = z.safeParse(schema, {}).error!
    const error = vaultErrorFromIssues(issues, { code: 'invalid-body', schema, input: {} })
    expect(error.message).toBe("Data does not match any schemas from 'oneOf'")
  })

  it('lists no more than fifty issues', () => {
    const schema = z.array(z.string())
    const input = Array(60).fill(1)
    const { issues } = z.safeParse(schema, input).error!
    const { errors } = vaultErrorFromIssues(issues, { code: 'invalid-body', schema, input }).detail
    expect(errors).toHaveLength(50)
    expect(errors![0]).toEqual({
      path: '0',
      code: 'type',
      message: 'Expected type string but found type integer',
    })
  })

  it('is an error even without an issue', () => {
    expect(vaultErrorFromIssues([], { code: 'invalid-body', schema: SCHEMA, input: {} }).message).toBe(
      'Data is not valid',
    )
  })
})

describe('shownName', () => {
  it.each([
    ['name', 'name'],
    ['n'.repeat(60), 'n'.repeat(60)],
    ['😀'.repeat(61), `${'😀'.repeat(59)}…`],
    ['a\r\nb\0\u0085', 'a??b??'],
    ['Zürich', 'Zürich'],
  ])('shows %p as %p', (name, shown) => {
    expect(shownName(name)).toBe(shown)
  })
})

describe('typeName', () => {
  it.each([
    [null, 'null'],
    [[], 'array'],
    [{}, 'object'],
    [1, 'integer'],
    [1.5, 'number'],
    ['', 'string'],
    [undefined, 'undefined'],
  ])('calls %p %s', (value, name) => {
    expect(typeName(value)).toBe(name)
  })
})

function errorOf(input: unknown, root?: string): VaultError {
  const result = z.safeParse(SCHEMA, input)
  if (result.success) throw new Error('accepted')
  const context = {
    code: 'invalid-query',
    schema: SCHEMA,
    input,
    ...(root !== undefined && { root }),
  } as const
  return vaultErrorFromIssues(result.error.issues, context)
}
