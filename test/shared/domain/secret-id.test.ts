import fc from 'fast-check'
import { InvariantError } from '../../../shared/domain/errors.ts'
import {
  findSecretIdParts,
  isSecretIdOf,
  parseSecretId,
  secretIdOf,
} from '../../../shared/domain/secret-id.ts'

describe('secretIdOf', () => {
  it('names tenant, owner and generation', () => {
    const secretId = secretIdOf({ tenant: 'acme_1', ownerId: 'ac_00Xy-z', generation: 12 })
    expect(secretId).toBe('flow-vault/acme_1/ac_00Xy-z/g12')
  })

  it.each([
    ['an empty tenant', { tenant: '', ownerId: 'a', generation: 1 }],
    ['a tenant with a slash', { tenant: 'a/b', ownerId: 'a', generation: 1 }],
    ['a tenant of 65 characters', { tenant: 'a'.repeat(65), ownerId: 'a', generation: 1 }],
    ['a tenant that ends in a line end', { tenant: 'a\n', ownerId: 'a', generation: 1 }],
    ['an owner that climbs', { tenant: 'a', ownerId: '..', generation: 1 }],
    ['an owner of 41 characters', { tenant: 'a', ownerId: 'a'.repeat(41), generation: 1 }],
    ['generation 0', { tenant: 'a', ownerId: 'a', generation: 0 }],
    ['a broken generation', { tenant: 'a', ownerId: 'a', generation: 1.5 }],
    ['no generation', { tenant: 'a', ownerId: 'a', generation: Number.NaN }],
    ['a generation that does not fit', { tenant: 'a', ownerId: 'a', generation: 1e10 }],
  ])('refuses %s', (_, parts) => {
    expect(() => secretIdOf(parts)).toThrow(InvariantError)
  })
})

describe('parseSecretId', () => {
  it('gives back what secretIdOf was given, for any parts', () => {
    const text = (maxLength: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9_-]{1,${maxLength}}$`))
    const parts = fc.record({
      tenant: text(64),
      ownerId: text(40),
      generation: fc.integer({ min: 1, max: 9_999_999_999 }),
    })
    fc.assert(fc.property(parts, (given) => expect(parseSecretId(secretIdOf(given))).toEqual(given)))
  })

  it.each([
    '',
    'flow-vault/t/o',
    'flow-vault/t/o/1',
    'flow-vault/t/o/g0',
    'flow-vault/t/o/g01',
    'flow-vault/t/o/g1/x',
    'flow-vault//o/g1',
    'other/t/o/g1',
    'flow-vault/t/o/g1\n',
    'flow-vault/t/../g1',
  ])('refuses %j', (secretId) => {
    expect(() => parseSecretId(secretId)).toThrow(InvariantError)
    expect(findSecretIdParts(secretId)).toBeUndefined()
  })
})

describe('isSecretIdOf', () => {
  const owner = { tenant: 'acme', ownerId: 'ac_1' }

  it('knows every generation of the owner’s secrets', () => {
    for (const generation of [1, 12])
      expect(isSecretIdOf(owner, secretIdOf({ ...owner, generation }))).toBe(true)
  })

  it.each([
    ['of another tenant', 'flow-vault/other/ac_1/g1'],
    ['of another owner', 'flow-vault/acme/ac_2/g1'],
    ['of an owner whose id begins the same', 'flow-vault/acme/ac_12/g1'],
    ['of a tenant whose name begins the same', 'flow-vault/acme2/ac_1/g1'],
    ['of somebody else altogether', 'other/acme/ac_1/g1'],
  ])('refuses one %s', (_whose, secretId) => {
    expect(isSecretIdOf(owner, secretId)).toBe(false)
  })
})
