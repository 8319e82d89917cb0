import * as z from 'zod/mini'
import { MAX_BODY_BYTES } from '../../../functions/middleware/parse-request.ts'
import { defineRoute, type Route } from '../../../functions/route.ts'
import { type HttpCall, httpFunction } from '../../support/http-function.ts'

const SCHEMAS = {
  pathSchema: z.object({ id: z.string().check(z.maxLength(5)) }),
  querySchema: z.strictObject({ page: z.optional(z.string().check(z.maxLength(2))) }),
  headerSchema: z.object({ 'if-match': z.optional(z.string().check(z.maxLength(3))) }),
  bodySchema: z.strictObject({ name: z.string() }),
}

function echo(changes: { bodyOptional?: boolean; bodySchema?: undefined; querySchema?: undefined } = {}) {
  const route = defineRoute({
    name: 'echo',
    method: 'POST',
    path: '/echo/{id}',
    function: 'api',
    tag: 't',
    summary: 's',
    responses: {},
    ...SCHEMAS,
    ...changes,
    handle: async ({ path, query, headers, body, requestId }) => ({
      status: 200,
      body: { path, query, headers, body, requestId },
    }),
  }) as Route<never>
  const target = httpFunction([route])
  return (request: HttpCall = {}) =>
    target.call({
      path: { id: 'a' },
      body: '{"name":"n"}',
      ...request,
      headers: { 'content-type': 'application/json', ...request.headers },
    })
}

describe('parseRequest', () => {
  test('hands on what the schemas put out, and nothing else', async () => {
    const answer = await echo()({ query: { page: '1' }, headers: { 'if-match': '"1"', 'x-tenant': 'other' } })
    expect(answer.json).toEqual({
      path: { id: 'a' },
      query: { page: '1' },
      headers: { 'if-match': '"1"' },
      body: { name: 'n' },
      requestId: 'request-1',
    })
  })

  test.each<[string, HttpCall, string, string]>([
    ['path', { path: { id: 'too long' } }, 'invalid_uri', 'on property id (at most 5)'],
    ['query', { query: { page: '100' } }, 'invalid_query_string', 'on property page (at most 2)'],
    [
      'query',
      { query: { other: '1' } },
      'invalid_query_string',
      "not allowed: other' on property other (page).",
    ],
    ['headers', { headers: { 'if-match': 'long' } }, 'invalid_headers', 'on property if-match (at most 3)'],
    [
      'body',
      { body: '{"name":"n","more":1}' },
      'invalid_body',
      "not allowed: more' on property more (name).",
    ],
    ['body', { body: '{}' }, 'invalid_body', 'Missing required property: name'],
    ['body', { body: '{"name":1}' }, 'invalid_body', 'Expected type string but found type integer'],
  ])('tells a bad %s by its own code', async (_place, request, errorCode, says) => {
    const { json } = await echo()(request)
    expect(json).toMatchObject({ statusCode: 400, errorCode })
    expect(json?.['message']).toContain(says)
  })

  test('refuses any parameter where a route has none', async () => {
    const { json } = await echo({ querySchema: undefined })({ query: { page: '1' } })
    expect(json).toMatchObject({ statusCode: 400, errorCode: 'invalid_query_string' })
    expect(json?.['message']).toContain('on property page (none).')
  })

  test('reads no body where a route has none, whatever it is', async () => {
    const { json } = await echo({ bodySchema: undefined })({
      body: 'garbage',
      headers: { 'content-type': 'x/y' },
    })
    expect(json?.['body']).toEqual({})
  })

  test('takes no body for an empty object only where a route says so', async () => {
    const nothing = { body: '', headers: { 'content-type': '' } }
    expect((await echo({ bodyOptional: true })(nothing)).json?.['message']).toContain(
      'Missing required property',
    )
    expect((await echo()(nothing)).statusCode).toBe(415)
  })

  test('decodes a body that came in base64, and refuses one that is no UTF-8', async () => {
    const base64 = (bytes: Uint8Array) => ({
      body: Buffer.from(bytes).toString('base64'),
      isBase64Encoded: true,
    })
    const good = await echo()(base64(Buffer.from('{"name":"é"}')))
    expect(good.json?.['body']).toEqual({ name: 'é' })
    const bad = await echo()(base64(Buffer.from([0x7b, 0xff, 0x7d])))
    expect(bad.json).toMatchObject({ errorCode: 'invalid_body' })
    expect(bad.json?.['message']).toContain('Invalid UTF-8')
  })

  test.each([
    ['text', (text: string) => ({ body: text })],
    ['base64', (text: string) => ({ body: Buffer.from(text).toString('base64'), isBase64Encoded: true })],
  ])('counts the bytes of a body in %s, and takes 100 KiB of them', async (_as, request) => {
    const sized = (bytes: number) =>
      `{"name":"${'é'.repeat((bytes - 11) / 2)}"}`.padEnd(bytes - Math.floor((bytes - 11) / 2))
    expect(Buffer.byteLength(sized(MAX_BODY_BYTES))).toBe(102_400)
    expect((await echo()(request(sized(MAX_BODY_BYTES)))).statusCode).toBe(200)
    const { json } = await echo()(request(`${sized(MAX_BODY_BYTES)} `))
    expect(json).toMatchObject({ statusCode: 413, errorCode: 'payload_too_large' })
    expect(json?.['message']).toBe('The body is too large. Allowed: 102400 bytes.')
  })
})
