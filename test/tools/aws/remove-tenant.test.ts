import { jest } from '@jest/globals'
import { VaultTables } from '../../../shared/adapters/dynamodb/vault-tables.ts'
import { MemoryItemStore } from '../../../shared/adapters/memory/memory-item-store.ts'
import { SealedSecretStore } from '../../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemRandom } from '../../../shared/adapters/system/system-random.ts'
import { connectionKey, eventKey, intentKey, oauthAppKey, rescueKey } from '../../../shared/domain/keys.ts'
import { sealedGrantKey } from '../../../shared/domain/sealed-keys.ts'
import { secretIdOf } from '../../../shared/domain/secret-id.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import { ConditionFailedError, type ItemKey, type ItemStore } from '../../../shared/ports/item-store.ts'
import { MOVED_KINDS } from '../../../tools/aws/move/moved-kinds.ts'
import {
  type EmptiedStores,
  type FoundOfTenants,
  findTenants,
  hasAnythingOf,
  ownerOf,
  type Removal,
  removeFound,
  whatStays,
} from '../../../tools/aws/remove-tenant.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { OPEN_KEYS } from '../../support/open-keys.ts'

/** A connection with its event, an application, a token and a sealed setup, of each tenant. */
async function filled(
  tenants: readonly string[],
): Promise<{ items: MemoryItemStore; secrets: SealedSecretStore }> {
  const items = new MemoryItemStore()
  const [clock, random] = [new ManualClock(), new SystemRandom()]
  const secrets = new SealedSecretStore({ items, keys: OPEN_KEYS, clock, random, deployment: 'local' })
  for (const tenant of tenants) {
    const keys: ItemKey[] = [
      connectionKey(tenant, 'ac_1'),
      eventKey(tenant, 'ac_1', 1),
      oauthAppKey(tenant, 'oa_1'),
      sealedGrantKey({ tenant, ownerId: 'ac_1', part: 'refresh', mark: 'm1' }),
    ]
    await items.transact(keys.map((key) => ({ op: 'put', key, attributes: { a: 1 } })))
    const secretId = secretIdOf({ deployment: 'local', kind: 's', tenant, ownerId: 'ac_1', generation: 1 })
    const { writes } = await secrets.stage(
      secretId,
      '11111111-2222-4333-8444-555555555555',
      new SecretText('setup'),
      { isNew: true },
    )
    await items.transact([...writes])
  }
  return { items, secrets }
}

async function partitionsOf(items: ItemStore): Promise<string[]> {
  const page = await items.scan({ limit: 1000 })
  return page.items.map(({ key }) => key.partition).sort()
}

/** As a store is whose secrets are not in the table. */
const BESIDE = { staging: 'at-once' } as const
const ACME: ReadonlySet<string> = new Set(['acme'])
const BOTH: ReadonlySet<string> = new Set(['acme', 'globex'])

async function remove(
  stores: EmptiedStores,
  tenants: ReadonlySet<string>,
  removal: Removal = {},
): Promise<FoundOfTenants> {
  const found = await findTenants(stores, tenants)
  await removeFound(stores, found, removal)
  return found
}

