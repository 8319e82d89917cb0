import { createLocalGrantRunner } from '../../../../functions/grants/local-grant-runner.ts'
import { metaKey, versionKey } from '../../../../shared/domain/sealed-keys.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { Item } from '../../../../shared/ports/item-store.ts'
import { SecretNotFoundError, type SecretStore } from '../../../../shared/ports/secret-store.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { verifyConnection } from '../../../../shared/use-cases/connections/verify-connection.ts'
import { fetchCredential } from '../../../../shared/use-cases/fetch/fetch-credential.ts'
import { OpenedSecrets } from '../../../../shared/use-cases/memory/opened-secrets.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const STATIC = { type: 'TOKEN', token: 'token-0123456789' }
const MACHINE = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
  scope: 'read',
}
const PERSONS = {
  ...MACHINE,
  type: 'AUTHORIZATION_CODE',
  authorization_url: 'https://idp.example.test/authorize',
}
const HOUR_MS = 3_600_000
const GONE = { code: 'credential-unavailable', detail: { errorCode: 'setup_missing' } }

describe('a setup that is gone from the secret store', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({
      body: { access_token: 'access-1', token_type: 'Bearer', expires_in: 3600, scope: 'read' },
    }))
  })
  afterEach(() => world.close())

  const made = async () => (await world.create('TELEGRAM', STATIC)).id

  /** What an operator does by hand: the secret goes, and nothing else knows of it. Answers how it is brought back. */
  async function lose(id: string): Promise<() => Promise<void>> {
    const { secretId, versionId } = (await world.row(id)).secret!
    const keys = [versionKey(secretId, versionId), metaKey(secretId)]
    const kept: Item[] = []
    for (const key of keys) kept.push({ key, attributes: (await world.ports.items.get(key))! })
    await world.ports.items.transact(keys.map((key) => ({ op: 'delete', key })))
    return () => world.ports.items.transact(kept.map((item) => ({ op: 'put', ...item })))
  }

  /** The ports of a process that has opened nothing yet. */
  function afresh(secrets: SecretStore = world.ports.secrets) {
    const opened = new OpenedSecrets(secrets, world.ports.sealer)
    const base = { ...world.ports, secrets, opened }
    return { ...base, grants: createLocalGrantRunner(base) }
  }
  const fetchWith = (ports: ReturnType<typeof afresh>, id: string) =>
    fetchCredential(ports, { tenant: world.tenant, id, minTtlSeconds: 60 })
  const lines = () =>
    world.lines.filter((line) => line.startsWith('a row points at a setup that is not there'))

  it('is told to flows, to people and to operators, and no more than once in the feed', async () => {
    const id = await made()
    await lose(id)
    await expect(fetchWith(afresh(), id)).rejects.toMatchObject({
      ...GONE,
      message: expect.stringContaining('Send the whole setup again'),
      detail: { retryAfterSeconds: 300 },
    })
    expect(lines()).toEqual([expect.stringContaining(id)])
    const row = await world.row(id)
    expect(row).toMatchObject({
      status: 'degraded',
      version: 2,
      failure: { code: 'setup_missing', count: 1 },
    })
    await expect(fetchWith(afresh(), id)).rejects.toMatchObject(GONE)
    expect(await world.row(id)).toEqual(row)
  })

  it('is served again once it is back, and the connection is well', async () => {
    const id = await made()
    const bringBack = await lose(id)
    await expect(fetchWith(afresh(), id)).rejects.toMatchObject(GONE)
    await bringBack()
    expect(await fetchWith(afresh(), id)).toMatchObject({ kind: 'credential' })
    const { failure, status } = await world.row(id)
    expect([status, failure]).toEqual(['ready', undefined])
  })

  it('is brought by the same setup sent again, under a name that was never used', async () => {
    const id = await made()
    await lose(id)
    await expect(fetchWith(afresh(), id)).rejects.toMatchObject(GONE)
    const update = { tenant: world.tenant, id }
    await expect(updateConnection(afresh(), { ...update, changes: { token: 'new' } })).rejects.toMatchObject({
      code: 'conflict',
      detail: { errorCode: 'setup_missing' },
    })
    const updated = await updateConnection(afresh(), { ...update, setup: STATIC })
    expect(updated).toMatchObject({ status: 'ready', secret: { generation: 2 } })
    expect(updated.failure).toBeUndefined()
    expect(await fetchWith(afresh(), id)).toMatchObject({ kind: 'credential' })
  })

  it('is no end of what was minted with it: the token is served to its end, then told what is missing', async () => {
    const { id } = await world.create('OAUTH2', MACHINE)
    await lose(id)
    expect(await fetchWith(afresh(), id)).toMatchObject({ kind: 'credential' })
    world.clock.advance(2 * HOUR_MS)
    await expect(fetchWith(afresh(), id)).rejects.toMatchObject(GONE)
    expect(await world.row(id)).toMatchObject({ status: 'degraded', failure: { code: 'setup_missing' } })
    await updateConnection(afresh(), { tenant: world.tenant, id, setup: MACHINE })
    expect(await fetchWith(afresh(), id)).toMatchObject({ kind: 'credential' })
    expect(await world.row(id)).toMatchObject({ status: 'ready' })
  })

  it('is said to be gone no more as soon as it is sent again, beside a grant that a person allowed', async () => {
    world.provider.answerWith(() => ({
      body: { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3600, scope: 'read' },
    }))
    const { id } = await world.create('OAUTH2', PERSONS)
    await world.connect(id)
    await lose(id)
    world.clock.advance(2 * HOUR_MS)
    await expect(fetchWith(afresh(), id)).rejects.toMatchObject(GONE)
    const update = { tenant: world.tenant, id, setup: PERSONS }
    const updated = await updateConnection(afresh(), update)
    expect(updated).toMatchObject({ status: 'ready', secret: { generation: 2 } })
    expect([updated.failure, updated.statusReason]).toEqual([undefined, undefined])
    expect((await updateConnection(afresh(), update)).version).toBe(updated.version)
    expect(await fetchWith(afresh(), id)).toMatchObject({ kind: 'credential' })
  })

  it('is told to whoever authorizes, before the provider’s page and after it, and the same setup brings it back', async () => {
    const { id } = await world.create('OAUTH2', PERSONS)
    await lose(id)
    const told = { code: 'conflict', detail: { errorCode: 'setup_missing' } }
    await expect(world.authorize(id)).rejects.toMatchObject(told)
    expect(await world.row(id)).toMatchObject({ status: 'pending', failure: { code: 'setup_missing' } })
    const exchanged = await afresh().grants.exchange({
      ...{ tenant: world.tenant, id, setupType: PERSONS.type, scopes: ['read'] },
      ...{ code: new SecretText('code-000'), state: new SecretText('state-000') },
      redirectUri: 'https://vault.example.test/oauth/return/x',
    })
    expect(exchanged).toMatchObject({ kind: 'failed', failure: { code: 'setup_missing' } })
    expect(world.provider.requests).toHaveLength(0)
    await updateConnection(afresh(), { tenant: world.tenant, id, setup: PERSONS })
    expect((await world.authorize(id)).host).toBe('idp.example.test')
  })

  it('cannot be tried, and is said to be unreachable', async () => {
    const id = await made()
    await lose(id)
    const verified = await verifyConnection(afresh(), { tenant: world.tenant, id })
    expect(verified.result).toBe('unreachable')
  })

  it('is not believed of a store that is behind: what another look shows is served, and nothing is told', async () => {
    const id = await made()
    const row = await world.row(id)
    let behind = 1
    const secrets = new Proxy(world.ports.secrets, {
      get(target, name: keyof SecretStore) {
        if (name !== 'get')
          return typeof target[name] === 'function' ? target[name].bind(target) : target[name]
        return async (...asked: Parameters<SecretStore['get']>) => {
          if (behind-- > 0) throw new SecretNotFoundError('not to be seen yet')
          return target.get(...asked)
        }
      },
    }) as SecretStore
    expect(await fetchWith(afresh(secrets), id)).toMatchObject({ kind: 'credential' })
    const { lastFetchedHour: _, ...after } = await world.row(id)
    expect(after).toEqual(row)
    expect(lines()).toEqual([])
  })
})
