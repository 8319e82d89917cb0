import { CONNECTIONS } from '../support/grant-calls.ts'
import { OAUTH_APPS, startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

const SECRET = 'planted-client-secret-000'

describe('OAuth applications', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider()
  })
  afterAll(() => world.close())

  const add = async (appId: string, members = {}) =>
    world.call('POST', OAUTH_APPS, {
      app_id: appId,
      name: `${appId} application`,
      client_id: 'client-000',
      client_secret: SECRET,
      ...members,
    })
  const change = (id: string, members: object) => world.call('PATCH', `${OAUTH_APPS}/${id}`, members)
  const show = async (id: string) => (await world.call('GET', `${OAUTH_APPS}/${id}`)).body

  it('are shown with the callback to register, and never with their secret', async () => {
    const added = await add('HUBSPOT')
    expect(added.status).toBe(201)
    expect(added.body).toEqual({
      id: expect.stringMatching(/^oa_[0-9A-Za-z]{22}$/),
      app_id: 'HUBSPOT',
      name: 'HUBSPOT application',
      client_id: 'client-000',
      ready: true,
      is_default: true,
      callback_url: `${world.vault.url}/oauth/return/${added.body.id}`,
      previous_secret_until: null,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    })
    expect(await show(added.body.id)).toEqual(added.body)
    const listed = await world.call('GET', OAUTH_APPS)
    expect(listed.body).toContainEqual(added.body)
    expect(JSON.stringify([added.body, listed.body])).not.toContain(SECRET)
    expect((await change(added.body.id, { name: 'Renamed' })).body).toMatchObject({ name: 'Renamed' })
  })

  it('have one default an app: the first, until another takes its place', async () => {
    const first = (await add('PIPEDRIVE')).body
    const second = (await add('PIPEDRIVE')).body
    expect([first.is_default, second.is_default]).toEqual([true, false])
    expect((await change(second.id, { is_default: true })).body.is_default).toBe(true)
    expect((await show(first.id)).is_default).toBe(false)
    const refused = await change(second.id, { is_default: false })
    expect(refused.status).toBe(400)
    expect(refused.body.message).toContain('is_default')
    const third = (await add('PIPEDRIVE', { is_default: true })).body
    expect(third.is_default).toBe(true)
    expect((await show(second.id)).is_default).toBe(false)
  })

  it('leave out the blanks at the ends of a client, which come with pasting', async () => {
    const added = await add('MAILCHIMP', { client_id: ' client-000\u200b', client_secret: `\t${SECRET} ` })
    const note = (fields: string) => ({
      code: 'blanks_trimmed',
      message: `Blanks at the ends of ${fields} came with the client and were left out.`,
    })
    expect(added).toMatchObject({
      status: 201,
      body: { client_id: 'client-000', notes: [note('client_id, client_secret')] },
    })
    const again = await change(added.body.id, { client_id: 'client-111\u00a0' })
    expect(again).toMatchObject({
      status: 200,
      body: { client_id: 'client-111', notes: [note('client_id')] },
    })
    const renamed = await change(added.body.id, { name: 'Mails' })
    expect(renamed.body).not.toHaveProperty('notes')
    await world.call('DELETE', `${OAUTH_APPS}/${added.body.id}`)
  })

  it('go, the default last', async () => {
    const first = (await add('DOCUSIGN')).body
    const second = (await add('DOCUSIGN')).body
    const refused = await world.call('DELETE', `${OAUTH_APPS}/${first.id}`)
    expect(refused.status).toBe(409)
    expect((await world.call('DELETE', `${OAUTH_APPS}/${second.id}`)).status).toBe(204)
    expect((await world.call('DELETE', `${OAUTH_APPS}/${first.id}`)).status).toBe(204)
    expect((await world.call('GET', `${OAUTH_APPS}/${first.id}`)).status).toBe(404)
    expect((await world.call('DELETE', `${OAUTH_APPS}/${first.id}`)).status).toBe(404)
    expect((await add('DOCUSIGN')).body.is_default).toBe(true)
  })

  it('may be made before their client is, for the callback URL, and completed later', async () => {
    const { body, status } = await world.call('POST', OAUTH_APPS, {
      app_id: 'HUBSPOT',
      name: 'draft',
      is_default: true,
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      client_id: null,
      ready: false,
      callback_url: `${world.vault.url}/oauth/return/${body.id}`,
    })
    const connection = (await world.create({ name: 'Deals', app_id: 'HUBSPOT' })).body.id
    const authorize = () => world.call('POST', `${CONNECTIONS}/${connection}/authorize`, {})
    expect((await authorize()).body).toMatchObject({
      statusCode: 409,
      errorCode: 'oauth_application_incomplete',
    })
    expect((await change(body.id, { client_id: 'client-000' })).body.ready).toBe(false)
    expect((await change(body.id, { client_secret: SECRET })).body).toMatchObject({
      ready: true,
      client_id: 'client-000',
    })
    expect((await authorize()).body.callback_url).toBe(body.callback_url)
    const other = (await world.call('POST', OAUTH_APPS, { app_id: 'HUBSPOT', name: 'never' })).body.id
    expect((await world.call('DELETE', `${OAUTH_APPS}/${other}`)).status).toBe(204)
  })

  it('are of one tenant alone', async () => {
    const mine = (await add('STRIPE')).body
    const other = { tenant: 'other' }
    expect((await world.call('GET', `${OAUTH_APPS}/${mine.id}`, undefined, other)).status).toBe(404)
    expect((await world.call('PATCH', `${OAUTH_APPS}/${mine.id}`, { name: 'x' }, other)).status).toBe(404)
    expect((await world.call('DELETE', `${OAUTH_APPS}/${mine.id}`, undefined, other)).status).toBe(404)
    expect((await world.call('GET', OAUTH_APPS, undefined, other)).body).toEqual([])
  })

  it.each([
    ['an app with no code setup', { app_id: 'AIRTABLE' }],
    ['an app of any provider, without saying which', { app_id: 'OAUTH2' }],
    ['a client id with a blank', { client_id: 'a b' }],
    ['a client id of blanks', { client_id: '  ' }],
    ['a client id with a line break at its end', { client_id: 'a\n' }],
    ['a secret with a line break', { client_secret: 'a\nb' }],
    ['an unknown member', { tenant: 'other' }],
  ])('refuse %s', async (_what, members) => {
    const answer = await add('SLACK', members)
    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.body)).not.toContain(SECRET)
  })

  it('are needed to authorize a code app: without one the answer says so', async () => {
    const { body } = await world.create({ name: 'Sheet', app_id: 'GOOGLE_SHEETS' })
    const path = `${CONNECTIONS}/${body.id}/authorize`
    const without = await world.call('POST', path, {})
    expect(without.status).toBe(409)
    expect(without.body).toMatchObject({ errorCode: 'no_oauth_application' })
    expect(without.body.message).toContain('Add one under oauth-apps')
    const application = (await add('GOOGLE_SHEETS', { client_id: 'google-client' })).body
    const started = (await world.call('POST', path, {})).body
    expect(started.callback_url).toBe(application.callback_url)
    const url = new URL(await world.pressContinue(started.authorization_url))
    expect(url.searchParams.get('client_id')).toBe('google-client')
    expect(url.searchParams.get('redirect_uri')).toBe(application.callback_url)
    const second = (await add('GOOGLE_SHEETS', { client_id: 'google-client-2' })).body
    const named = await world.call('POST', path, { oauth_app_id: second.id })
    expect(named.body.callback_url).toBe(second.callback_url)
    const other = new URL(await world.pressContinue(named.body.authorization_url))
    expect(other.searchParams.get('client_id')).toBe('google-client-2')
  })

  it('do not authorize another app: its client secret would go to the wrong provider', async () => {
    const salesforce = (await add('SALESFORCE')).body
    const { body } = await world.create({ name: 'Mails', app_id: 'MAILCHIMP' })
    const answer = await world.call('POST', `${CONNECTIONS}/${body.id}/authorize`, {
      oauth_app_id: salesforce.id,
    })
    expect(answer.status).toBe(409)
    expect(answer.body.errorCode).toBe('no_oauth_application')
  })

  it('keep a code waiting until one is there, for the ten minutes a code may live', async () => {
    const setup = { type: 'OAUTH_CODE', code: 'a-code', redirect_uri: 'https://console.example.test/cb' }
    const { status, body } = await world.create({ name: 'Mails', app_id: 'MAILCHIMP', setup })
    expect(status).toBe(201)
    expect(body.ready).toBe(false)
    expect(await world.view(body.id)).toMatchObject({
      status: 'pending',
      failure: { code: 'no_oauth_application' },
    })
    const fetched = await world.fetchCredential(body.id)
    expect(fetched.status).toBe(409)
    expect(fetched.body).toMatchObject({ errorCode: 'authorization_pending' })
    const verified = await world.create({ name: 'Mails', app_id: 'MAILCHIMP', setup }, '?verify=true')
    expect(verified.status).toBe(400)
    expect(verified.body).toMatchObject({ errorCode: 'no_oauth_application' })
  })
})
