import { connectionKey, oauthAppKey, rescueKey, tombstoneKey } from '../../../../shared/domain/keys.ts'
import { sealedGrantKey } from '../../../../shared/domain/sealed-keys.ts'
import { secretIdOf } from '../../../../shared/domain/secret-id.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { SecretNotFoundError } from '../../../../shared/ports/secret-store.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { deleteConnection } from '../../../../shared/use-cases/connections/delete-connection.ts'
import {
  getOauthApplication,
  listOauthApplications,
  updateOauthApplication,
} from '../../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import type { ComparisonReport } from '../../../../shared/use-cases/reconcile/page-comparison.ts'
import { reconcileStores } from '../../../../shared/use-cases/reconcile/reconcile-stores.ts'
import { createHubspotApplication } from '../../../crash/hubspot.ts'
import { TENANT } from '../../../crash/scenario.ts'
import { World } from '../../../crash/world.ts'
import { everyItem } from '../../../support/stored-items.ts'

const HOUR_MS = 3600_000
const VALUE = new SecretText('planted-canary')

async function worldWithConnection(): Promise<{
  world: World
  id: string
  secretId: string
  versionId: string
}> {
  const world = new World(3)
  const setup = { type: 'API_KEY', api_key: 'SG.key' }
  const input = { tenant: TENANT, clientId: 'c1', name: 'mail', appId: 'SENDGRID', setup }
  const { row } = await createConnection(world.start(), input)
  return { world, id: row.id, secretId: row.secret!.secretId, versionId: row.secret!.versionId }
}

async function compare(world: World): Promise<ComparisonReport> {
  const process = world.start()
  const outcome = await world.run(process, () => reconcileStores(process))
  if (outcome.kind !== 'answered') throw outcome.kind === 'failed' ? outcome.error : new Error('died')
  return outcome.value as ComparisonReport
}

async function orphan(world: World, ownerId = 'ac_nobody'): Promise<string> {
  const secretId = secretIdOf({ deployment: 'local', kind: 's', tenant: TENANT, ownerId, generation: 1 })
  await world.start().secrets.stage(secretId, 'v1', VALUE, { isNew: true })
  return secretId
}

async function secretIds(world: World): Promise<string[]> {
  const page = await world.start().secrets.list({ limit: 1000 })
  return page.items.map(({ secretId }) => secretId)
}

