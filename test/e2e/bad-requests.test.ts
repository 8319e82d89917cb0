import { jest } from '@jest/globals'
import { allRoutes } from '../../functions/route-table.ts'
import { connectionKey } from '../../shared/domain/keys.ts'
import { StoreUnavailableError } from '../../shared/ports/item-store.ts'
import { CANARY, CONNECTIONS, type HostileClient, openHostileClient } from '../support/hostile-client.ts'
import { rawHead, sendRaw } from '../support/raw-http.ts'
import { expectEveryAnswersHeaders, expectRefusal, readAnswer } from '../support/refusal.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const NOT_FOUND = { status: 404, says: ['Not Found'] } as const
const INVALID_HEADERS = { status: 400, errorCode: 'invalid_headers' } as const
/** What routes need in their body, so that the id alone is wrong. */
const BODIES: Readonly<Record<string, unknown>> = {
  'reject-credential': { credential_version: 1 },
  'put-flow': { name: 'flow' },
}
const EMPTY = JSON.stringify({ name: 'made', app_id: 'HTTP' })

let vault: RunningVault
let client: HostileClient
let id: string
/** Request ids of answers that no handler made; each has to be in the log in the end. */
const refusedByServer: string[] = []

beforeAll(async () => {
  vault = await startRunningVault()
  client = await openHostileClient(vault)
  id = JSON.parse((await client.post(EMPTY)).body).id
})

afterEach(() => {
  jest.restoreAllMocks()
})

afterAll(async () => {
  await vault.stop()
  const lines = vault.log().filter((line) => line.includes('"status":400'))
  expect(refusedByServer.filter((requestId) => !lines.some((line) => line.includes(requestId)))).toEqual([])
  expect(vault.log().join('\n')).not.toContain(CANARY)
})

const raw = (head: string, body: string | Buffer = '') =>
  sendRaw(vault.url, Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]))

describe('a path or method that there is not', () => {
  test.each([
    ['GET', '/'],
    ['GET', '/api/v2/flows/vault'],
    ['GET', '/api/v2/flows/vault/connections/'],
    ['GET', '/api/v2//flows/vault/connections'],
    ['GET', '/API/v2/flows/vault/connections'],
    ['GET', '/api/v2/flows/vault/connections/a/b/c'],
    ['GET', '/api/v2/flows/vault%2Fconnections'],
    ['GET', '/api/v2/flows/vault/%63onnections'],
    ['GET', '/api/v2/flows/vault/connections/%zz'],
    ['GET', '/api/v2/flows/vault/connections/%ff'],
    ['PUT', CONNECTIONS],
    ['DELETE', CONNECTIONS],
    ['PATCH', CONNECTIONS],
    ['OPTIONS', CONNECTIONS],
    ['TRACE', CONNECTIONS],
    ['POST', `${CONNECTIONS}/ac_1`],
    ['POST', '/healthz'],
    ['GET', '/oauth/token'],
    ['GET', '/docs/../package.json'],
    ['GET', '/docs/..%2fpackage.json'],
    ['GET', '/__proto__'],
    ['GET', '/constructor'],
  ])('is a plain 404: %s %s', async (method, path) => {
    const answer = await raw(rawHead(method, path, [`Authorization: Bearer ${client.token}`]))
    expectRefusal(answer, NOT_FOUND)
  })

  test('is a 404 without a token, too, and says nothing of what there is', async () => {
    expectRefusal(await raw(rawHead('GET', '/api/v2/flows/vault/nothing')), NOT_FOUND)
  })
})

