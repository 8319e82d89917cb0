import { createConnectionRoute } from '../../functions/api/routes/create-connection.ts'
import { createOauthAppRoute } from '../../functions/api/routes/create-oauth-app.ts'
import { updateConnectionRoute } from '../../functions/api/routes/update-connection.ts'
import type { Route } from '../../functions/route.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../support/grants-under-test.ts'
import { type HttpFunction, httpFunction } from '../support/http-function.ts'

const PATH = '/api/v2/flows/vault'
const TOKEN =
  'acme create:flows_vault_connections update:flows_vault_connections create:flows_vault_oauth_apps'
const UNKNOWN = 'Additional properties not allowed'

interface Part {
  readonly path: string
  readonly code: string
}

describe('createHttpHandler', () => {
  let world: GrantsUnderTest
  let target: HttpFunction
  beforeAll(async () => {
    world = await startGrantsUnderTest()
    const routes = [createConnectionRoute, updateConnectionRoute, createOauthAppRoute]
    target = httpFunction(routes as unknown as Route<never>[], 1000, world.ports)
  })
  afterAll(() => world.close())

  async function send(route: string, body: unknown, id?: string) {
    const answer = await target.call({
      route,
      token: TOKEN,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(id === undefined ? {} : { path: { id } }),
    })
    return { status: answer.statusCode, ...answer.json, parts: partsOf(answer.json?.['errors'] as Part[]) }
  }
  const partsOf = (errors: readonly Part[] = []) => errors.map(({ path, code }) => `${path} ${code}`)
  const create = (body: unknown) => send(`POST ${PATH}/connections`, body)

  it.each([
    [
      'the body and its setup',
      { app_id: 'TWILIO', extra: 1, setup: { type: 'API_KEY', more: 1 } },
      ['name missing', 'extra not_allowed', 'setup.account_id missing', 'setup.api_key missing'],
    ],
    [
      'a name that is too long, and a setup of no type',
      { name: 'x'.repeat(151), app_id: 'HTTP', setup: {} },
      ['name length', 'setup.type missing'],
    ],
    [
      'a setup that is none, once',
      { name: '', app_id: 'TWILIO', setup: 'API_KEY' },
      ['setup type', 'name length'],
    ],
    [
      'rules over several fields beside those of one',
      {
        name: 'x',
        app_id: 'OAUTH2',
        setup: {
          type: 'AUTHORIZATION_CODE',
          client_id: 7,
          authorization_url: 'https://idp.example.com/a',
          token_url: 'https://idp.example.com/t',
          token_endpoint_auth_method: 'client_secret_basic',
        },
      },
      ['setup.client_id type', 'setup.client_secret missing'],
    ],
    ['no more of an unknown app', { app_id: 'NOWHERE', setup: { a: 1 } }, ['name missing', 'app_id value']],
    ['one field alone', { name: 'x', app_id: 'OAUTH2', setup: { type: 'MAGIC' } }, ['setup.type value']],
  ])('tells at once what is wrong with %s', async (_what, body, parts) => {
    const answer = await create(body)
    expect(answer).toMatchObject({ status: 400, statusCode: 400, errorCode: 'invalid_body' })
    for (const part of parts) expect(answer.parts).toContain(part)
    expect(new Set(answer.parts).size).toBe(answer.parts.length)
    expect(answer.parts.length).toBeLessThanOrEqual(parts.length + 1)
  })

  it('knows the app of a connection that is there, and tells nothing of one that is not', async () => {
    const { id } = await world.create('TWILIO')
    const body = { name: '', setup: { type: 'API_KEY', account_id: 'AC1' } }
    const change = (which: string) => send(`PATCH ${PATH}/connections/{id}`, body, which)
    expect((await change(id)).parts).toEqual(['name length', 'setup.api_key missing'])
    const unknown = await change('ac_0000000000000000000000')
    expect(unknown).toMatchObject({ status: 400, parts: ['name length'] })
  })

  it('does the same for what an OAuth application holds', async () => {
    const setup = { type: 'AUTHORIZATION_CODE', code: 'c0de', token_url: 'http://plain.example' }
    const answer = await send(`POST ${PATH}/oauth-apps`, { app_id: 'OAUTH2', default: true, setup })
    expect(answer.parts).toEqual([
      'name missing',
      'default not_allowed',
      'setup.authorization_url missing',
      'setup.code not_allowed',
      expect.stringContaining('setup.token_url'),
    ])
    expect(answer).toMatchObject({ message: expect.not.stringContaining(UNKNOWN) })
  })
})
