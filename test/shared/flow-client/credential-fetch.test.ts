import { credentialBody, settle, stageClient } from '../../support/flow-client-stage.ts'

const API = { base_url: 'https://api.example.com/v1' }

/** A call under way whose credential is there: what the service is sent is the last request. */
async function call(
  request: Record<string, unknown>,
  url: string,
  init: Parameters<ReturnType<typeof stageClient>['vault']['fetch']>[2] = {},
) {
  const stage = stageClient()
  const answer = stage.vault.fetch('ac_1', url, init)
  answer.catch(() => {})
  await settle()
  await stage.wire.last.answer(200, credentialBody({ request: { headers: {}, query: {}, ...request } }))
  return { ...stage, answer }
}

const BEARER = {
  headers: { Authorization: 'Bearer secret-one', 'X-Api-Key': 'secret-two' },
  query: { key: 'secret-three' },
}

describe('fetch', () => {
  test.each([
    ['/rows?a=1', 'https://api.example.com/v1/rows?a=1&key=secret-three'],
    ['rows', 'https://api.example.com/v1/rows?key=secret-three'],
    ['', 'https://api.example.com/v1?key=secret-three'],
    ['/rows?q=who?&b=c?d', 'https://api.example.com/v1/rows?q=who%3F&b=c%3Fd&key=secret-three'],
    ['rows#part', 'https://api.example.com/v1/rows?key=secret-three'],
    ['rows:append', 'https://api.example.com/v1/rows:append?key=secret-three'],
    ['https://api.example.com/v2/x', 'https://api.example.com/v2/x?key=secret-three'],
  ])('lays the credential over %s, below the base URL of the connection', async (url, sent) => {
    const { wire, answer } = await call({ ...API, ...BEARER }, url, { headers: { accept: 'text/csv' } })
    expect(wire.last.url).toBe(sent)
    expect(wire.last.headers.get('authorization')).toBe('Bearer secret-one')
    expect(wire.last.headers.get('accept')).toBe('text/csv')
    await wire.last.answer(200, { ok: true })
    expect((await answer).status).toBe(200)
  })

  test('sends to the address that is the secret itself', async () => {
    const { wire } = await call({ url: 'https://hooks.example.com/T/secret' }, '', {
      method: 'POST',
      body: '{}',
    })
    expect(wire.last).toMatchObject({ url: 'https://hooks.example.com/T/secret', method: 'POST', body: '{}' })
  })

  test.each([
    [
      API,
      'https://evil.example.com/',
      {},
      /does not go to https:\/\/evil\.example\.com; it may go to https:\/\/api\.example\.com/,
    ],
    [API, 'http://api.example.com/v1', {}, /does not go to http:\/\/api\.example\.com/],
    [API, 'https://api.example.com:8443/v1', {}, /does not go to/],
    [API, 'https://evil.example.com/', { allow: ['https://evil.example.com'] }, /does not go to/],
    [{}, 'https://api.example.com/', {}, /name the origins in allow/],
    [
      {},
      'https://api.example.com/',
      { allow: ['https://other.example.com'] },
      /it may go to https:\/\/other/,
    ],
    [{}, '/rows', { allow: ['https://api.example.com'] }, /needs a whole URL/],
    [{}, 'https://api.example.com/', { allow: ['api'] }, /is no origin/],
  ])('keeps the credential of %j from %s', async (request, url, init, sentence) => {
    const { wire, answer } = await call({ ...BEARER, ...request }, url, init)
    await expect(answer).rejects.toThrow(sentence)
    expect(wire.requests).toHaveLength(1)
  })

  test('goes to an allowed origin where the connection has none', async () => {
    const { wire } = await call(BEARER, 'https://api.example.com/x', { allow: ['https://api.example.com'] })
    expect(wire.last.headers.get('x-api-key')).toBe('secret-two')
  })

  test.each([302, 307])(
    'drops all the credential brought at another origin (%s), and does not put it back',
    async (status) => {
      const { wire, answer } = await call({ ...API, ...BEARER }, '/x', {
        headers: { cookie: 'c=1', accept: 'a/b' },
      })
      await wire.last.answer(status, undefined, { location: 'https://cdn.example.net/y?key=secret-three' })
      expect(wire.last.url).toBe('https://cdn.example.net/y')
      for (const name of ['authorization', 'x-api-key', 'cookie'])
        expect(wire.last.headers.get(name)).toBeNull()
      expect(wire.last.headers.get('accept')).toBe('a/b')
      await wire.last.answer(status, undefined, { location: 'https://api.example.com/v1/z' })
      expect(wire.last.url).toBe('https://api.example.com/v1/z')
      expect(wire.last.headers.get('authorization')).toBeNull()
      await wire.last.answer(200)
      expect((await answer).status).toBe(200)
    },
  )

  test('keeps the credential on the way within its origin', async () => {
    const { wire } = await call({ ...API, ...BEARER }, '/x')
    await wire.last.answer(301, undefined, { location: '/v1/y' })
    expect(wire.last.url).toBe('https://api.example.com/v1/y?key=secret-three')
    expect(wire.last.headers.get('authorization')).toBe('Bearer secret-one')
  })

  test.each([
    [301, 'GET', undefined],
    [302, 'GET', undefined],
    [303, 'GET', undefined],
    [307, 'POST', '{"a":1}'],
    [308, 'POST', '{"a":1}'],
  ])('follows a %s of a POST as %s', async (status, method, body) => {
    const headers = { 'content-type': 'application/json' }
    const { wire } = await call({ ...API, ...BEARER }, '/x', { method: 'POST', body: '{"a":1}', headers })
    await wire.last.answer(status, undefined, { location: '/v1/y' })
    expect(wire.last).toMatchObject({ method, body })
    expect(wire.last.headers.get('content-type')).toBe(body === undefined ? null : 'application/json')
  })

  test('hands the caller a redirect that would repeat a body elsewhere', async () => {
    const { wire, answer } = await call({ ...API, ...BEARER }, '/x', {
      method: 'POST',
      body: 'secret payload',
    })
    await wire.last.answer(307, undefined, { location: 'https://evil.example.com/' })
    expect((await answer).status).toBe(307)
    expect(wire.requests).toHaveLength(2)
  })

  test.each([
    ['manual', 302],
    ['error', /refuses/],
  ] as const)('obeys redirect: %s', async (redirect, expected) => {
    const { wire, answer } = await call({ ...API, ...BEARER }, '/x', { redirect })
    await wire.last.answer(302, undefined, { location: '/v1/y' })
    if (typeof expected === 'number') expect((await answer).status).toBe(expected)
    else await expect(answer).rejects.toThrow(expected)
    expect(wire.requests).toHaveLength(2)
  })

  test('gives up after twenty redirects', async () => {
    const { wire, answer } = await call({ ...API, ...BEARER }, '/x')
    for (let turn = 0; turn <= 20; turn += 1)
      await wire.last.answer(302, undefined, { location: `/v1/${turn}` })
    await expect(answer).rejects.toThrow(/more than 20 times/)
  })

  test.each([
    ['text', 'body'],
    ['a form', new URLSearchParams({ a: '1' })],
    ['bytes', new Uint8Array([1])],
    ['a blob', new Blob(['x'])],
    ['form data', new FormData()],
    ['nothing', undefined],
  ])('reports a 401 and sends %s once more with the newer credential', async (_, body) => {
    const { wire, answer } = await call({ ...API, ...BEARER }, '/x', {
      method: 'POST',
      ...(body ? { body } : {}),
    })
    await wire.last.answer(401)
    expect(wire.last.url).toMatch(/\/ac_1\/credentials\/rejected$/)
    expect(wire.last.body).toBe('{"credential_version":1}')
    await wire.last.answer(200, { renewed: true })
    const newer = { ...API, headers: { Authorization: 'Bearer secret-new' }, query: {} }
    await wire.last.answer(200, credentialBody({ credential_version: 2, request: newer }))
    expect(wire.last.headers.get('authorization')).toBe('Bearer secret-new')
    expect(wire.last.body).toBe(body)
    await wire.last.answer(401)
    expect((await answer).status).toBe(401)
    expect(wire.requests).toHaveLength(5)
  })

  test('reports the 401 of a stream, and hands it back', async () => {
    const body = new ReadableStream()
    const { wire, answer } = await call({ ...API, ...BEARER }, '/x', { method: 'POST', body, duplex: 'half' })
    await wire.last.answer(401)
    await wire.last.answer(200, { renewed: true })
    expect((await answer).status).toBe(401)
    expect(wire.requests).toHaveLength(3)
  })

  test.each([
    ['the version stays', 200, credentialBody()],
    ['the vault needs a person', 409, { errorCode: 'reauthorization_required' }],
  ])('hands the 401 back when %s', async (_, status, body) => {
    const { wire, answer } = await call({ ...API, ...BEARER }, '/x')
    await wire.last.answer(401)
    await wire.last.answer(200, { renewed: false })
    await wire.last.answer(status, body)
    expect((await answer).status).toBe(401)
  })

  test.each([
    [['https://cdn.example.net/y'], 'another origin'],
    [['https://cdn.example.net/y', 'https://api.example.com/v1/z'], 'its origin, without the credential'],
  ])('reports no 401 of who was not shown the credential (%s: %s)', async (locations) => {
    const { wire, answer } = await call({ ...API, ...BEARER }, '/x')
    for (const location of locations) await wire.last.answer(302, undefined, { location })
    await wire.last.answer(401)
    expect((await answer).status).toBe(401)
    expect(wire.requests).toHaveLength(2 + locations.length)
  })

  test('does not repeat a 403', async () => {
    const { wire, answer } = await call({ ...API, ...BEARER }, '/x')
    await wire.last.answer(403)
    expect((await answer).status).toBe(403)
    expect(wire.requests).toHaveLength(2)
  })
})