describe('reconcileStores', () => {
  it('finds nothing amiss in a vault that is whole, and touches nothing', async () => {
    const { world, id } = await worldWithConnection()
    await createHubspotApplication(world.start())
    const before = await everyItem(world.items)
    for (const report of await world.passDays(3)) {
      expect(report).toMatchObject({ secrets: 2, pointers: 2, orphanSecrets: 0, orphanVersions: 0 })
    }
    expect(await everyItem(world.items)).toEqual(before)
    await deleteConnection(world.start(), { tenant: TENANT, id, purge: false })
    expect(await world.passDays(2)).toMatchObject([
      { orphanSecrets: 0, restored: 0 },
      { orphanSecrets: 0, restored: 0 },
    ])
  })

  it('never reads a value', async () => {
    const { world } = await worldWithConnection()
    await orphan(world)
    const process = world.start()
    await world.run(process, () => reconcileStores(process))
    expect(process.plan.calls).not.toContain('secrets.get')
  })

  it('removes a secret that nobody owns: seen one day, scheduled the next, destroyed a window later', async () => {
    const { world } = await worldWithConnection()
    const secretId = await orphan(world)
    const reports = await world.passDays(10)
    expect(reports.map(({ scheduled, purged }) => scheduled + purged)).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 1])
    expect(reports[9]).toMatchObject({ purged: 1 })
    expect(await secretIds(world)).not.toContain(secretId)
    expect(await secretIds(world)).toHaveLength(1)
    expect((await everyItem(world.items)).filter(({ key }) => key.partition.endsWith('#SIGHTINGS'))).toEqual(
      [],
    )
  })

  it('lets a scheduled orphan be restored within its window', async () => {
    const { world } = await worldWithConnection()
    const secretId = await orphan(world)
    await world.passDays(3)
    await world.start().secrets.restore(secretId)
    expect((await world.start().secrets.get(secretId, 'v1')).reveal()).toBe('planted-canary')
  })

  it('does not take two runs of one day for two sightings', async () => {
    const { world } = await worldWithConnection()
    await orphan(world)
    await world.clock.advance(30 * HOUR_MS)
    expect(await compare(world)).toMatchObject({ orphanSecrets: 1, scheduled: 0 })
    await world.clock.advance(19 * HOUR_MS)
    expect(await compare(world)).toMatchObject({ orphanSecrets: 1, scheduled: 0 })
    await world.clock.advance(2 * HOUR_MS)
    expect(await compare(world)).toMatchObject({ orphanSecrets: 1, scheduled: 1 })
  })

  it('does not remove what is younger than a day, however often it was seen', async () => {
    const { world } = await worldWithConnection()
    await orphan(world)
    expect(await compare(world)).toMatchObject({ orphanSecrets: 1, scheduled: 0 })
    await world.clock.advance(23 * HOUR_MS)
    expect(await compare(world)).toMatchObject({ orphanSecrets: 1, scheduled: 0 })
    await world.clock.advance(2 * HOUR_MS)
    expect(await compare(world)).toMatchObject({ orphanSecrets: 1, scheduled: 1 })
  })

  it('starts over when the sighting of the day before is missing', async () => {
    const { world } = await worldWithConnection()
    await orphan(world)
    await world.clock.advance(30 * HOUR_MS)
    await compare(world)
    await world.clock.advance(40 * HOUR_MS)
    expect(await compare(world)).toMatchObject({ orphanSecrets: 1, scheduled: 0 })
    await world.clock.advance(24 * HOUR_MS)
    expect(await compare(world)).toMatchObject({ orphanSecrets: 1, scheduled: 1 })
  })

  it('removes no more than its cap in one run, and says what waits', async () => {
    const { world } = await worldWithConnection()
    for (let n = 0; n < 103; n++) await orphan(world, `ac_nobody${n}`)
    const [, second, third] = await world.passDays(3)
    expect(second).toMatchObject({ orphanSecrets: 103, scheduled: 100, postponed: 3 })
    expect(third).toMatchObject({ scheduled: 3, postponed: 0 })
  })

  it('discards a version of a live secret that nothing points at', async () => {
    const { world, id, secretId, versionId } = await worldWithConnection()
    await world.start().secrets.stage(secretId, 'superseded', VALUE)
    const [first, second] = await world.passDays(2)
    expect(first).toMatchObject({ orphanVersions: 1, discarded: 0 })
    expect(second).toMatchObject({ orphanVersions: 1, discarded: 1 })
    await expect(world.start().secrets.get(secretId, 'superseded')).rejects.toThrow(SecretNotFoundError)
    expect((await world.start().secrets.get(secretId, versionId)).reveal()).toContain('SG.key')
    expect(await world.fetch(TENANT, id)).toEqual({ api_key: 'SG.key' })
  })

  it('keeps a version that a rescue still needs', async () => {
    const { world, id, secretId } = await worldWithConnection()
    await world.start().secrets.stage(secretId, 'rescued', VALUE)
    const secret = { secretId, versionId: 'rescued', generation: 1, staged: 1 }
    const attributes = { connectionId: id, secret, grant: { access: 'mark0000' }, v: 1 }
    await world.items.transact([{ op: 'put', key: rescueKey(TENANT, id, 'an-op'), attributes }])
    for (const report of await world.passDays(3)) expect(report).toMatchObject({ orphanVersions: 0 })
  })

  it('removes sealed tokens that nothing names, a day after it first saw them, and no others', async () => {
    const { world, id } = await worldWithConnection()
    const place = (mark: string) => ({ tenant: TENANT, ownerId: id, part: 'access', mark }) as const
    const put = (mark: string) => ({ op: 'put', key: sealedGrantKey(place(mark)), attributes: {} }) as const
    const set = { grant: { access: 'named000' } }
    await world.items.transact([put('named000'), put('rescued0'), put('leftover')])
    await world.items.transact([
      { op: 'update', key: connectionKey(TENANT, id), set },
      {
        op: 'put',
        key: rescueKey(TENANT, id, 'an-op'),
        attributes: { id, grant: { access: 'rescued0' }, v: 1 },
      },
    ])
    const [first, second] = await world.passDays(2)
    expect(first).toMatchObject({ leftoverTokens: 1, tokensRemoved: 0 })
    expect(second).toMatchObject({ leftoverTokens: 1, tokensRemoved: 1 })
    expect(await world.items.get(sealedGrantKey(place('leftover')))).toBeUndefined()
    expect(await world.items.get(sealedGrantKey(place('named000')))).toBeDefined()
    expect(await world.items.get(sealedGrantKey(place('rescued0')))).toBeDefined()
  })

  it('raises an alarm for a pointer to nothing, each day, and leaves it as it is', async () => {
    const { world, id, secretId, versionId } = await worldWithConnection()
    await world.start().secrets.discard(secretId, versionId)
    const before = await world.items.get(connectionKey(TENANT, id))
    expect((await world.passDays(3)).map((report) => report.danglingPointers)).toEqual([1, 1, 1])
    await world.start().secrets.purge(secretId)
    expect(await compare(world)).toMatchObject({ danglingPointers: 1 })
    expect(await world.items.get(connectionKey(TENANT, id))).toEqual(before)
  })

  it('takes no alarm from a pointer that moves while it compares', async () => {
    const { world, id, secretId, versionId } = await worldWithConnection()
    const process = world.start()
    process.plan.pauseAt(process.plan.calls.length + 2, async () => {
      const other = world.start()
      await other.secrets.stage(secretId, 'newer', VALUE)
      await world.items.transact([
        {
          op: 'update',
          key: connectionKey(TENANT, id),
          set: { secret: { secretId, versionId: 'newer', generation: 1, staged: 1 } },
        },
      ])
      await other.secrets.discard(secretId, versionId)
    })
    const outcome = await world.run(process, () => reconcileStores(process))
    expect(process.plan.calls[1]).toBe('secrets.has')
    expect(outcome).toMatchObject({ kind: 'answered', value: { danglingPointers: 0 } })
  })

  it('brings back at once a secret in use that waits for its deletion', async () => {
    const { world, secretId } = await worldWithConnection()
    await world.start().secrets.scheduleDeletion(secretId)
    expect(await compare(world)).toMatchObject({ restored: 1, orphanSecrets: 0 })
    const listed = await world.start().secrets.list({ limit: 10 })
    expect(listed.items).toEqual([{ secretId, createdAtMs: expect.any(Number) }])
  })

  it('leaves alone a secret whose kind of owner it does not know', async () => {
    const { world } = await worldWithConnection()
    const secretId = await orphan(world, 'xx_subscription')
    for (const report of await world.passDays(4))
      expect(report).toMatchObject({ unknownOwners: 1, scheduled: 0 })
    expect(await secretIds(world)).toContain(secretId)
  })

  it('counts the secret of a tombstone as owned until its window is over', async () => {
    const { world, id, secretId } = await worldWithConnection()
    await deleteConnection(world.start(), { tenant: TENANT, id, purge: false })
    await world.passDays(6)
    expect(await secretIds(world)).toContain(secretId)
    await world.passDays(2)
    expect(await secretIds(world)).toEqual([])
    expect(await world.items.get(tombstoneKey(TENANT, id))).toBeUndefined()
  })

  it('counts the secret of a deletion that is not finished as owned, however long it takes', async () => {
    const { world, id } = await worldWithConnection()
    await deleteConnection(world.start(), { tenant: TENANT, id, purge: false })
    await world.items.transact([{ op: 'update', key: tombstoneKey(TENANT, id), set: { state: 'deleting' } }])
    for (let day = 0; day < 9; day++) {
      await world.clock.advance(24 * HOUR_MS)
      expect(await compare(world)).toMatchObject({ orphanSecrets: 0, purged: 0, danglingPointers: 0 })
    }
  })

  it('keeps the client secret before the newest while it is tried, and lets it go after that', async () => {
    const { world } = await worldWithConnection()
    await createHubspotApplication(world.start())
    const [{ id } = { id: '' }] = await listOauthApplications(world.start(), TENANT)
    const change = { tenant: TENANT, id, clientSecret: new SecretText('another-secret-000') }
    const changed = await updateOauthApplication(world.start(), change)
    const { secretId, versionId } = changed.previous!.secret
    for (const report of await world.passDays(6)) expect(report).toMatchObject({ orphanVersions: 0 })
    await world.start().secrets.get(secretId, versionId)
    await world.passDays(1)
    const { previous: _, ...rest } = changed
    expect(await getOauthApplication(world.start(), TENANT, id)).toEqual(rest)
    await world.passDays(2)
    await expect(world.start().secrets.get(secretId, versionId)).rejects.toThrow()
  })

  it('removes the secret of an application that is gone, and of no other', async () => {
    const { world } = await worldWithConnection()
    await createHubspotApplication(world.start())
    const application = (await secretIds(world)).find((secretId) => secretId.includes('/oa_'))!
    await world.items.transact([{ op: 'delete', key: oauthAppKey(TENANT, application.split('/')[4]!) }])
    await world.passDays(10)
    expect(await secretIds(world)).toHaveLength(1)
    expect(await secretIds(world)).not.toContain(application)
  })
})
