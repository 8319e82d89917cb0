import {
  authorizationKey,
  connectionKey,
  deliveryKey,
  eventSort,
  findEventSortParts,
  findPartitionParts,
  isAuthorizationKey,
  permitKey,
  usageKey,
  usageSortPrefix,
} from '../../../shared/domain/keys.ts'

describe('findEventSortParts', () => {
  it('gives back what eventSort was given, whose order is that of the numbers', () => {
    expect(findEventSortParts(eventSort('ac_1', 12))).toEqual({ ownerId: 'ac_1', sequence: 12 })
    expect(eventSort('ac_1', 9) < eventSort('ac_1', 10)).toBe(true)
  })

  it.each(['', 'ac_1', 'ac_1#', '#1', 'ac_1#1x', 'ac_1#x1', 'a#b#1', 'ac_1#1#2'])(
    'is undefined for %j',
    (sort) => {
      expect(findEventSortParts(sort)).toBeUndefined()
    },
  )
})

describe('findPartitionParts', () => {
  it('tells whose a partition is, and of what', () => {
    const { partition } = connectionKey('acme', 'ac_1')
    expect(findPartitionParts(partition)).toEqual({ tenant: 'acme', kind: 'CONNECTIONS' })
  })

  it.each([
    '',
    'TENANT',
    'TENANT#acme',
    'VAULT#acme#CONNECTIONS',
    'STATE#acme#CONNECTIONS',
    'acme#CONNECTIONS',
  ])('is undefined for %j, which belongs to no tenant', (partition) => {
    expect(findPartitionParts(partition)).toBeUndefined()
  })
})

describe('isAuthorizationKey', () => {
  it('tells an authorization from all else', () => {
    expect(isAuthorizationKey(authorizationKey('digest'))).toBe(true)
    expect(isAuthorizationKey(connectionKey('acme', 'STATE#'))).toBe(false)
    expect(isAuthorizationKey({ partition: 'TENANT#STATE#', sort: 'state' })).toBe(false)
  })
})

describe('keys of a tenant', () => {
  it('have it before all else', () => {
    expect([
      usageKey('acme', 'ac_1', 'client', 'flow'),
      usageKey('acme', 'ac_1', 'client'),
      permitKey('acme', 'pm_1'),
      deliveryKey('acme', 'su_1', 'a-test'),
    ]).toEqual([
      { partition: 'TENANT#acme#USAGE', sort: 'ac_1#client#flow' },
      { partition: 'TENANT#acme#USAGE', sort: 'ac_1#client#' },
      { partition: 'TENANT#acme#PERMITS', sort: 'pm_1' },
      { partition: 'TENANT#acme#DELIVERIES', sort: 'su_1#a-test' },
    ])
    expect(usageKey('acme', 'ac_1', 'client').sort.startsWith(usageSortPrefix('ac_1'))).toBe(true)
  })

  it('are in the order of the feed, where they are of a place in it', () => {
    const sorts = [9, 10, 100].map((place) => deliveryKey('acme', 'su_1', place).sort)
    expect([...sorts].sort()).toEqual(sorts)
  })
})
