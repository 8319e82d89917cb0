import { readFileSync } from 'node:fs'
import path from 'node:path'
import { connectionKey, freezeKey, permitKey } from '../../../../shared/domain/keys.ts'
import { sealedGrantKey } from '../../../../shared/domain/sealed-keys.ts'
import { isInUse, MOVED_KINDS, wayOf } from '../../../../tools/aws/move/moved-kinds.ts'
import { PROJECT_ROOT } from '../../../support/source-files.ts'

describe('MOVED_KINDS', () => {
  it('decides on every kind of items that keys are made for', () => {
    const files = ['keys', 'limit-keys', 'tool-keys'].map((name) =>
      path.join(PROJECT_ROOT, 'shared', 'domain', `${name}.ts`),
    )
    const text = files.map((file) => readFileSync(file, 'utf8')).join('\n')
    const kinds = [...text.matchAll(/`TENANT#\$\{[a-z.]+\}#([A-Z_]+)`/g)].map(([, kind]) => kind)
    expect(kinds.length).toBeGreaterThan(15)
    expect(Object.keys(MOVED_KINDS).sort()).toEqual([...new Set(kinds)].sort())
  })
})

describe('wayOf', () => {
  it('leaves sealed values to their rows, and what is the vault’s own where it is', () => {
    const sealed = sealedGrantKey({ tenant: 'acme', ownerId: 'ac_1', part: 'refresh', mark: 'm' })
    for (const key of [
      sealed,
      { partition: 'VAULT', sort: 'restored' },
      { partition: 'STATE#x', sort: 'state' },
    ])
      expect(wayOf(key)).toBeUndefined()
    expect(wayOf(connectionKey('acme', 'ac_1'))).toMatchObject({ tenant: 'acme', way: 'connection' })
  })

  it.each(['TENANT#acme#INVOICES', 'ELSEWHERE#1'])('refuses %s, of which nobody has decided', (partition) => {
    expect(() => wayOf({ partition, sort: 'x' })).toThrow('does not know how to move')
  })
})

describe('isInUse', () => {
  it.each([
    ['a connection', connectionKey('acme', 'ac_1'), true],
    ['a sealed setup', { partition: 'SECRET#flow-vault/x/s/acme/ac_1/g1', sort: 'meta' }, true],
    ['a permit', permitKey('acme', 'pt_1'), true],
    ['a freeze', freezeKey('acme', 'fz_1'), true],
    ['a counter', { partition: 'TENANT#acme#COUNTERS', sort: 'connections#0' }, false],
    ['the kind of its store', { partition: 'VAULT', sort: 'secret-store' }, false],
  ])('judges %s', (_, key, isUsed) => {
    expect(isInUse(key)).toBe(isUsed)
  })
})
