import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { ClientRegistry, type RegisteredClient } from '../../../../infra/embedded/issuer/client-registry.ts'
import {
  createIssuer,
  type Issuer,
  type TokenEndpointAnswer,
} from '../../../../infra/embedded/issuer/dev-issuer.ts'
import { IssuerKeyFile } from '../../../../infra/embedded/issuer/issuer-keys.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const ISSUER = 'http://127.0.0.1:8787/'
const AUDIENCE = 'http://127.0.0.1:8787/api/v2/'
const NOW_MS = Date.UTC(2030, 0, 1)
const NOW_S = 1_893_456_000
const FORM = 'application/x-www-form-urlencoded'
const READ = 'read:flows_vault_connections'
const FETCH = 'read:flows_vault_credentials'

describe('createIssuer', () => {
  let folder: string
  let keys: IssuerKeyFile
  let clients: ClientRegistry
  let client: RegisteredClient
  let secret: string
  let issuer: Issuer

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-issuer-'))
    const clock = new ManualClock(NOW_MS)
    keys = await IssuerKeyFile.open(path.join(folder, 'issuer-key.json'), clock)
    clients = ClientRegistry.open(path.join(folder, 'clients.json'), { clock, random: new SystemRandom() })
    const added = clients.add({ name: 'ci', tenant: 'acme', scopes: [READ, FETCH] })
    client = added.client
    secret = added.secret.reveal()
    issuer = createIssuer({ issuer: ISSUER, audience: AUDIENCE, keys, clients, clock })
  })

  afterAll(() => {
    fs.rmSync(folder, { recursive: true })
  })

  /** A good request by form and client_secret_post; `undefined` leaves a parameter out. */
  function ask(
    changes: Record<string, string | undefined> = {},
    request: { authorizationHeader?: string; host?: string; contentType?: string; body?: string } = {},
  ): Promise<TokenEndpointAnswer> {
    const parameters = {
      grant_type: 'client_credentials',
      client_id: client.client_id,
      client_secret: secret,
      ...changes,
    }
    const given = Object.entries(parameters).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    )
    return issuer.handleTokenRequest({
      contentType: FORM,
      body: new URLSearchParams(given).toString(),
      authorizationHeader: undefined,
      host: 'localhost:8788',
      ...request,
    })
  }

  function basic(id: string, password: string): string {
    return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(password)}`).toString('base64')}`
  }

  const asBasic = (
    changes: Record<string, string | undefined> = {},
    id = client.client_id,
    password = secret,
  ) =>
    ask(
      { client_id: undefined, client_secret: undefined, ...changes },
      { authorizationHeader: basic(id, password) },
    )

  const asJson = (body: unknown, contentType = 'application/json') =>
    ask({}, { contentType, body: typeof body === 'string' ? body : JSON.stringify(body) })

  const goodJson = () => ({
    grant_type: 'client_credentials',
    client_id: client.client_id,
    client_secret: secret,
  })

  function expectRefusal(answer: TokenEndpointAnswer, status: number, error: string): void {
    expect({ status: answer.status, ...JSON.parse(answer.body) }).toEqual({
      status,
      error,
      error_description: expect.any(String),
    })
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
    expect(answer.body).not.toContain(secret)
  }

  it('gives a token for an hour that its published key verifies, with the tenant and the scopes of the client', async () => {
    const answer = await ask({ audience: AUDIENCE })
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    })
    const { access_token: token, ...rest } = JSON.parse(answer.body)
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 3_600, scope: `${READ} ${FETCH}` })

    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await issuer.jwks()), {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ['RS256'],
      currentDate: new Date(NOW_MS),
    })
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: (await keys.current()).kid })
    expect(payload).toEqual({
      iss: ISSUER,
      sub: `${client.client_id}@clients`,
      azp: client.client_id,
      gty: 'client-credentials',
      aud: [AUDIENCE],
      iat: NOW_S,
      exp: NOW_S + 3_600,
      scope: `${READ} ${FETCH}`,
      tenant: 'acme',
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })

  it('never gives two tokens of one id', async () => {
    const [one, two] = await Promise.all([ask(), ask()])
    const idOf = ({ body }: TokenEndpointAnswer) => decodeJwt(JSON.parse(body).access_token).jti
    expect(idOf(one)).not.toBe(idOf(two))
  })

  it('gives tokens as short-lived as it is told', async () => {
    const options = { issuer: ISSUER, audience: AUDIENCE, keys, clients, clock: new ManualClock(NOW_MS) }
    const short = createIssuer({ ...options, accessTokenSeconds: 60 })
    const answer = await short.handleTokenRequest({
      contentType: 'application/json',
      body: JSON.stringify(goodJson()),
      authorizationHeader: undefined,
      host: 'h',
    })
    const { access_token: token, expires_in: seconds } = JSON.parse(answer.body)
    expect(seconds).toBe(60)
    expect(decodeJwt(token)).toMatchObject({ iat: NOW_S, exp: NOW_S + 60 })
  })

  describe('request forms', () => {
    it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
      'takes %s',
      async (type) => {
        expect((await asJson(goodJson(), type)).status).toBe(200)
      },
    )

    it('takes a form with a charset', async () => {
      expect((await ask({}, { contentType: `${FORM}; charset=UTF-8` })).status).toBe(200)
    })

    it('takes HTTP Basic, form-encoded as RFC 6749 asks, also with the same id in the body', async () => {
      expect((await asBasic()).status).toBe(200)
      expect((await asBasic({ client_id: client.client_id })).status).toBe(200)
      const header = basic(client.client_id, secret).replace('Basic', 'basic')
      expect((await ask({ client_secret: undefined }, { authorizationHeader: header })).status).toBe(200)
    })

    it('ignores parameters it does not know, whatever they are, and treats empty ones as left out', async () => {
      expect((await ask({ organization: 'x', audience: '', scope: '' })).status).toBe(200)
      expect((await asJson({ ...goodJson(), resource: ['a'], nested: { a: 1 }, audience: '' })).status).toBe(
        200,
      )
    })

    it.each([
      ['no JSON', '{'],
      ['a JSON list', '[]'],
      ['JSON null', 'null'],
      ['a parameter that is no text', '{"grant_type":["client_credentials"]}'],
    ])('refuses %s', async (_what, body) => {
      expectRefusal(await asJson(body), 400, 'invalid_request')
    })

    it('refuses other media types, and none', async () => {
      expectRefusal(await ask({}, { contentType: 'text/plain' }), 400, 'invalid_request')
      expectRefusal(await ask({}, { contentType: undefined }), 400, 'invalid_request')
    })

    it('refuses a parameter given twice', async () => {
      const good = new URLSearchParams(goodJson()).toString()
      expectRefusal(await ask({}, { body: `${good}&scope=a&scope=b` }), 400, 'invalid_request')
      expectRefusal(await ask({}, { body: `${good}&client_id=${client.client_id}` }), 400, 'invalid_request')
    })

    it('refuses a body over 16 KiB', async () => {
      expectRefusal(await ask({ padding: 'x'.repeat(16 * 1024) }), 400, 'invalid_request')
    })
  })

  describe('grant types', () => {
    it('refuses a request that names none', async () => {
      expectRefusal(await ask({ grant_type: undefined }), 400, 'invalid_request')
      expectRefusal(await ask({ grant_type: '' }), 400, 'invalid_request')
    })

    it.each(['password', 'refresh_token', 'authorization_code', 'CLIENT_CREDENTIALS', '__proto__'])(
      'refuses %s',
      async (grantType) => {
        expectRefusal(await ask({ grant_type: grantType }), 400, 'unsupported_grant_type')
      },
    )
  })

  describe('client authentication', () => {
    it('refuses a wrong secret and an unknown client alike, with a challenge that opens no dialog', async () => {
      const wrong = await ask({ client_secret: 'wrong' })
      const unknown = await ask({ client_id: 'unknown' })
      expectRefusal(wrong, 401, 'invalid_client')
      expect(unknown).toEqual(wrong)
      expect(wrong.headers['www-authenticate']).toBe('client_secret_post realm="flow-vault"')
    })

    it('answers Basic with a Basic challenge', async () => {
      const answer = await asBasic({}, client.client_id, 'wrong')
      expectRefusal(answer, 401, 'invalid_client')
      expect(answer.headers['www-authenticate']).toBe('Basic realm="flow-vault", charset="UTF-8"')
    })

    it.each([
      ['no secret', { client_secret: undefined }],
      ['no id', { client_id: undefined }],
      ['neither', { client_id: undefined, client_secret: undefined }],
    ])('refuses %s', async (_what, changes) => {
      expectRefusal(await ask(changes), 401, 'invalid_client')
    })

    it.each([
      ['another scheme', 'Bearer abc'],
      ['no base64', 'Basic %%%'],
      ['no colon', `Basic ${Buffer.from('abc').toString('base64')}`],
      ['bad percent-encoding', `Basic ${Buffer.from('%zz:%zz').toString('base64')}`],
      ['nothing', ''],
    ])('refuses an Authorization header with %s', async (_what, authorizationHeader) => {
      const answer = await ask({ client_id: undefined, client_secret: undefined }, { authorizationHeader })
      expectRefusal(answer, 401, 'invalid_client')
    })

    it('refuses another id in the body than in the header', async () => {
      expectRefusal(await asBasic({ client_id: 'another' }), 401, 'invalid_client')
    })

    it('refuses two ways at once, even when both are right', async () => {
      const answer = await ask({}, { authorizationHeader: basic(client.client_id, secret) })
      expectRefusal(answer, 400, 'invalid_request')
    })

    it('refuses a client that was removed', async () => {
      const gone = clients.add({ name: 'gone', tenant: 'acme', scopes: [READ] })
      const request = { client_id: gone.client.client_id, client_secret: gone.secret.reveal() }
      expect((await ask(request)).status).toBe(200)
      clients.remove(gone.client.client_id)
      expectRefusal(await ask(request), 401, 'invalid_client')
    })
  })

  describe('audience', () => {
    it.each([
      AUDIENCE,
      'http://127.0.0.1:8787/api/v2',
      'https://localhost:8788/api/v2/',
      'https://localhost:8788/api/v2',
      'https://LOCALHOST:8788/api/v2/',
    ])('takes %s, and puts only ours into the token', async (audience) => {
      const answer = await ask({ audience })
      expect(answer.status).toBe(200)
      expect(decodeJwt(JSON.parse(answer.body).access_token).aud).toEqual([AUDIENCE])
    })

    it.each([
      'https://other.example/api/v2/',
      'https://localhost:8788/api/v3/',
      'https://localhost:8788.evil.example/api/v2/',
      'https://localhost:8788/api/v2//',
      'urn:other',
    ])('refuses %s', async (audience) => {
      expectRefusal(await ask({ audience }), 403, 'access_denied')
    })

    it('does not take a nameless host for a name', async () => {
      expectRefusal(await ask({ audience: 'https:///api/v2/' }, { host: '' }), 403, 'access_denied')
    })
  })

  describe('scope', () => {
    it.each([
      [READ, READ],
      [`${FETCH} ${READ}`, `${FETCH} ${READ}`],
      [`  ${READ}  ${READ} `, READ],
    ])('narrows the token to "%s"', async (scope, expected) => {
      const answer = await ask({ scope })
      expect(answer.status).toBe(200)
      const { access_token: token, scope: granted } = JSON.parse(answer.body)
      expect(granted).toBe(expected)
      expect(decodeJwt(token)['scope']).toBe(expected)
    })

    it.each([
      ['one that exists but is not the client’s', 'create:flows_vault_connections'],
      ['one beside good ones', `${READ} delete:flows_vault_connections`],
      ['one that does not exist', 'openid'],
      ['another case', READ.toUpperCase()],
    ])('refuses %s', async (_what, scope) => {
      expectRefusal(await ask({ scope }), 400, 'invalid_scope')
    })
  })

  it('describes itself as OpenID discovery does', () => {
    expect(issuer.openidConfiguration()).toMatchObject({
      issuer: ISSUER,
      token_endpoint: 'http://127.0.0.1:8787/oauth/token',
      jwks_uri: 'http://127.0.0.1:8787/.well-known/jwks.json',
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    })
  })

  it('publishes only the public half of its key', async () => {
    expect(await issuer.jwks()).toEqual({ keys: (await keys.current()).publicJwks })
    expect(JSON.stringify(await issuer.jwks())).not.toMatch(/"(d|p|q|dp|dq|qi)":/)
  })
})
