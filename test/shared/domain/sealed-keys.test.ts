import {
  findSealedGrant,
  metaKey,
  sealedGrantKey,
  secretIdOfPartition,
  secretPartition,
  versionKey,
  versionOfKey,
} from '../../../shared/domain/sealed-keys.ts'

const SECRET = 'flow-vault/local/s/acme/ac_1/g1'

describe('versionOfKey', () => {
  it('gives back what versionKey was given', () => {
    expect(versionOfKey(versionKey(SECRET, 'v1'))).toEqual({ secretId: SECRET, versionId: 'v1' })
  })

  it.each([
    ['what is said of the secret as a whole', metaKey(SECRET)],
    ['an item of another partition', { partition: 'TENANT#acme#CONNECTIONS', sort: 'v#1' }],
  ])('is undefined for %s', (_, key) => {
    expect(versionOfKey(key)).toBeUndefined()
  })
})

describe('secretIdOfPartition', () => {
  it('knows the partition of a secret, and no other', () => {
    expect(secretIdOfPartition(secretPartition(SECRET))).toBe(SECRET)
    expect(secretIdOfPartition('ACCESS#acme#ac_1')).toBeUndefined()
  })
})

describe('findSealedGrant', () => {
  it.each(['access', 'refresh'] as const)('gives back whose %s item a key is', (part) => {
    const place = { tenant: 'acme', ownerId: 'ac_1', part, mark: 'mark0000' }
    expect(findSealedGrant(sealedGrantKey(place))).toEqual(place)
  })

  it('puts the two parts under partitions of their own, by which roles are told apart', () => {
    const key = (part: 'access' | 'refresh') =>
      sealedGrantKey({ tenant: 'acme', ownerId: 'ac_1', part, mark: 'm' }).partition
    expect([key('access'), key('refresh')]).toEqual(['ACCESS#acme#ac_1', 'REFRESH#acme#ac_1'])
  })

  it.each([
    'SECRET#acme#ac_1',
    'ACCESS#acme',
    'ACCESS',
    '',
    'TENANT#acme#ACCESS',
    'toString#acme#ac_1',
    'access#acme#ac_1',
  ])('is undefined under %j', (partition) => {
    expect(findSealedGrant({ partition, sort: 'm' })).toBeUndefined()
  })
})
