import {
  breakerKey,
  budgetKey,
  budgetsPartition,
  refusedChangesKey,
  turnKey,
  writesKey,
} from '../../../shared/domain/limit-keys.ts'

describe('keys of limits', () => {
  it('are under their tenant, where it is a tenant’s', () => {
    expect([
      budgetKey('acme', 'requests'),
      turnKey('acme', 'call', 3),
      breakerKey({ kind: 'host', tenant: 'acme', of: 'api.example.com' }),
      refusedChangesKey('acme', 'ac_1', 29_000_000),
    ]).toEqual([
      { partition: 'TENANT#acme#BUDGETS', sort: 'requests' },
      { partition: 'TENANT#acme#TURNS', sort: 'call#3' },
      { partition: 'TENANT#acme#BREAKERS', sort: 'host#api.example.com' },
      { partition: 'TENANT#acme#REFUSED_CHANGES', sort: 'ac_1#29000000' },
    ])
    expect(budgetsPartition('acme')).toBe('TENANT#acme#BUDGETS')
  })

  it('are under the vault, where all share it', () => {
    expect([
      writesKey('put', 1_893_456_000),
      breakerKey({ kind: 'host', tenant: undefined, of: 'api.example.com' }),
    ]).toEqual([
      { partition: 'VAULT#WRITES', sort: 'put#1893456000' },
      { partition: 'VAULT#BREAKERS', sort: 'host#api.example.com' },
    ])
  })
})
