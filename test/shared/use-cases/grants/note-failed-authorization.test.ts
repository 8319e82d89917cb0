import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { CODE_SETUP } from '../../../support/oauth2-setups.ts'

describe('noteRefusal', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({ body: { access_token: 'a', refresh_token: 'r', expires_in: 3600 } }))
  })
  afterEach(() => world.close())

  const refuse = async (id: string, error: string, words?: string) => {
    const state = (await world.authorize(id)).searchParams.get('state')
    const callback = words === undefined ? {} : { callback: { error_description: words } }
    return world.finish(state, { error, ...callback })
  }

  it('keeps what a provider sent the browser back with, its words cut and without secrets', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    await refuse(
      id,
      'OAUTH_APP_BLOCKED',
      'blocked by admin\u0000, token abcdefghijklmnopqrstuvwxyz0123456789',
    )
    expect(await world.row(id)).toMatchObject({
      status: 'pending',
      statusReason: expect.stringContaining('Have an administrator there allow it'),
      failure: {
        class: 'refused',
        code: 'OAUTH_APP_BLOCKED',
        description: 'blocked by admin , token [redacted]',
        count: 1,
      },
    })
    await refuse(id, 'access_denied')
    expect((await world.row(id)).failure).toMatchObject({ code: 'access_denied', count: 2 })
  })

  it('says nothing of a connection that works', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    await world.connect(id)
    const before = await world.row(id)
    await refuse(id, 'access_denied')
    expect(await world.row(id)).toEqual(before)
  })

  it('is forgotten when somebody authorizes after all', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    await refuse(id, 'access_denied')
    await world.connect(id)
    const { failure, status } = await world.row(id)
    expect([status, failure]).toEqual(['ready', undefined])
  })
})
