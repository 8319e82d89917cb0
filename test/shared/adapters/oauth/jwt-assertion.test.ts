import { generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose'
import type { GrantProfile } from '../../../../shared/domain/grant-profile.ts'
import { CANARY, replyJson, TOKEN, TokenEndpoint } from '../../../support/token-endpoint.ts'

describe('OAuth4WebApiClient', () => {
  let endpoint: TokenEndpoint

  beforeAll(async () => {
    endpoint = await TokenEndpoint.start()
  })
  beforeEach(() => endpoint.seen.splice(0))
  afterAll(() => endpoint.close())

  describe('requestToken with a JWT bearer assertion', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const profile: Partial<GrantProfile> = {
      kind: 'jwt-bearer',
      clientAuthentication: 'none',
      assertion: {
        issuer: '{client_email}',
        key: 'private_key',
        audience: '{token_url}',
        scope: 'https://www.googleapis.com/auth/bigquery',
        lifeSeconds: 3600,
      },
    }
    const mint = (key: string, scopes: readonly string[] = []) =>
      endpoint.ask({
        profile,
        scopes,
        grant: { kind: 'jwt-bearer' },
        setup: { client_email: 'robot@example.com', private_key: key },
      })

    it.each([
      ['PKCS #8', pem],
      ['PKCS #1', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
      ['escaped line breaks', pem.replaceAll('\n', '\\n')],
    ])('signs with a key in %s', async (_format, key) => {
      endpoint.reply = replyJson(200, TOKEN)
      expect(await mint(key)).toMatchObject({ kind: 'granted' })
      const sent = new URLSearchParams(endpoint.seen[0]?.body)
      expect(sent.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
      expect(sent.has('client_id')).toBe(false)
      const keys = createLocalJWKSet({ keys: [await exportJWK(publicKey)] })
      const { payload } = await jwtVerify(sent.get('assertion') ?? '', keys, {
        algorithms: ['RS256'],
        issuer: 'robot@example.com',
        audience: `${endpoint.url}/token`,
      })
      expect(payload['scope']).toBe('https://www.googleapis.com/auth/bigquery')
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600)
      // Against a clock that runs fast.
      expect(payload.iat ?? Number.NaN).toBeLessThan(Date.now() / 1000 - 20)
    })

    it('asks for the scopes it is given', async () => {
      endpoint.reply = replyJson(200, TOKEN)
      await mint(pem, ['one', 'two'])
      const [, payload = ''] = (new URLSearchParams(endpoint.seen[0]?.body).get('assertion') ?? '').split('.')
      expect(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).toMatchObject({
        scope: 'one two',
      })
    })

    it.each([
      ['garbage', CANARY],
      ['a public key', publicKey.export({ type: 'spki', format: 'pem' }).toString()],
      [
        'an elliptic key',
        generateKeyPairSync('ec', { namedCurve: 'P-256' })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      ],
      [
        'a key that is too short for RS256',
        generateKeyPairSync('rsa', { modulusLength: 1024 })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      ],
    ])('sends nothing with %s', async (_what, key) => {
      const outcome = await mint(key)
      expect(outcome).toMatchObject({ kind: 'app-broken', code: 'invalid_key' })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
      expect(endpoint.seen).toHaveLength(0)
    })
  })
})
