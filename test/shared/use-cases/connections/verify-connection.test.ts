import { createLocalGrantRunner } from '../../../../functions/grants/local-grant-runner.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { verifyConnection } from '../../../../shared/use-cases/connections/verify-connection.ts'
import { OpenedSecrets } from '../../../../shared/use-cases/memory/opened-secrets.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const KEY = { type: 'API_KEY', api_key: 'SG.first-key-000' }
const SPOTIFY = {
  type: 'AUTHORIZATION_CODE',
  provider: 'spotify',
  client_id: 'client-000',
  client_secret: 'secret-000',
}

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
    const id = await world.authorized('OAUTH2', SPOTIFY)
    expect(await verify(id)).toEqual({
      result: 'refused',
      message: expect.stringMatching(/was refused \(HTTP 401\)\. Authorize the connection again\.$/),
    })
  })

  it('is told as not to be reached when it is replaced before it is tried', async () => {
    const id = await world.authorized('OAUTH2', SPOTIFY)
    const opened = new OpenedSecrets(world.ports.secrets, world.ports.sealer)
    const late = createLocalGrantRunner({ ...world.ports, opened })
    const grants: typeof late = Object.assign(Object.create(late), {
      probe: async (...asked: Parameters<typeof late.probe>) => {
        const rotating = { tenant: world.tenant, id, cause: 'manual' } as const
        expect(await rotateConnection(world.ports, rotating)).toMatchObject({ kind: 'rotated' })
        return late.probe(...asked)
      },
    })
    expect(await verifyConnection({ ...world.ports, grants }, { tenant: world.tenant, id })).toEqual({
      result: 'unreachable',
      message: expect.stringMatching(/^The tokens were renewed while they were tried, .* Try again\.$/),
    })
  })
})
