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

interface Changes {
  readonly bodyOptional?: boolean
  readonly bodySchema?: undefined
  readonly bodyType?: 'form'
  readonly querySchema?: undefined
}

function echo(changes: Changes = {}) {
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
    handle: async ({ path, query, headers, body, requestId, cookies, isHead }) => ({
      status: 200,
      body: { path, query, headers, body, requestId, cookies, isHead },
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
      cookies: [],
      isHead: false,
    })
  })

  test('hands on the cookies of either kind of event, and whether only the headers are asked for', async () => {
    const cookies = async (headers: Record<string, string>, list?: string[]) =>
      (await echo()({ headers, ...(list === undefined ? {} : { cookies: list }) })).json?.['cookies']
    expect(await cookies({ cookie: 'a=1; b=2' })).toEqual(['a=1', 'b=2'])
    expect(await cookies({ cookie: 'c=3' }, ['a=1', 'b=2'])).toEqual(['a=1', 'b=2'])
    expect((await echo()({ method: 'HEAD' })).json?.['isHead']).toBe(true)
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

  test.each([
    'application/json',
    'Application/JSON; charset=UTF-8',
    'application/json ;charset="utf-8"',
    'application/json; charset = utf8',
    'application/json; version=1; charset=us-ascii',
    'application/json;',
    'application/json; x-charset=latin1',
  ])('takes JSON that is called %j', async (contentType) => {
    expect((await echo()({ headers: { 'content-type': contentType } })).statusCode).toBe(200)
  })

  test.each([
    'text/json',
    'application/json; charset=utf-16',
    'application/json;v=1; charset = "latin1"',
    undefined,
  ])('refuses a body that is called %j, and says what is taken', async (contentType) => {
    const headers = { 'content-type': contentType } as Record<string, string>
    const { json } = await echo()({ headers })
    expect(json).toMatchObject({ statusCode: 415, errorCode: 'unsupported_media_type' })
    expect(json?.['message']).toBe(
      'The Content-Type of the body is not that of JSON. Allowed: application/json (UTF-8).',
    )
  })

  test.each(['gzip', ' BR '])(
    'refuses a body compressed by %j, and says that none is to be',
    async (coding) => {
      const answer = await echo()({ headers: { 'content-encoding': coding } })
      expect(answer.json).toMatchObject({
        statusCode: 415,
        errorCode: 'unsupported_media_type',
        message: 'The Content-Encoding of the body is not taken. Allowed: none: send the body as it is.',
      })
      expect(answer.headers['accept-encoding']).toBe('identity')
    },
  )

  test.each(['', ' ', 'identity', 'Identity'])(
    'takes a body with the coding %j for what it is',
    async (coding) => {
      expect((await echo()({ headers: { 'content-encoding': coding } })).statusCode).toBe(200)
    },
  )

  test('looks at no coding where there is no body', async () => {
    const { json } = await echo({ bodyOptional: true })({
      body: undefined as never,
      headers: { 'content-encoding': 'gzip', 'content-type': '' },
    })
    expect(json?.['message']).toContain('Missing required property: name')
  })

  test.each([false, true])('leaves out a mark before the text, in base64: %j', async (isBase64Encoded) => {
    const text = '\uFEFF{"name":"n\uFEFF"}'
    const body = isBase64Encoded ? Buffer.from(text).toString('base64') : text
    expect((await echo()({ body, isBase64Encoded })).json?.['body']).toEqual({ name: 'n\uFEFF' })
  })

  test('reads a form where a route has one, and joins a field that is given twice by a comma', async () => {
    const form = (body: string, contentType: string) =>
      echo({ bodyType: 'form' })({ body, headers: { 'content-type': contentType } })
    for (const contentType of [
      'application/x-www-form-urlencoded',
      'Application/X-WWW-Form-Urlencoded ; a=b',
    ]) {
      expect((await form('name=a+b&name=%C3%A9', contentType)).json?.['body']).toEqual({ name: 'a b,é' })
    }
    expect((await form('name=a&other=1', 'application/x-www-form-urlencoded')).json).toMatchObject({
      statusCode: 400,
      errorCode: 'invalid_body',
    })
    for (const contentType of ['application/json', '']) {
      expect((await form('name=a', contentType)).json).toMatchObject({
        statusCode: 415,
        message:
          'The Content-Type of the body is not that of a form. Allowed: application/x-www-form-urlencoded.',
      })
    }
  })

  test.each(['[1]', 'null', '"n"', '1'])(
    'refuses the body %s, which has no members to look at',
    async (body) => {
      expect((await echo()({ body })).json).toMatchObject({ statusCode: 400, errorCode: 'invalid_body' })
    },
  )

  test('reads a body that may be left out, where it was not', async () => {
    expect((await echo({ bodyOptional: true })()).json?.['body']).toEqual({ name: 'n' })
  })

  test('has more looked for beside a refused body only where that has members', async () => {
    const asked: unknown[] = []
    const route = defineRoute({
      ...{
        name: 'more',
        method: 'POST',
        path: '/more',
        function: 'api',
        tag: 't',
        summary: 's',
        responses: {},
      },
      scopes: ['read:flows_vault_connections'],
      bodySchema: SCHEMAS.bodySchema,
      errorsBeside: async ({ body }) => {
        asked.push(body)
        return [{ path: 'more', code: 'value', message: 'It is wrong too' }]
      },
      handle: async () => ({ status: 204 }),
    } as Parameters<typeof defineRoute>[0]) as Route<never>
    const target = httpFunction([route])
    const send = (body: string) =>
      target.call({
        body,
        token: 'acme read:flows_vault_connections',
        headers: { 'content-type': 'application/json' },
      })
    for (const body of ['null', '[1]', '1', '"n"']) expect((await send(body)).statusCode).toBe(400)
    expect(asked).toEqual([])
    const { json } = await send('{"name":1}')
    expect(json).toMatchObject({ statusCode: 400, errors: [{ path: 'name' }, { path: 'more' }] })
    expect(asked).toEqual([{ name: 1 }])
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
    expect(bad.json?.['message']).toBe(
      "Payload validation error: 'Invalid UTF-8' on property body (JSON in UTF-8).",
    )
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
