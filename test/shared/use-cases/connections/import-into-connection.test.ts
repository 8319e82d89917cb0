import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import type { GrantInput } from '../../../../shared/use-cases/connections/import-grant.ts'
import { previewUpdate } from '../../../../shared/use-cases/connections/preview-change.ts'
import {
  type UpdateConnectionInput,
  updateConnection,
} from '../../../../shared/use-cases/connections/update-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'own-client-000',
  client_secret: 'own-secret-000',
  authorization_url: 'https://idp.example.com/authorize',
  token_url: 'https://idp.example.com/token',
}
const HOUR_MS = 3_600_000

describe('a grant that is brought along for a connection that is there', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({ body: { access_token: 'renewed', expires_in: 3600 } }))
  })
  afterEach(() => world.close())

  const grantOf = (name: string): GrantInput => ({
    accessToken: new SecretText(`${name}-access`),
    refreshToken: new SecretText(`${name}-refresh`),
    expiresAtMs: world.clock.nowMs() + HOUR_MS,
  })
  const make = async (made: Partial<Parameters<typeof createConnection>[1]>): Promise<string> => {
    const input = { tenant: world.tenant, clientId: 'test', name: 'Orders', appId: 'OAUTH2', ...made }
    return (await createConnection(world.ports, input)).row.id
  }
  const update = (id: string, change: Partial<UpdateConnectionInput>) => ({
    ...{ tenant: world.tenant, id },
    ...change,
  })
  const give = (id: string, change: Partial<UpdateConnectionInput>) =>
    updateConnection(world.ports, update(id, change))
  const served = async (id: string) => (await world.fetch(id)).request.headers['Authorization']
  const sealed = async (kind: 'ACCESS' | 'REFRESH', id: string) => {
    const partition = `${kind}#${world.tenant}#${id}`
    return (await world.ports.items.query({ partition, limit: 10 })).items.map(({ key }) => key.sort)
  }

  it('takes the place of the one it had, with the setup that is stored, and asks nobody', async () => {
    const id = await make({ setup: SETUP, grant: grantOf('first') })
    const { credentialVersion, grant: old } = await world.row(id)
    expect(await previewUpdate(world.ports, update(id, { grant: grantOf('second') }))).toMatchObject({
      ...{ changes: ['grant'], heldGrant: 'replaced', newGrant: 'imported' },
    })
    expect(await give(id, { grant: grantOf('second') })).toMatchObject({
      ...{ status: 'ready', credentialVersion: credentialVersion + 1 },
    })
    expect(await served(id)).toBe('Bearer second-access')
    expect(world.provider.requests).toEqual([])
    expect(await sealed('ACCESS', id)).not.toContain(old!.access)
    await world.clock.advance(HOUR_MS - 60_000)
    await world.sweep()
    const [renewal] = world.provider.requests
    const client = Buffer.from(`${SETUP.client_id}:${SETUP.client_secret}`).toString('base64')
    expect(renewal).toMatchObject({
      authorization: `Basic ${client}`,
      parameters: { refresh_token: 'second-refresh' },
    })
  })

  it('makes an empty one ready, with its setup', async () => {
    const id = await make({})
    await expect(give(id, { grant: grantOf('first') })).rejects.toMatchObject({ code: 'invalid-body' })
    expect((await give(id, { setup: SETUP, grant: grantOf('first') })).status).toBe('ready')
  })

  it('is of no other connection, and is tried by nobody', async () => {
    await make({ setup: SETUP, grant: grantOf('first') })
    const id = await make({ setup: SETUP, grant: grantOf('second') })
    const held = { detail: { errorCode: 'grant_imported' } }
    await expect(give(id, { grant: grantOf('first') })).rejects.toMatchObject(held)
    const tried = give(id, { grant: grantOf('third'), verify: true })
    await expect(tried).rejects.toMatchObject({ code: 'invalid-query' })
    expect(await served(id)).toBe('Bearer second-access')
  })

  it('leaves nothing where its commit fails, and the one before works on', async () => {
    const id = await make({ setup: SETUP, grant: grantOf('first') })
    const before = await sealed('REFRESH', id)
    const { items } = world.ports
    const transact = items.transact.bind(items)
    items.transact = async (writes) => {
      if (writes.some(({ key }) => key.partition.endsWith('#IMPORTED')))
        throw new StoreUnavailableError('away', 'not-applied')
      return transact(writes)
    }
    const failed = give(id, { grant: grantOf('second') })
    await expect(failed).rejects.toMatchObject({ code: 'store-unavailable' })
    items.transact = transact
    expect(await sealed('REFRESH', id)).toEqual(before)
    expect(await served(id)).toBe('Bearer first-access')
    expect((await give(id, { grant: grantOf('second') })).status).toBe('ready')
  })

  it.each(['said by who brings it', 'said by the token'])('is refused once it has ended, %s', async (how) => {
    const id = await make({ setup: SETUP, grant: grantOf('first') })
    const endS = Math.floor(world.clock.nowMs() / 1000) - 60
    const claims = Buffer.from(JSON.stringify({ exp: endS })).toString('base64url')
    const ended =
      how === 'said by the token'
        ? { accessToken: new SecretText(`e30.${claims}.x`) }
        : { accessToken: new SecretText('over'), expiresAtMs: endS * 1000 }
    const refused = { code: 'invalid-body', detail: { field: 'grant.access_token' } }
    await expect(give(id, { grant: ended })).rejects.toMatchObject(refused)
    expect(await served(id)).toBe('Bearer first-access')
    expect((await give(id, { grant: grantOf('second') })).status).toBe('ready')
  })

  it('keeps the application by which it was authorized', async () => {
    await world.addApplication('HUBSPOT')
    const { id: oauthAppId } = await world.addApplication('HUBSPOT', 'second-secret-000')
    const setup = { type: 'OAUTH_CODE' }
    const id = await make({ appId: 'HUBSPOT', setup, grant: { ...grantOf('first'), oauthAppId } })
    expect(await give(id, { grant: grantOf('second') })).toMatchObject({ oauthAppId, status: 'ready' })
  })
})