describe('removeFound', () => {
  it('leaves nothing of the tenant, and everything of one whose name begins alike', async () => {
    const stores = await filled(['acme', 'acme2'])
    const alone = await filled(['acme2'])
    const counts = { rows: 3, tokens: 1, secrets: 1, keyIds: ['k'], keyIdsOfOthers: ['k'] }
    expect(await remove(stores, ACME)).toMatchObject(counts)
    expect(await partitionsOf(stores.items)).toEqual(await partitionsOf(alone.items))
    expect(await findTenants(stores, ACME)).toMatchObject({ rows: 0, tokens: 0, secrets: 0 })
  })

  it('leaves nothing where events have a table of their own, which a scan of the rows does not see', async () => {
    const items = new MemoryItemStore()
    const keys = Object.keys(MOVED_KINDS).map((kind) => ({ partition: `TENANT#acme#${kind}`, sort: 'a' }))
    await items.transact(keys.map((key) => ({ op: 'put', key, attributes: { a: 1 } })))
    const tables = new VaultTables({ rows: 'rows', events: 'events' })
    const apart: ItemStore = {
      get: (key) => items.get(key),
      query: (query) => items.query(query),
      queryDue: (query) => items.queryDue(query),
      transact: (writes) => items.transact(writes),
      scan: async (query) => {
        const page = await items.scan(query)
        return {
          ...page,
          items: page.items.filter(({ key }) => tables.ofPartition(key.partition) === 'rows'),
        }
      },
    }
    const secrets = { ...BESIDE, list: async () => ({ items: [] }), purge: async () => undefined }
    const { rows } = await remove({ items: apart, secrets }, ACME)
    expect(rows).toBe(keys.length)
    expect(await partitionsOf(items)).toEqual([])
  })

  it('changes nothing where it only looks', async () => {
    const stores = await filled(['acme'])
    const before = await partitionsOf(stores.items)
    expect(await findTenants(stores, ACME)).toMatchObject({
      rows: 3,
      tokens: 1,
      secrets: 1,
    })
    expect(await partitionsOf(stores.items)).toEqual(before)
  })

  it('removes no row and no secret from when its condition does not hold', async () => {
    const mark = { partition: 'VAULT', sort: 'mark' }
    const onlyIf = { op: 'check', key: mark, when: [{ kind: 'item-present' }] } as const
    const stores = await filled(['acme', 'globex'])
    const [all, purged] = [await partitionsOf(stores.items), [] as string[]]
    const asked = { onlyIf }
    await expect(remove(stores, BOTH, asked)).rejects.toThrow(ConditionFailedError)
    expect(await partitionsOf(stores.items)).toEqual(all)
    await stores.items.transact([{ op: 'put', key: mark, attributes: {} }])
    const secrets: EmptiedStores['secrets'] = {
      ...BESIDE,
      list: (query) => stores.secrets.list(query),
      purge: async (name) => {
        purged.push(name)
        await stores.items.transact([{ op: 'delete', key: mark }])
      },
    }
    await expect(remove({ ...stores, secrets }, BOTH, asked)).rejects.toThrow(ConditionFailedError)
    expect(purged).toHaveLength(1)
  })

  it('goes on where it was stopped, rows first', async () => {
    const stores = await filled(['acme'])
    const failing: EmptiedStores['secrets'] = {
      ...BESIDE,
      list: (query) => stores.secrets.list(query),
      purge: () => Promise.reject(new Error('away')),
    }
    await expect(remove({ ...stores, secrets: failing }, ACME)).rejects.toThrow('away')
    await remove(stores, ACME)
    expect(await partitionsOf(stores.items)).toEqual([])
  })

  it('reads the table once, and finds without it what has come meanwhile', async () => {
    const stores = await filled(['acme', 'globex'])
    const scan = jest.spyOn(stores.items, 'scan')
    await remove(stores, ACME)
    expect(await hasAnythingOf(stores.items, 'acme')).toBe(false)
    for (const key of [
      connectionKey('acme', 'ac_2'),
      intentKey('acme', 'op'),
      rescueKey('acme', 'ac_1', 'op'),
    ]) {
      await stores.items.transact([{ op: 'put', key, attributes: { a: 1 } }])
      expect(await hasAnythingOf(stores.items, 'acme')).toBe(true)
      await stores.items.transact([{ op: 'delete', key }])
    }
    expect(await hasAnythingOf(stores.items, 'globex')).toBe(true)
    expect(scan).toHaveBeenCalledTimes(1)
  })
})

describe('ownerOf', () => {
  it('tells whose an item is, and of what belongs to nobody nothing', () => {
    expect(ownerOf(connectionKey('acme', 'ac_1'))).toEqual({ tenant: 'acme', kind: 'row' })
    expect(ownerOf({ partition: 'SECRET#somebody/else', sort: 'meta' })).toBeUndefined()
    expect(ownerOf({ partition: 'VAULT', sort: 'secret-store' })).toBeUndefined()
    expect(ownerOf({ partition: 'STATE#x', sort: 'state' })).toBeUndefined()
  })
})

describe('whatStays', () => {
  it('says until when backups, recovery and logs hold a tenant', () => {
    const nowMs = Date.parse('2026-11-28T12:00:00Z')
    const lines = whatStays({ nowMs, keepDays: 90, hasKey: false }).join('\n')
    expect(lines).toContain('until 2027-01-02')
    expect(lines).toContain('Copies by AWS Backup hold it until 2027-02-26')
    expect(lines).toContain('Logs hold the ids of its connections and clients until 2027-02-26')
    expect(whatStays({ nowMs, keepDays: undefined, hasKey: true }).join('\n')).not.toContain('AWS Backup')
  })
})
