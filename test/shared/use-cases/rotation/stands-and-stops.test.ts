import { connectionKey } from '../../../../shared/domain/keys.ts'
import type { ItemStore, Write } from '../../../../shared/ports/item-store.ts'
import { rejectCredential } from '../../../../shared/use-cases/fetch/reject-credential.ts'
import { postponeRow } from '../../../../shared/use-cases/grants/postpone-rotation.ts'
import { deleteOauthApplication } from '../../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
}
const GRANT = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 3600 }

let world: GrantsUnderTest
beforeEach(async () => {
  world = await startGrantsUnderTest()
  world.provider.answerWith(() => ({ body: GRANT }))
})
afterEach(() => world.close())

const sent = () => world.provider.requests.length

async function authorized(appId = 'OAUTH2', setup: typeof CODE_SETUP | { type: string } = CODE_SETUP) {
  const { id } = await world.create(appId, setup)
  await world.finish((await world.authorize(id)).searchParams.get('state'))
  return id
}

describe('a client that its provider refused', () => {
  it('is left alone for ten minutes, and then tried once although nothing of it changed', async () => {
    const id = await authorized()
    world.provider.answerWith(() => ({ status: 401, body: { error: 'invalid_client' } }))
    await world.clock.advance(56 * MINUTE_MS)
    await world.sweep()
    expect(await world.row(id)).toMatchObject({ failure: { class: 'app-broken' } })
    const before = sent()
    for (let minutes = 0; minutes < 9; minutes += 3) {
      await world.clock.advance(3 * MINUTE_MS)
      await world.sweep()
    }
    expect(sent()).toBe(before)
    world.provider.answerWith(() => ({ body: GRANT }))
    await world.clock.advance(2 * MINUTE_MS)
    await world.sweep()
    expect(sent()).toBe(before + 1)
    expect((await world.row(id)).status).toBe('ready')
  })
})

describe('an attempt of unknown outcome', () => {
  it('stands on while nothing can be sent, so that its answer is looked for still', async () => {
    const application = await world.addApplication('PIPEDRIVE')
    world.provider.answerWith(() => ({ body: { ...GRANT, api_domain: 'https://acme.pipedrive.com' } }))
    const id = await authorized('PIPEDRIVE', { type: 'OAUTH_CODE' })
    world.provider.answerWith(() => ({ drop: true }))
    await world.clock.advance(56 * MINUTE_MS)
    await world.sweep()
    const { attempt } = await world.row(id)
    expect(attempt?.unknownAtMs).toBeDefined()
    await deleteOauthApplication(world.ports, world.tenant, application.id)
    for (let quarters = 0; quarters < 4; quarters++) {
      await world.clock.advance(15 * MINUTE_MS)
      await world.sweep()
    }
    expect(await world.row(id)).toMatchObject({ failure: { code: 'no_oauth_application' }, attempt })
  })
})

describe('postponeRow', () => {
  it('leaves a row where somebody else has moved it meanwhile', async () => {
    const id = await authorized()
    const seen = await world.row(id)
    const key = connectionKey(world.tenant, id)
    const moved = { due_shard: seen.due_shard, due_at: seen.due_at! - 1000 }
    await world.ports.items.transact([{ op: 'update', key, set: moved }])
    await postponeRow(world.ports, seen, { kind: 'at', atMs: seen.due_at! + HOUR_MS })
    expect((await world.row(id)).due_at).toBe(moved.due_at)
  })
})

describe('rejectCredential', () => {
  it('rotates nothing when the version was replaced between its look and its claim', async () => {
    const id = await authorized()
    const { credentialVersion } = await world.row(id)
    const items: ItemStore = world.ports.items
    const isClaim = (write: Write) => write.op === 'update' && write.set?.['rejectedAtMs'] !== undefined
    const overtaken = new Proxy(items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          if (writes.some(isClaim)) {
            const rotation = { tenant: world.tenant, id, cause: 'manual' } as const
            await world.ports.grants.rotate(rotation, HOUR_MS)
          }
          return target.transact(writes)
        }
      },
    })
    const before = sent()
    const input = { tenant: world.tenant, id, credentialVersion }
    const answer = await rejectCredential({ ...world.ports, items: overtaken }, input)
    expect(answer).toMatchObject({ renewed: true, row: { credentialVersion: credentialVersion + 1 } })
    expect(sent()).toBe(before + 1)
  })
})
