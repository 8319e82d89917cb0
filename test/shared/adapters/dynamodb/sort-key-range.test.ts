import { sortKeyRange } from '../../../../shared/adapters/dynamodb/sort-key-range.ts'
import { VaultError } from '../../../../shared/domain/errors.ts'

const base = { partition: 'p', limit: 10 }

describe('sortKeyRange', () => {
  test.each([
    ['everything', {}, undefined, { prefix: '', startAfter: undefined }],
    ['a prefix', { sortPrefix: 'b#' }, undefined, { prefix: 'b#', startAfter: undefined }],
    ['after a key', { after: 'b' }, undefined, { prefix: '', startAfter: 'b' }],
    [
      'after a key of the prefix',
      { sortPrefix: 'b#', after: 'b#3' },
      undefined,
      { prefix: 'b#', startAfter: 'b#3' },
    ],
    [
      'after a key before the prefix',
      { sortPrefix: 'b#', after: 'a' },
      undefined,
      { prefix: 'b#', startAfter: undefined },
    ],
    ['after a key behind the prefix', { sortPrefix: 'b#', after: 'c' }, undefined, undefined],
    ['after the beginning', { after: '' }, undefined, { prefix: '', startAfter: undefined }],
    ['the next page', { after: 'b' }, 'd', { prefix: '', startAfter: 'd' }],
    ['a position that lies before `after`', { after: 'd' }, 'b', { prefix: '', startAfter: 'd' }],
  ])('ascending, %s', (_name, query, position, expected) => {
    expect(sortKeyRange({ ...base, ...query }, position)).toEqual(expected)
  })

  test.each([
    ['below a key', { after: 'b' }, undefined, { prefix: '', startAfter: 'b' }],
    [
      'below a key behind the prefix',
      { sortPrefix: 'b#', after: 'c' },
      undefined,
      { prefix: 'b#', startAfter: undefined },
    ],
    ['below a key before the prefix', { sortPrefix: 'b#', after: 'a' }, undefined, undefined],
    ['below the beginning', { after: '' }, undefined, undefined],
    ['the next page', { after: 'd' }, 'b', { prefix: '', startAfter: 'b' }],
  ])('descending, %s', (_name, query, position, expected) => {
    expect(sortKeyRange({ ...base, ...query, descending: true }, position)).toEqual(expected)
  })

  test('orders by UTF-8 bytes, as DynamoDB does, not by UTF-16 units', () => {
    // U+FF5E is EF BD 9E in UTF-8, before F0 9F 94 91; in UTF-16 it comes after D83D.
    const query = { ...base, sortPrefix: '🔑', after: '\uff5e' }
    expect(sortKeyRange(query)).toEqual({ prefix: '🔑', startAfter: undefined })
  })

  test('refuses a bound longer than any key', () => {
    expect(() => sortKeyRange(base, 'x'.repeat(1025))).toThrow(VaultError)
    expect(sortKeyRange(base, 'x'.repeat(1024))).toBeDefined()
  })
})
