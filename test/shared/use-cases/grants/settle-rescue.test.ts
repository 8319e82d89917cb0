import type { ConnectionRow } from '../../../../shared/domain/connection.ts'
import { connectionKey, eventKey, intentKey, rescueKey } from '../../../../shared/domain/keys.ts'
import { sealedGrantKey } from '../../../../shared/domain/sealed-keys.ts'
import type { GrantSealer } from '../../../../shared/ports/grant-sealer.ts'
import type { TokenRequest } from '../../../../shared/ports/oauth-client.ts'
import { CONNECTION_ROWS } from '../../../../shared/rows/connection-row.ts'
import type { Rescue } from '../../../../shared/rows/rescue-row.ts'
import type { Tombstone } from '../../../../shared/rows/tombstone-row.ts'
import { openIntent } from '../../../../shared/use-cases/commit/intent.ts'
import { rescueWrite } from '../../../../shared/use-cases/commit/rescue-item.ts'
import { sealedPlaces } from '../../../../shared/use-cases/commit/sealed-removal.ts'
import { undoneMark } from '../../../../shared/use-cases/commit/settle-commit.ts'
import { findTombstone, putTombstone } from '../../../../shared/use-cases/commit/tombstones.ts'
import { deleteConnection } from '../../../../shared/use-cases/connections/delete-connection.ts'
import type { GrantPorts } from '../../../../shared/use-cases/grants/grant-ports.ts'
import { mintFirstGrant } from '../../../../shared/use-cases/grants/mint-first-grant.ts'
import { prepareSeals } from '../../../../shared/use-cases/grants/sealed-tokens.ts'
import { findRescue, settleRescue } from '../../../../shared/use-cases/grants/settle-rescue.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
  revocation_url: 'https://idp.example.test/revoke',
}