describe('an id', () => {
  const unknown = { status: 404, says: ['Connection not found'] } as const
  const tooLong = { status: 400, errorCode: 'invalid_uri', says: ['on property id', 'at most 30'] } as const

  test.each([
    ['a slash', 'ac%2F..%2Fac', unknown],
    ['dots', '..%2f%2e%2e', unknown],
    ['a NUL', 'ac_%00', unknown],
    ['a line break', 'ac_%0d%0aX-Injected:%201', unknown],
    ['what divides keys', 'ac_1%230001', unknown],
    ['letters of another script', '%D0%B0%D1%81_1', unknown],
    ['quotes', "'%20OR%201=1--", unknown],
    ['a name every object has', '__proto__', unknown],
    ['30 characters', 'a'.repeat(30), unknown],
    ['31 characters', 'a'.repeat(31), tooLong],
    ['10,000 characters', 'a'.repeat(10_000), tooLong],
  ])('of %s is looked up or refused, by every route', async (_what, text, wanted) => {
    for (const route of allRoutes().filter((each) => each.path.startsWith(`${CONNECTIONS}/{id}`))) {
      const path = route.path.replace('{id}', text).replace('{flow_id}', 'flow')
      const body = JSON.stringify(BODIES[route.name] ?? {})
      const sent =
        route.bodySchema === undefined ? {} : { headers: { 'content-type': 'application/json' }, body }
      await client.refused(() => client.send({ method: route.method, path, ...sent }), wanted)
    }
  })
})

describe('an Idempotency-Key', () => {
  test.each([
    ['nothing', ''],
    ['a blank inside', 'a b'],
    ['256 characters', 'k'.repeat(256)],
    ['a control character', 'a\x01b'],
    ['a letter that is no ASCII', 'caf\xe9'],
    ['a tab', 'a\tb'],
  ])('of %s is refused', async (_what, key) => {
    const head = rawHead('POST', CONNECTIONS, [
      `Authorization: Bearer ${client.token}`,
      'Content-Type: application/json',
      `Content-Length: ${EMPTY.length}`,
      `Idempotency-Key: ${key}`,
    ])
    const answer = await raw(head, EMPTY)
    // Node itself refuses control characters, before there is a request.
    if (key.includes('\x01')) expectRefusal(answer, { status: 400, says: ['not valid HTTP'] })
    else expectRefusal(answer, { ...INVALID_HEADERS, says: ['on property idempotency-key'] })
  })

  test('of 255 characters is taken', async () => {
    const headers = { 'idempotency-key': 'k'.repeat(255) }
    expect((await client.post(EMPTY, { headers })).status).toBe(201)
  })

  test('with another body is refused, and the secret in it is not repeated', async () => {
    const headers = { 'idempotency-key': 'one' }
    expect((await client.post(EMPTY, { headers })).status).toBe(201)
    const other = { name: 'made', app_id: 'HTTP', setup: { type: 'BEARER', token: CANARY } }
    await client.refused(() => client.postJson(other, { headers }), {
      status: 422,
      errorCode: 'idempotency_mismatch',
      says: ['used with another body'],
    })
  })
})

describe('If-Match', () => {
  test.each(['garbage', '"v2"', 'v1', '"v1', '""', ',', '"V1"', '"v1 "', '0', '\'"v1"\''])(
    'of %s does not match',
    async (tag) => {
      for (const method of ['PATCH', 'DELETE']) {
        const headers = { 'if-match': tag, 'content-type': 'application/json' }
        const sent = {
          method,
          path: `${CONNECTIONS}/${id}`,
          headers,
          ...(method === 'PATCH' ? { body: '{}' } : {}),
        }
        await client.refused(() => client.send(sent), {
          status: 412,
          errorCode: 'precondition_failed',
          says: ['"v1"'],
        })
      }
    },
  )

  test('of more than 500 characters is refused', async () => {
    const headers = { 'if-match': `"${'v'.repeat(500)}"` }
    const sent = { method: 'DELETE', path: `${CONNECTIONS}/${id}`, headers }
    await client.refused(() => client.send(sent), { ...INVALID_HEADERS, says: ['if-match', 'at most 500'] })
  })
})

