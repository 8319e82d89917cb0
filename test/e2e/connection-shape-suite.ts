import { Management } from 'auth0'
import { type ApiTarget, call, newTenant, sdkConnections } from '../support/api-target.ts'
import { AUTH0_APP_IDS, EXAMPLE_SETUPS } from '../support/auth0-setups.ts'

type Connections = ReturnType<typeof sdkConnections>
type CreateBody = Management.CreateFlowsVaultConnectionRequestContent
type UpdateBody = Management.UpdateFlowsVaultConnectionRequestContent

/**
 * What a person sees of each setup, and whether it is ready at once: one whose credential a provider mints is not, as
 * long as no grant is held; the providers of these setups are nowhere. A label shows at most three characters at either
 * end of a long value.
 */
const SHOWN: Readonly<Record<string, readonly [accountName: string, ready: boolean]>> = {
  'ACTIVECAMPAIGN API_KEY': ['API key ac-***789', true],
  'AIRTABLE API_KEY': ['API key pat***789', true],
  'AUTH0 OAUTH_APP': ['acme.auth0.invalid', false],
  'BIGQUERY OAUTH_JWT': ['svc@acme-analytics.iam.gserviceaccount.com', false],
  'CLEARBIT API_KEY': ['API key sk_***789', true],
  'DOCUSIGN OAUTH_CODE': ['OAuth', false],
  'GOOGLE_SHEETS OAUTH_CODE': ['OAuth', false],
  'HTTP BEARER': ['Bearer my-***000', true],
  'HTTP BASIC_AUTH': ['Basic ***', true],
  'HTTP API_KEY': ['Header X-Api-Key api***000', true],
  'HTTP OAUTH_CLIENT_CREDENTIALS': ['Client Credentials ***', false],
  'HUBSPOT API_KEY': ['API key hub***789', true],
  'HUBSPOT OAUTH_CODE': ['OAuth', false],
  'JWT JWT': ['JWT HS256', true],
  'MAILCHIMP API_KEY': ['API key 012***s21', true],
  'MAILCHIMP OAUTH_CODE': ['OAuth', false],
  'MAILJET API_KEY': ['API key mj-***789', true],
  'PIPEDRIVE TOKEN': ['Token pip***789', true],
  'PIPEDRIVE OAUTH_CODE': ['OAuth', false],
  'SALESFORCE OAUTH_CODE': ['OAuth', false],
  'SENDGRID API_KEY': ['API key SG.***789', true],
  'SLACK WEBHOOK': ['Webhook htt***XXX', true],
  'SLACK OAUTH_CODE': ['OAuth', false],
  'STRIPE KEY_PAIR': ['Key pair pk_***789', true],
  'STRIPE OAUTH_CODE': ['OAuth', false],
  'TELEGRAM TOKEN': ['Token 123***ken', true],
  'TWILIO API_KEY': ['Account AC0***000', true],
  'WHATSAPP TOKEN': ['Token EAA***000', true],
  'ZAPIER WEBHOOK': ['Webhook htt***abc', true],
}

const ID: unknown = expect.stringMatching(/^ac_[0-9A-Za-z]{22}$/)
const INSTANT: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const FINGERPRINT: unknown = expect.stringMatching(/^[0-9a-f]{32}$/)

