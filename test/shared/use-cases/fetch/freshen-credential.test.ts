import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { KeyUnavailableError } from '../../../../shared/ports/key-wrapper.ts'
import { doubtOf } from '../../../../shared/use-cases/commit/transact-surely.ts'
import { fetchCredential } from '../../../../shared/use-cases/fetch/fetch-credential.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const MINUTE_MS = 60_000
const LOST = new StoreUnavailableError('lost', 'unknown')
const SETUP = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
}

describe('freshenCredential, when nobody can rotate', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({
      body: { access_token: 'access-0', token_type: 'Bearer', expires_in: 3600 },
    }))
  })
  afterEach(() => world.close())

  /** A fetch that wants ten minutes, while every rotation ends with this error. */
  async function fetchWhile(id: string, error: Error): Promise<unknown> {
    const rotate = () => Promise.reject(error)
    const grants = Object.assign(Object.create(world.ports.grants), { rotate })
    const input = { tenant: world.tenant, id, minTtlSeconds: 600 }
    const fetched = await fetchCredential({ ...world.ports, grants }, input)
    return fetched.kind === 'credential' ? JSON.parse(fetched.body.reveal()).fields.access_token : fetched
  }

  it.each([
    ['the function that rotates is throttled', new StoreUnavailableError('throttled', 'not-applied')],
    ['it ended without an answer', new StoreUnavailableError('ended', 'unknown')],
    ['the key cannot be used', new KeyUnavailableError('disabled')],
    ['the outcome could not be committed', doubtOf(LOST)],
  ])('serves the old token to its very expiry because %s, and never past it', async (_why, error) => {
    const { id } = await world.create('OAUTH2', SETUP)
    await world.clock.advance(57 * MINUTE_MS)
    expect(await fetchWhile(id, error)).toBe('access-0')
    expect(world.lines.join()).toContain('could not renew a credential and served the old one')
    await world.clock.advance(3 * MINUTE_MS)
    await expect(fetchWhile(id, error)).rejects.toThrow()
  })

  it('has a flow ask again whose rotation lost the store while it wrote: the flow has changed nothing', async () => {
    const { id } = await world.create('OAUTH2', SETUP)
    await world.clock.advance(60 * MINUTE_MS)
    await expect(fetchWhile(id, doubtOf(LOST))).rejects.toMatchObject({
      code: 'store-unavailable',
      message: 'The vault could not reach its store. Try again.',
      detail: { retryAfterSeconds: 1 },
      cause: LOST,
    })
  })

  it('hides no bug of ours', async () => {
    const { id } = await world.create('OAUTH2', SETUP)
    await world.clock.advance(57 * MINUTE_MS)
    const bug = new TypeError('x is undefined')
    await expect(fetchWhile(id, bug)).rejects.toBe(bug)
  })
})

describe('fetchCredential', () => {
  it('hands out nothing that ended while the secret store took its time, and renews it', async () => {
    const world = await startGrantsUnderTest()
    try {
      let issued = 0
      world.provider.answerWith(() => ({
        body: { access_token: `access-${issued++}`, token_type: 'Bearer', expires_in: 3600 },
      }))
      const { id } = await world.create('OAUTH2', SETUP)
      await world.clock.advance(58 * MINUTE_MS)
      const real = world.ports.opened
      const opened = Object.assign(Object.create(real), {
        peek: (pointer: Parameters<typeof real.peek>[0]) => real.peek(pointer),
        peekAccess: () => undefined,
        open: (pointer: Parameters<typeof real.open>[0]) => real.open(pointer),
        openAccess: async (...place: Parameters<typeof real.openAccess>) => {
          await world.clock.advance(2 * MINUTE_MS)
          return real.openAccess(...place)
        },
      })
      const input = { tenant: world.tenant, id, minTtlSeconds: 60 }
      const fetched = await fetchCredential({ ...world.ports, opened }, input)
      if (fetched.kind !== 'credential') throw new Error('nothing was fetched')
      expect(JSON.parse(fetched.body.reveal()).fields.access_token).toBe('access-1')
    } finally {
      await world.close()
    }
  })
})
