import fc from 'fast-check'
import { InvariantError } from '../../../shared/domain/errors.ts'
import {
  findSecretIdParts,
  isSecretIdOf,
  parseSecretId,
  type SecretIdParts,
  type SecretKind,
  secretIdOf,
  secretIdPrefix,
} from '../../../shared/domain/secret-id.ts'

const PARTS: SecretIdParts = { deployment: 'd1', kind: 's', tenant: 'a', ownerId: 'a', generation: 1 }

describe('secretIdOf', () => {
  it('names deployment, kind, tenant, owner and generation', () => {
    const parts = { deployment: 'local', kind: 'm', tenant: 'acme_1', ownerId: 'ac_00Xy-z', generation: 12 }
    expect(secretIdOf(parts as SecretIdParts)).toBe('flow-vault/local/m/acme_1/ac_00Xy-z/g12')
  })

  it.each<[string, Partial<Record<keyof SecretIdParts, unknown>>]>([
    ['no deployment', { deployment: '' }],
    ['a deployment with a slash', { deployment: 'a/b' }],
    ['a deployment that is a pattern', { deployment: '*' }],
    ['a kind that there is not', { kind: 'x' }],
    ['an empty tenant', { tenant: '' }],
    ['a tenant with a slash', { tenant: 'a/b' }],
    ['a tenant of 65 characters', { tenant: 'a'.repeat(65) }],
    ['a tenant that ends in a line end', { tenant: 'a\n' }],
    ['an owner that climbs', { ownerId: '..' }],
    ['an owner of 41 characters', { ownerId: 'a'.repeat(41) }],
    ['generation 0', { generation: 0 }],
    ['a broken generation', { generation: 1.5 }],
    ['no generation', { generation: Number.NaN }],
    ['a generation that does not fit', { generation: 1e10 }],
  ])('refuses %s', (_, wrong) => {
    expect(() => secretIdOf({ ...PARTS, ...wrong } as SecretIdParts)).toThrow(InvariantError)
  })
})

describe('secretIdPrefix', () => {
  it('begins the names of one deployment, or of one kind of its secrets, and no others', () => {
    const secretId = secretIdOf(PARTS)
    expect(secretId.startsWith(secretIdPrefix('d1'))).toBe(true)
    expect(secretId.startsWith(secretIdPrefix('d1', 's'))).toBe(true)
    expect(secretId.startsWith(secretIdPrefix('d1', 'm'))).toBe(false)
    expect(secretId.startsWith(secretIdPrefix('d'))).toBe(false)
  })
})

describe('parseSecretId', () => {
  it('gives back what secretIdOf was given, for any parts', () => {
    const text = (maxLength: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9_-]{1,${maxLength}}$`))
    const parts = fc.record({
      deployment: fc.stringMatching(/^[a-z0-9]{1,32}$/),
      kind: fc.constantFrom<SecretKind>('s', 'm', 'a', 'w'),
      tenant: text(64),
      ownerId: text(40),
      generation: fc.integer({ min: 1, max: 9_999_999_999 }),
    })
    fc.assert(fc.property(parts, (given) => expect(parseSecretId(secretIdOf(given))).toEqual(given)))
  })

  it.each([
    '',
    'flow-vault/t/o/g1',
    'flow-vault/d/s/t/o',
    'flow-vault/d/s/t/o/1',
    'flow-vault/d/s/t/o/g0',
    'flow-vault/d/s/t/o/g01',
    'flow-vault/d/s/t/o/g1/x',
    'flow-vault/d/s//o/g1',
    'flow-vault/d/q/t/o/g1',
    'other/d/s/t/o/g1',
    'flow-vault/d/s/t/o/g1\n',
    'flow-vault/d/s/t/../g1',
  ])('refuses %j', (secretId) => {
    expect(() => parseSecretId(secretId)).toThrow(InvariantError)
    expect(findSecretIdParts(secretId)).toBeUndefined()
  })
})

describe('isSecretIdOf', () => {
  const owner = { tenant: 'acme', ownerId: 'ac_1', kinds: ['s', 'm'] as const }

  it('knows every generation of the owner’s secrets', () => {
    for (const generation of [1, 12]) {
      for (const kind of owner.kinds)
        expect(isSecretIdOf(owner, secretIdOf({ ...owner, deployment: 'local', kind, generation }))).toBe(
          true,
        )
    }
  })

  it.each([
    ['of another tenant', 'flow-vault/local/s/other/ac_1/g1'],
    ['of another owner', 'flow-vault/local/s/acme/ac_2/g1'],
    ['of an owner whose id begins the same', 'flow-vault/local/s/acme/ac_12/g1'],
    ['of a tenant whose name begins the same', 'flow-vault/local/s/acme2/ac_1/g1'],
    ['of another kind', 'flow-vault/local/a/acme/ac_1/g1'],
    ['of somebody else altogether', 'other/local/s/acme/ac_1/g1'],
  ])('refuses one %s', (_whose, secretId) => {
    expect(isSecretIdOf(owner, secretId)).toBe(false)
  })
})