describe('settleRescue', () => {
  let world: GrantsUnderTest
  let row: ConnectionRow
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(({ path }) => {
      const tokens = { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3600 }
      return { body: path === '/token' ? tokens : {} }
    })
    const { id } = await world.create('OAUTH2', { ...SETUP, code: 'code-000' })
    row = await world.row(id)
  })
  afterEach(() => world.close())

  const revoked = () =>
    world.provider.requests
      .filter(({ path }) => path === '/revoke')
      .map(({ parameters }) => parameters['token'])

  /** What an answer leaves beside the row: `access-2`, sealed, for the grants of the given names. */
  async function leave(change: Partial<Rescue> & { names?: readonly string[] } = {}): Promise<void> {
    const { names = ['main'], ...members } = change
    const seals = await prepareSeals(world.ports, row)
    const tokens = { access_token: 'access-2', refresh_token: 'refresh-2', extra: {} }
    const all = Object.fromEntries(names.map((name) => [name, tokens]))
    const { pointer, writes } = seals.seal(all, { pointer: undefined, tokens: {} })
    const state = { ...row.grants!['main']!, mark: seals.mark }
    const rescue: Rescue = {
      ...{ of: 'renewal', op: 'op-of-the-rescue', tenant: row.tenant },
      ...{ id: row.id, appId: row.appId, setupType: row.setupType!, setupDigest: row.setupDigest! },
      ...{ clientDigest: row.clientDigest!, authorization: row.authorization!, secret: row.secret! },
      grant: pointer,
      grants: Object.fromEntries(names.map((name) => [name, state])),
      requiredScopes: [],
      replaces: Object.fromEntries(names.map((name) => [name, row.grants?.[name]?.mark ?? ''])),
      createdAtMs: world.clock.nowMs(),
      ...members,
    }
    await world.ports.items.transact([...writes, rescueWrite(rescue, world.clock.nowMs())])
  }
  async function settle(ports: GrantPorts = world.ports) {
    const rescue = await findRescue(world.ports, { tenant: row.tenant, id: row.id, op: 'op-of-the-rescue' })
    return settleRescue(ports, rescue!)
  }
  async function put(members: Partial<ConnectionRow>): Promise<void> {
    row = { ...row, ...members }
    await world.ports.items.transact([
      { op: 'put', key: connectionKey(row.tenant, row.id), attributes: CONNECTION_ROWS.encode(row) },
    ])
  }
  const serves = async () => (await world.fetch(row.id)).fields.access_token

  it.each<[string, Partial<ConnectionRow>]>([
    ['works', {}],
    ['was thought to be dead', { status: 'reauthorization_required' }],
  ])('adopts a renewal of the grant that is there, of a connection that %s', async (_, members) => {
    await put(members)
    await leave()
    expect(await settle()).toBe('adopted')
    expect(await world.row(row.id)).toMatchObject({ status: 'ready', fence: row.fence + 1 })
    expect(await serves()).toBe('access-2')
    // What nothing names any more goes at once, and not only with the daily comparison.
    for (const { part, mark } of sealedPlaces(row, row.grant)) {
      const key = sealedGrantKey({ tenant: row.tenant, ownerId: row.id, part, mark })
      expect([part, await world.ports.items.get(key)]).toEqual([part, undefined])
    }
  })

  it.each<[string, Partial<Rescue>]>([
    ['a renewal of another authorization', { authorization: 'another' }],
    ['the first grant of an operation that was undone', { of: 'first', authorization: 'op-of-the-rescue' }],
    ['what a person authorized before another did', { of: 'authorize', authorization: 'another' }],
    ['a renewal of a grant that was renewed since', { replaces: { main: 'older' } }],
  ])('does not adopt %s, and ends nothing at the provider', async (_, members) => {
    await leave(members)
    expect(await settle()).toBe('superseded')
    expect(await world.row(row.id)).toEqual(row)
    expect(await serves()).toBe('access-1')
    // The client and the person are those of the grant that works.
    expect(revoked()).toEqual([])
    const key = rescueKey(row.tenant, row.id, 'op-of-the-rescue')
    expect(await world.ports.items.get(key)).toBeUndefined()
  })

  /** Another client in the place of the one that the answer was for. */
  async function changeClient(): Promise<void> {
    const settings = { ...row.settings, client_id: 'client-of-another' }
    await put({ clientDigest: 'of-another-client', settings })
  }

  it('ends what is of another client now', async () => {
    const { clientDigest } = row
    await changeClient()
    await leave({ clientDigest: clientDigest! })
    expect(await settle()).toBe('revoked')
    expect(revoked()).toEqual(['refresh-2'])
    expect(await serves()).toBe('access-1')
  })

  it('adopts what a person authorized, although the old grant was renewed since', async () => {
    await leave({ of: 'authorize', replaces: { main: 'older' } })
    expect(await settle()).toBe('adopted')
    expect(await serves()).toBe('access-2')
  })

  it('adopts a renewal by the scopes that a new setup has asked for meanwhile', async () => {
    await put({ requiredScopes: ['admin'], settings: { ...row.settings, scope: 'admin' } })
    await leave({ requiredScopes: ['read'] })
    expect(await settle()).toBe('adopted')
    expect((await world.row(row.id)).requiredScopes).toEqual(['admin'])
  })

  it('adopts what a person authorized as the authorization that it is', async () => {
    const ofTheOld = {
      account: { id: 'ann' },
      authorizedBy: { id: 'client-of-ann' },
      warnedRefreshExpiryMs: 1_000,
    }
    await put({ ...ofTheOld, requiredScopes: ['read'] })
    const members = { authorization: 'another', seenIssuer: 'https://idp.example.test' }
    await leave({ of: 'authorize', requiredScopes: [], members })
    expect(await settle()).toBe('adopted')
    const adopted = await world.row(row.id)
    expect(adopted).toMatchObject({ ...members, requiredScopes: [] })
    // Whose the grant is nobody said, nor who asked for it, and what was warned of was the end of the old one.
    for (const name of Object.keys(ofTheOld)) expect(adopted).not.toHaveProperty(name)
    const told = await world.ports.items.get(eventKey(row.tenant, row.id, adopted.sequence))
    expect(told).toMatchObject({
      type: 'connection.updated',
      changed: ['authorization', 'credentials'],
    })
  })

  it('takes over none of a bundle of which one grant has been replaced', async () => {
    await put({ grants: { ...row.grants, user: { ...row.grants!['main']!, mark: 'newer' } } })
    await leave({ names: ['main', 'user'], replaces: { main: row.grants!['main']!.mark, user: 'older' } })
    expect(await settle()).toBe('superseded')
    expect(await serves()).toBe('access-1')
  })

  it('looks again where the row has moved on before what it points at was opened', async () => {
    await put({ grants: { ...row.grants, user: row.grants!['main']! } })
    await leave({ names: ['user'] })
    const { sealer } = world.ports
    const late: GrantSealer = {
      removesAtOnce: sealer.removesAtOnce,
      prepare: (place) => sealer.prepare(place),
      async open(place) {
        if (place.mark === row.grant?.refresh) {
          await world.ports.items.transact([{ op: 'delete', key: sealedGrantKey(place) }])
          await put({ grant: { access: 'another0', refresh: 'another0' } })
        }
        return sealer.open(place)
      },
    }
    expect(await settle({ ...world.ports, sealer: late })).toBe('contended')
    const left = { tenant: row.tenant, id: row.id, op: 'op-of-the-rescue' }
    expect(await findRescue(world.ports, left)).toBeDefined()
  })

  it.each(['create', 'update'] as const)('waits for an operation that may still commit: %s', async (kind) => {
    await leave({ of: 'first', authorization: 'op-of-the-rescue', clientDigest: 'of-another-client' })
    const key = connectionKey(row.tenant, row.id)
    await world.ports.items.transact([
      ...(kind === 'create' ? [{ op: 'delete', key } as const] : []),
      openIntent({
        ...{ kind, tenant: row.tenant, ownerId: row.id, op: 'op-of-the-rescue' },
        ...{ secretId: row.secret!.secretId, newSecret: true, deadlineAtMs: world.clock.nowMs() + 60_000 },
      }),
    ])
    expect(await settle()).toBe('contended')
    expect(revoked()).toEqual([])
  })

  it('does not wait for an operation that is undone, whose mark stands in the place of its intent', async () => {
    const { clientDigest } = row
    await changeClient()
    await leave({ of: 'first', clientDigest: clientDigest! })
    const key = intentKey(row.tenant, 'op-of-the-rescue')
    const attributes = undoneMark(world.clock.nowMs())
    await world.ports.items.transact([{ op: 'put', key, attributes }])
    expect(await settle()).toBe('revoked')
    expect(revoked()).toEqual(['refresh-2'])
  })

  describe('of a connection that was deleted and may be restored', () => {
    const DELETED_AT_MS = 1_000
    async function remove(members: Partial<Tombstone> = {}): Promise<void> {
      const tombstone = {
        state: 'deleted',
        row,
        deletedAtMs: DELETED_AT_MS,
        purge: false,
        op: 'deletion',
      } as const
      await world.ports.items.transact([
        { op: 'delete', key: connectionKey(row.tenant, row.id) },
        putTombstone({ ...tombstone, ...members }, world.clock.nowMs() + 86_400_000),
      ])
    }
    const deleted = async () => (await findTombstone(world.ports, row.tenant, row.id))!
    /** How many of the sealed items are there that a pointer names. */
    async function sealed({ grant }: Pick<Rescue, 'grant'>): Promise<number> {
      const keys = sealedPlaces(row, grant).map((place) => sealedGrantKey(place))
      const items = await Promise.all(keys.map((key) => world.ports.items.get(key)))
      return items.filter((item) => item !== undefined).length
    }
    const left = () => findRescue(world.ports, { tenant: row.tenant, id: row.id, op: 'op-of-the-rescue' })

    it('leaves what another process has put there', async () => {
      await remove({ revocations: { main: 'failed' } })
      await leave()
      const rescue = (await left())!
      expect(await settleRescue(world.ports, rescue)).toBe('adopted')
      expect(await settleRescue(world.ports, rescue)).toBe('superseded')
      expect(revoked()).toEqual([])
      expect(await sealed(rescue)).toBe(2)
      expect(await deleted()).toMatchObject({
        state: 'deleted',
        revocations: { main: 'failed' },
        row: { grant: rescue.grant },
      })
    })

    it('lets a renewal go that was followed by another, and leaves the refresh token that both have', async () => {
      await remove()
      await leave({ replaces: { main: 'older' } })
      const { grant } = (await left())!
      const rescue = { ...(await left())!, grant: { ...grant, refresh: row.grant!.refresh! } }
      expect(await settleRescue(world.ports, rescue)).toBe('superseded')
      expect(revoked()).toEqual([])
      expect(await sealed({ grant: row.grant! })).toBe(2)
    })

    it.each<[string, Partial<ConnectionRow>, Partial<Rescue>]>([
      ['although the old grant was renewed since', {}, { replaces: { main: 'older' } }],
      [
        'of a connection without a setup',
        {
          setupType: undefined,
          setupDigest: undefined,
          clientDigest: undefined,
          grant: undefined,
          grants: undefined,
        },
        { clientDigest: undefined, replaces: {} },
      ] as never,
    ])('adopts what a person authorized, %s, and goes on with the deletion', async (_, members, change) => {
      const { clientDigest, setupDigest, setupType } = row
      const grants = row.grants!
      row = { ...row, ...members }
      await remove({ revocations: { main: 'failed' } })
      row = { ...row, grants, ...{ setupType: setupType!, setupDigest: setupDigest! } }
      const authorized = { authorization: 'another', clientDigest: clientDigest!, setupDigest: setupDigest! }
      await leave({ of: 'authorize', members: { ...authorized, setupType: setupType! }, ...change })
      const { grant } = (await left())!
      expect(await settle()).toBe('adopted')
      const found = await deleted()
      expect(found).toMatchObject({ state: 'deleting', row: { ...authorized, setupType, grant } })
      expect(found.revocations).toBeUndefined()
      await world.reconcile()
      expect(revoked()).toEqual(['refresh-2'])
      expect(await deleted()).toMatchObject({ state: 'deleted', revocations: { main: 'revoked' } })
    })

    it.each<[string, Partial<Tombstone>, Partial<Rescue>]>([
      ['whose grant was revoked', { revocations: { main: 'revoked' } }, {}],
      ['that is not to be restored', { purge: true }, {}],
      ['with another authorization', {}, { authorization: 'another' }],
    ])('ends what waits beside one %s', async (_, members, change) => {
      await remove(members)
      await leave(change)
      expect(await settle()).toBe('revoked')
      expect(revoked()).toEqual(['refresh-2'])
      expect(await left()).toBeUndefined()
    })

    it('is ended with its connection when that is purged', async () => {
      await leave()
      await deleteConnection(world.ports, { tenant: row.tenant, id: row.id, purge: true })
      expect(revoked()).toEqual(['refresh-1', 'refresh-2'])
    })

    it('waits while nobody knows whether the deletion ends the grant', async () => {
      await remove({ state: 'deleting' })
      await leave()
      expect(await settle()).toBe('contended')
    })
  })
})

