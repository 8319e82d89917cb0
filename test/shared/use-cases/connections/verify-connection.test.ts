import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { verifyConnection } from '../../../../shared/use-cases/connections/verify-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const KEY = { type: 'API_KEY', api_key: 'SG.first-key-000' }
const CLIENT = { client_id: 'client-000', client_secret: 'secret-000' }

describe('a credential that its service refuses', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(({ parameters }) =>
      parameters['grant_type'] === undefined
        ? { status: 401, body: {} }
        : { body: { access_token: 'access-0', refresh_token: 'refresh-0', expires_in: 3600 } },
    )
  })
  afterEach(() => world.close())

  const verify = (id: string) => verifyConnection(world.ports, { tenant: world.tenant, id })

  it('is to be replaced where a person entered it, also before it is stored', async () => {
    const { id } = await world.create('SENDGRID', KEY)
    expect(await verify(id)).toEqual({
      result: 'refused',
      message: expect.stringMatching(/was refused \(HTTP 401\)\. Replace it in the setup\.$/),
    })
    const input = { tenant: world.tenant, clientId: 'test', name: 'Mail', appId: 'SENDGRID', setup: KEY }
    await expect(createConnection(world.ports, { ...input, verify: true })).rejects.toMatchObject({
      code: 'provider-refused',
      message: expect.stringMatching(/was refused \(HTTP 401\)\. Send another\.$/),
    })
  })

  it('is to be had by authorizing again where a person gave it', async () => {
    const { id } = await world.create('OAUTH2', {
      type: 'AUTHORIZATION_CODE',
      provider: 'spotify',
      ...CLIENT,
    })
    const page = await world.authorize(id)
    await world.finish(page.searchParams.get('state'))
    expect(await verify(id)).toEqual({
      result: 'refused',
      message: expect.stringMatching(/was refused \(HTTP 401\)\. Authorize the connection again\.$/),
    })
  })
})