/** Every setup and every empty form, from creation to deletion, with nothing in an answer but Auth0's fields. */
export function connectionShapeSuite(open: () => ApiTarget): void {
  let token: string
  let connections: Connections
  beforeAll(async () => {
    token = await open().token(newTenant())
    connections = sdkConnections(open(), token)
  })

  test('knows the 29 setups of the 21 apps', () => {
    expect(Object.keys(SHOWN)).toEqual(EXAMPLE_SETUPS.map(({ appId, type }) => `${appId} ${type}`))
    expect(Object.keys(SHOWN)).toHaveLength(29)
    expect(AUTH0_APP_IDS).toHaveLength(21)
  })

  describe.each(EXAMPLE_SETUPS)('a connection with the setup $appId $type', ({ appId, type, values }) => {
    const [accountName, ready] = SHOWN[`${appId} ${type}`]!

    test('is created, read, listed, renamed and deleted as Auth0 answers', async () => {
      const name = `${appId} ${type}`
      const created = await connections.create({ name, app_id: appId, setup: values } as CreateBody)
      expect(created).toStrictEqual({
        id: ID,
        app_id: appId,
        name,
        account_name: accountName,
        ready,
        created_at: INSTANT,
        updated_at: created.created_at,
        refreshed_at: INSTANT,
        fingerprint: FINGERPRINT,
      })
      expect(await connections.get(created.id)).toStrictEqual(created)
      expect(await findListed(connections, created.id)).toStrictEqual(created)

      const renamed = await connections.update(created.id, { name: `${name} 2` })
      const { updated_at, fingerprint } = renamed
      expect(renamed).toStrictEqual({ ...created, name: `${name} 2`, updated_at, fingerprint })
      expect(fingerprint).toEqual(FINGERPRINT)
      expect(fingerprint).not.toBe(created.fingerprint)
      expect(updated_at >= created.updated_at).toBe(true)

      const again = await connections.update(created.id, { setup: values } as UpdateBody)
      expect(again).toStrictEqual(renamed)
      expect(await connections.get(created.id)).toStrictEqual(renamed)

      expect(await connections.delete(created.id)).toBeUndefined()
      await expect(connections.get(created.id)).rejects.toThrow(Management.NotFoundError)
      expect(await findListed(connections, created.id)).toBeUndefined()
    })
  })

  describe.each(AUTH0_APP_IDS)('an empty connection of %s', (appId) => {
    const example = EXAMPLE_SETUPS.find((candidate) => candidate.appId === appId)!
    const [accountName, ready] = SHOWN[`${appId} ${example.type}`]!

    test('answers a null refreshed_at on writes and none on reads, and is what its setup makes it', async () => {
      const created = await connections.create({ name: 'empty', app_id: appId } as CreateBody)
      const empty = {
        id: ID,
        app_id: appId,
        name: 'empty',
        ready: false,
        created_at: INSTANT,
        updated_at: created.created_at,
        fingerprint: FINGERPRINT,
      }
      expect(created).toStrictEqual({ ...empty, refreshed_at: null })
      const unchanged = await connections.update(created.id, {})
      expect(unchanged).toStrictEqual(created)
      expect(await connections.get(created.id)).toStrictEqual(empty)
      expect(await findListed(connections, created.id)).toStrictEqual(empty)

      const filled = await connections.update(created.id, { setup: example.values } as UpdateBody)
      const { updated_at, fingerprint } = filled
      expect(filled).toStrictEqual({
        ...created,
        account_name: accountName,
        ready,
        updated_at,
        refreshed_at: INSTANT,
        fingerprint,
      })
      expect(fingerprint).not.toBe(created.fingerprint)
      expect(await connections.get(created.id)).toStrictEqual(filled)
      await connections.delete(created.id)
    })
  })

  test('a setup is replaced as a whole, and by another type of the same app', async () => {
    const bearer = { type: 'BEARER', token: 'my-bearer-token-000' } as const
    const created = await connections.create({ name: 'http', app_id: 'HTTP', setup: bearer })
    const basic = { type: 'BASIC_AUTH', username: 'service-account', password: 'p' } as const
    const replaced = await connections.update(created.id, { setup: basic })
    expect(replaced).toMatchObject({ id: created.id, ready: true, account_name: 'Basic ***' })
    const fetched = await call(open(), token, {
      method: 'GET',
      path: `/connections/${created.id}/credentials`,
    })
    expect(fetched.body).toMatchObject({
      credential_version: 2,
      request: { headers: { Authorization: `Basic ${btoa('service-account:p')}` } },
    })
  })

  test('a setup that the types of the SDK cannot complete is taken, and misses its secret until it comes', async () => {
    const setup = { type: 'JWT', algorithm: 'HS256' } as const
    const created = await connections.create({ name: 'signing', app_id: 'JWT', setup })
    expect(created).toMatchObject({ ready: false, account_name: 'JWT HS256' })
    const fetched = () =>
      call(open(), token, { method: 'GET', path: `/connections/${created.id}/credentials` })
    expect(await fetched()).toMatchObject({
      status: 409,
      body: { errorCode: 'connection_empty', message: 'The setup has no secret yet. Add it.' },
    })
    const secret = 'a-32-byte-long-hmac-secret-value'
    const filled = await connections.update(created.id, { setup: { ...setup, secret } } as UpdateBody)
    expect(filled).toMatchObject({ ready: true })
    expect(await fetched()).toMatchObject({ status: 200, body: { fields: { algorithm: 'HS256', secret } } })
  })

  test('two connections may have the same name', async () => {
    const body = { name: 'twin', app_id: 'JWT' } as const
    const first = await connections.create(body)
    const second = await connections.create(body)
    expect(second.id).not.toBe(first.id)
    expect(second.fingerprint).not.toBe(first.fingerprint)
  })
}

async function findListed(connections: Connections, id: string): Promise<unknown> {
  for await (const item of await connections.list({ per_page: 100 })) {
    if (item.id === id) return item
  }
  return undefined
}