describe('what the server answers by itself', () => {
  test.each([
    ['no HTTP', 'GARBAGE\r\n\r\n', 400, 'not valid HTTP'],
    ['no Host', `GET ${CONNECTIONS} HTTP/1.1\r\nConnection: close\r\n\r\n`, 400, 'Host'],
    ['two Hosts', rawHead('GET', CONNECTIONS, ['Host: other.test']), 400, 'Host'],
    ['a bare line feed in a header', rawHead('GET', CONNECTIONS, ['X: a\nb: c\0']), 400, 'not valid HTTP'],
    ['a header of 20 KiB', rawHead('GET', CONNECTIONS, [`X: ${'x'.repeat(20_480)}`]), 431, 'too large'],
    [
      'two lengths',
      rawHead('POST', CONNECTIONS, ['Content-Length: 1', 'Content-Length: 2']),
      400,
      'not valid HTTP',
    ],
  ])('has the shape and the headers of every answer: %s', async (_what, head, status, says) => {
    const answer = await raw(head)
    expectRefusal(answer, { status, says: [says] })
    if (status === 400) refusedByServer.push(answer.headers['x-request-id']!)
  })

  test('carries those headers on pages, documents and tokens too', async () => {
    const paths = [
      '/docs',
      '/docs/start.js',
      '/openapi.json',
      '/asyncapi.json',
      '/healthz',
      '/readyz',
      '/.well-known/jwks.json',
    ]
    for (const path of [...paths, '/oauth/start', '/oauth/return/x', '/.well-known/openid-configuration']) {
      expectEveryAnswersHeaders(await readAnswer(await fetch(`${vault.url}${path}`)))
    }
    expectEveryAnswersHeaders(await readAnswer(await fetch(`${vault.url}/oauth/token`, { method: 'POST' })))
  })
})

describe('a callback of a browser', () => {
  test.each([
    ['nothing', ''],
    ['a state that is none', `?state=${CANARY}&code=${CANARY}`],
    ['a state twice', '?state=a&state=b'],
    ['a state of 10,000 characters', `?state=${'s'.repeat(10_000)}`],
    ['markup', '?error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=%3Cb%3E'],
    ['a line break', '?state=%0d%0aX-Injected:%201'],
  ])('with %s ends on a page that says so, and repeats nothing', async (_what, query) => {
    const response = await fetch(`${vault.url}/oauth/return/ac_0${query}`, { redirect: 'manual' })
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    const page = await response.text()
    expect(page).toContain('Not connected')
    expect(page).not.toMatch(/canary|<script|sssss|X-Injected/)
  })
})

describe('the document', () => {
  test('names no host that a caller made up: it is relative while nobody has said where the vault is reached', async () => {
    for (const host of ['one.test', 'two.test']) {
      const { body } = await raw(rawHead('GET', '/openapi.json').replace('vault.test', host))
      expect(JSON.parse(body).servers).toEqual([{ url: './' }])
      const told = await raw(rawHead('GET', '/asyncapi.json').replace('vault.test', host))
      expect(JSON.parse(told.body).servers.vault.host).toBe(new URL(vault.url).host)
    }
  })

  test.each(['/openapi.json', '/asyncapi.json', '/docs'])(
    'is ready: %s is not sent again to who has it',
    async (at) => {
      const first = await fetch(`${vault.url}${at}`)
      expect(first.headers.get('content-encoding')).toBe('gzip')
      const tag = first.headers.get('etag') ?? ''
      expect((await fetch(`${vault.url}${at}`, { headers: { 'if-none-match': tag } })).status).toBe(304)
    },
  )
})

describe('a fault of ours', () => {
  test('is a 500 of fixed text; the log has its name and place, and nothing that it says', async () => {
    jest.spyOn(vault.server.vault.items, 'get').mockRejectedValue(new TypeError(`cannot read ${CANARY}`))
    const answer = await client.send({ method: 'GET', path: `${CONNECTIONS}/${id}` })
    expectRefusal(answer, { status: 500, says: ['An internal error occurred'] })
    const line = vault.log().find((text) => text.includes(answer.headers['x-request-id']!))
    expect(JSON.parse(line!)).toMatchObject({
      message: 'a request failed unexpectedly',
      error: 'TypeError',
      at: expect.stringContaining('.ts:'),
    })
  })

  test('of the store is a 503 that says when to try again', async () => {
    jest
      .spyOn(vault.server.vault.items, 'get')
      .mockRejectedValue(new StoreUnavailableError('the disk is full', 'not-applied'))
    const answer = await client.send({ method: 'GET', path: `${CONNECTIONS}/${id}` })
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.body)).toMatchObject({ statusCode: 503, errorCode: 'store_unavailable' })
    expect(answer.headers['retry-after']).toBe('1')
    expectEveryAnswersHeaders(answer)
  })

  test('does not lose the row it was about', async () => {
    expect(await vault.server.vault.items.get(connectionKey('acme', id))).toMatchObject({ id })
  })
})