describe('what an answer will be sealed with', () => {
  it('is in hand before a provider is asked, for first grants, renewals and codes alike', async () => {
    const world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({
      body: { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3600 },
    }))
    const { id } = await world.create('OAUTH2', { ...SETUP, code: 'code-000' })
    const steps: string[] = []
    const { oauth, sealer } = world.ports
    const ports = {
      ...world.ports,
      sealer: {
        removesAtOnce: sealer.removesAtOnce,
        prepare: (place: Parameters<typeof sealer.prepare>[0]) => {
          steps.push('key')
          return sealer.prepare(place)
        },
        open: sealer.open.bind(sealer),
      },
      oauth: {
        requestToken: (request: TokenRequest) => {
          steps.push('asked')
          return oauth.requestToken(request)
        },
        revoke: oauth.revoke.bind(oauth),
        readImport: oauth.readImport.bind(oauth),
        probe: oauth.probe.bind(oauth),
      },
    }
    await rotateConnection(ports, { tenant: world.tenant, id, cause: 'manual' })
    const { authorization_url: _, revocation_url: __, ...ofClient } = SETUP
    const machine = await world.create('OAUTH2', { ...ofClient, type: 'CLIENT_CREDENTIALS' })
    const { appId, setupType, setupDigest, secret, tenant } = machine
    const stored = {
      tenant,
      id: machine.id,
      appId,
      setupType: setupType!,
      setupDigest: setupDigest!,
      secret: secret!,
    }
    await mintFirstGrant(ports, { ...stored, op: 'an-operation' })
    expect(steps).toEqual(['key', 'key', 'asked', 'key', 'key', 'asked'])
    await world.close()
  })
})
