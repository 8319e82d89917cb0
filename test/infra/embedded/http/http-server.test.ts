import { once } from 'node:events'
import fs from 'node:fs'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { BodyBudget } from '../../../../infra/embedded/http/body-budget.ts'
import {
  createHttpServer,
  type HttpServer,
  type HttpServerOptions,
} from '../../../../infra/embedded/http/http-server.ts'
import { ensureCertificates } from '../../../../infra/embedded/tls/certificates.ts'

type Result = APIGatewayProxyStructuredResultV2

const OK: Result = { statusCode: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' }

let events: APIGatewayProxyEventV2[]
let errors: unknown[]
let handle: (event: APIGatewayProxyEventV2) => Promise<Result>
let server: HttpServer
let port: number

beforeEach(async () => {
  events = []
  errors = []
  handle = async () => OK
  await start()
})

afterEach(async () => {
  await server.close({ graceMs: 0 })
})

describe('createHttpServer: the event', () => {
  it('is the one API Gateway sends, payload format 2.0', async () => {
    const answer = await exchange(
      'GET /items/a%20b?x=1&y=&x=2&z=%C3%A9+f HTTP/1.1\r\nHost: Vault.test:8787\r\nUser-Agent: jest\r\n' +
        'X-Many: one\r\nX-MANY: two\r\nCookie: a=1; b=2\r\nConnection: close\r\n\r\n',
    )
    expect(answer.status).toBe(200)
    expect(events).toEqual([
      {
        version: '2.0',
        routeKey: 'GET /items/{id}',
        rawPath: '/items/a%20b',
        rawQueryString: 'x=1&y=&x=2&z=%C3%A9+f',
        queryStringParameters: { x: '1,2', y: '', z: 'é f' },
        cookies: ['a=1', 'b=2'],
        headers: { host: 'Vault.test:8787', 'user-agent': 'jest', 'x-many': 'one,two', connection: 'close' },
        pathParameters: { id: 'a b' },
        requestContext: {
          accountId: 'embedded',
          apiId: 'embedded',
          domainName: 'Vault.test:8787',
          domainPrefix: 'embedded',
          http: {
            method: 'GET',
            path: '/items/a%20b',
            protocol: 'HTTP/1.1',
            sourceIp: '127.0.0.1',
            userAgent: 'jest',
          },
          requestId: expect.stringMatching(/^[0-9a-f]{24}$/),
          routeKey: 'GET /items/{id}',
          stage: '$default',
          time: '12/Mar/2020:19:03:58 +0000',
          timeEpoch: 1_584_039_838_123,
        },
        isBase64Encoded: false,
      },
    ])
  })

  it('gives each request an id of its own', async () => {
    await exchange('GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(events).toHaveLength(2)
    expect(events[0]!.requestContext.requestId).not.toBe(events[1]!.requestContext.requestId)
  })

  it('names the default route, without parameters, where the table has none, whatever the method', async () => {
    await exchange('PURGE /nowhere HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(events[0]).toMatchObject({ routeKey: '$default', rawPath: '/nowhere', rawQueryString: '' })
    expect(events[0]!.requestContext.http.method).toBe('PURGE')
    expect(events[0]).not.toHaveProperty('pathParameters')
    expect(events[0]).not.toHaveProperty('queryStringParameters')
    expect(events[0]).not.toHaveProperty('cookies')
    expect(events[0]).not.toHaveProperty('body')
  })

  it('reads the absolute form of a target, and takes percent signs that encode nothing as they are', async () => {
    await exchange('GET http://h/items/1?q=%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(events[0]).toMatchObject({ rawPath: '/items/1', queryStringParameters: { q: '%zz' } })
  })

  it('keeps headers and parameters named like members of objects as ordinary values', async () => {
    await exchange(
      'GET /?constructor=1&toString=2 HTTP/1.1\r\nHost: h\r\nConstructor: x\r\nConnection: close\r\n\r\n',
    )
    expect(events[0]!.headers['constructor']).toBe('x')
    expect({ ...events[0]!.queryStringParameters }).toEqual({ constructor: '1', toString: '2' })
  })

  it.each([
    ['with a length', `Content-Length: 9\r\n\r\n{"a":"é"}`.replace('9', '10')],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n6\r\n{"a":"\r\n4\r\né"}\r\n0\r\n\r\n'],
  ])('carries a text body that came %s', async (_how, rest) => {
    await exchange(`POST /items HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${rest}`)
    expect(events[0]).toMatchObject({ body: '{"a":"é"}', isBase64Encoded: false })
  })

  it('carries a body that is no UTF-8 as base64', async () => {
    const head = 'POST /items HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\n'
    await exchange(Buffer.concat([Buffer.from(head), Buffer.from([0x61, 0xff, 0x62])]))
    expect(events[0]).toMatchObject({ body: 'Yf9i', isBase64Encoded: true })
  })

  it('has no body when the body is empty', async () => {
    await exchange('DELETE /items/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    expect(events[0]).not.toHaveProperty('body')
  })
})

describe('createHttpServer: the answer', () => {
  it('carries status, headers, cookies and body of the result, and the length in bytes', async () => {
    handle = async () => ({
      statusCode: 201,
      headers: { 'Content-Type': 'application/json', 'x-count': 3, 'x-flag': true, 'Content-Length': '999' },
      cookies: ['a=1; Secure', 'b=2'],
      body: '"é"',
    })
    const answer = await exchange(get('/'))
    expect(answer.status).toBe(201)
    expect(answer.head).toMatch(/^content-type: application\/json$/im)
    expect(answer.head).toMatch(/^x-count: 3$/m)
    expect(answer.head).toMatch(/^x-flag: true$/m)
    expect(answer.head.match(/^content-length: .*$/gim)).toEqual(['content-length: 4'])
    expect(answer.head.match(/^set-cookie: .*$/gm)).toEqual(['set-cookie: a=1; Secure', 'set-cookie: b=2'])
    expect(answer.body).toBe('"é"')
  })

  it('decodes a base64 body', async () => {
    handle = async () => ({
      statusCode: 200,
      body: Buffer.from([1, 2, 255]).toString('base64'),
      isBase64Encoded: true,
    })
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([1, 2, 255])
  })

  it('answers HEAD as GET, with the length and without the body', async () => {
    const answer = await exchange(get('/items/1').replace('GET', 'HEAD'))
    expect(events[0]).toMatchObject({
      routeKey: 'GET /items/{id}',
      requestContext: { http: { method: 'HEAD' } },
    })
    expect(answer.head).toMatch(/^content-length: 2$/m)
    expect(answer.body).toBe('')
  })

  it.each([204, 304])('sends %i without a body or a length', async (statusCode) => {
    handle = async () => ({ statusCode, body: 'never' })
    const answer = await exchange(get('/'))
    expect(answer.status).toBe(statusCode)
    expect(answer.head).not.toMatch(/content-length|transfer-encoding/i)
    expect(answer.body).toBe('')
  })

  it('serves many requests on one connection, in their order', async () => {
    handle = async (event) => {
      if (event.rawPath === '/1') await setImmediate()
      return { statusCode: 200, body: `[${event.rawPath}]` }
    }
    const requests = ['/1', '/2'].map((target) => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
    const answer = await exchange(`${requests.join('')}${get('/3')}`)
    expect(answer.text.match(/\[.*?\]/g)).toEqual(['[/1]', '[/2]', '[/3]'])
    expect(answer.head).toMatch(/^Keep-Alive: timeout=65$/m)
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('secret detail'))],
    [
      'throws',
      () => {
        throw new Error('secret detail')
      },
    ],
    [
      'answers with a header that would split the answer',
      async () => ({ ...OK, headers: { 'x-a': 'b\r\nc: d' } }),
    ],
    ['answers without a status', async () => ({ body: 'x' })],
  ])('is a 500 of fixed text when the handler %s, and the next request is served', async (_what, broken) => {
    handle = broken
    const answer = await exchange(get('/'))
    expect(answer.status).toBe(500)
    expect(JSON.parse(answer.body)).toEqual({
      statusCode: 500,
      error: 'Internal Server Error',
      message: 'An internal error occurred',
    })
    expect(answer.head).toMatch(/^cache-control: no-store$/m)
    expect(answer.head).toMatch(/^x-content-type-options: nosniff$/m)
    expect(errors).toHaveLength(1)
    handle = async () => OK
    expect((await exchange(get('/'))).status).toBe(200)
  })

  it('is a 500 when the route table throws', async () => {
    expect((await exchange(get('/items/%zz'))).status).toBe(500)
    expect(errors).toHaveLength(1)
    expect((await exchange(get('/'))).status).toBe(200)
  })
})

describe('createHttpServer: the limits', () => {
  const LIMIT_BYTES = 100 * 1024
  const CHUNKED = 'POST /items HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
  const CHUNK = `4000\r\n${'x'.repeat(0x4000)}\r\n`

  it('takes a body of exactly 100 KiB', async () => {
    const answer = await exchange(post(LIMIT_BYTES, 'x'.repeat(LIMIT_BYTES)))
    expect(answer.status).toBe(200)
    expect(events[0]!.body).toHaveLength(LIMIT_BYTES)
  })

  it('answers 413 to a longer one without waiting for it, and closes', async () => {
    const answer = await exchange(post(LIMIT_BYTES + 1, ''))
    expect(answer.status).toBe(413)
    expect(answer.head).toMatch(/^connection: close$/m)
    expect(answer.body).toBe('too large: POST /items')
    expect(events).toHaveLength(0)
  })

  it('answers 413 to one that grows over the limit in chunks, while the client still sends', async () => {
    const answer = await exchange(CHUNKED + CHUNK.repeat(40))
    expect(answer.status).toBe(413)
    expect(events).toHaveLength(0)
  })

  it.each([
    ['of a body', () => post(8_000_000, 'x'.repeat(8_000_000)), 413],
    ['in chunks', () => `${CHUNKED}${CHUNK.repeat(500)}0\r\n\r\n`, 413],
    ['of a head', () => `GET / HTTP/1.1\r\nHost: h\r\nX-Long: ${'x'.repeat(8_000_000)}\r\n\r\n`, 431],
  ])('reaches a client that reads only after it has sent all %s', async (_what, request, status) => {
    const socket = await open()
    socket.pause()
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject)
      socket.write(request(), (error) => (error ? reject(error) : resolve()))
    })
    expect((await readAnswer(socket)).status).toBe(status)
  })

  it('asks a client that waits for leave to go on, and refuses one at once whose body is too large', async () => {
    const expecting = (sizeBytes: number) =>
      post(sizeBytes, '').replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n')
    const socket = await open()
    socket.write(expecting(2))
    const [leave] = await once(socket, 'data')
    expect(String(leave)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('{}')
    expect((await readAnswer(socket)).status).toBe(200)
    expect((await exchange(expecting(LIMIT_BYTES + 1))).text).toMatch(/^HTTP\/1\.1 413/)
  })

  it('answers 500 and closes when the answer for a large body cannot be made', async () => {
    await server.close({ graceMs: 0 })
    await start({
      tooLarge: () => {
        throw new Error('broken')
      },
    })
    expect((await exchange(post(LIMIT_BYTES + 1, ''))).status).toBe(500)
    expect(errors).toHaveLength(1)
  })

  it('answers 431 to a head over 16 KiB', async () => {
    const answer = await exchange(`GET / HTTP/1.1\r\nHost: h\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`)
    expect(answer.status).toBe(431)
    expect(JSON.parse(answer.body)).toMatchObject({
      statusCode: 431,
      error: 'Request Header Fields Too Large',
    })
  })

  it('answers 408 to a request that does not arrive in time', async () => {
    await server.close({ graceMs: 0 })
    await start({ limits: { requestTimeoutMs: 40, headersTimeoutMs: 20 } })
    const answer = await exchange('GET / HTTP/1.1\r\nHost: h\r\n')
    expect(answer.status).toBe(408)
    expect(JSON.parse(answer.body)).toMatchObject({ statusCode: 408, error: 'Request Timeout' })
  })

  it('ends a connection that sends on and on without reading answers', async () => {
    handle = () => new Promise(() => {})
    const sent = net.connect(port, '127.0.0.1')
    sent.on('error', () => {})
    const closed = once(sent, 'close')
    sent.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(100))
    await closed
    expect(events).toHaveLength(16)
  })

  it('drops connections over the cap', async () => {
    await server.close({ graceMs: 0 })
    await start({ limits: { connections: 1 } })
    const first = await open()
    first.write(get('/').replace('Connection: close\r\n', ''))
    await once(first, 'data')
    const second = await open()
    await once(second, 'close')
    first.destroy()
  })

  it('drops connections over the share of one address, which a named proxy has not', async () => {
    await server.close({ graceMs: 0 })
    let proxies: string[] = []
    await start({ limits: { connectionsPerAddress: 1 }, isProxy: (address) => proxies.includes(address) })
    const first = await open()
    const second = await open()
    await once(second, 'close')
    proxies = ['127.0.0.1']
    const third = await open()
    third.write(get('/'))
    await once(third, 'data')
    first.destroy()
  })
})

describe('createHttpServer: what is refused, to a page of another origin', () => {
  const APP = 'https://app.example.com'
  const [LISTED, OTHER] = [`Origin: ${APP}\r\n`, 'Origin: https://evil.example.com\r\n']
  const body = (length: number, headers: string, sent = '') =>
    `POST /items HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${headers}Content-Length: ${length}\r\n\r\n${sent}`

  it.each([
    ['a body that is too large', 413, (headers: string) => body(102_401, headers), {}],
    [
      'a body that grows too large',
      413,
      (headers: string) =>
        `POST /items HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n${headers}\r\n` +
        `19001\r\n${'x'.repeat(0x19001)}\r\n0\r\n\r\n`,
      {},
    ],
    [
      'a body for which there is no room',
      503,
      (headers: string) => body(3, headers, 'abc'),
      {
        bodies: new BodyBudget({ all: 1, tenant: 1, address: 1, addresses: 1 }),
      },
    ],
    [
      'a body that nobody may send',
      401,
      (headers: string) => body(3, headers),
      {
        admit: async () => ({ answer: { statusCode: 401, body: '{}' } }),
      },
    ],
    [
      'a request without a Host',
      400,
      (headers: string) => `GET / HTTP/1.1\r\nConnection: close\r\n${headers}\r\n`,
      {},
    ],
    [
      'what no handler could answer',
      500,
      (headers: string) => `GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${headers}\r\n`,
      {
        handle: async () => {
          throw new Error('a bug')
        },
      },
    ],
    [
      'what a handler refused without a word on it',
      429,
      (headers: string) => `GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${headers}\r\n`,
      {
        handle: async () => ({ statusCode: 429, headers: { vary: 'accept-encoding' }, body: '{}' }),
      },
    ],
  ] as const)('%s can be read by a listed one, and by no other', async (_, status, request, changes) => {
    await server.close({ graceMs: 0 })
    await start({ corsOrigins: [APP], ...(changes as Partial<HttpServerOptions>) })
    const read = await exchange(request(LISTED))
    expect(read.status).toBe(status)
    expect(read.head).toMatch(new RegExp(`^access-control-allow-origin: ${APP}$`, 'm'))
    expect(read.head).toMatch(/^access-control-expose-headers: .*retry-after/m)
    expect(read.head).toMatch(/^vary: (accept-encoding, )?origin$/m)
    const other = await exchange(request(OTHER))
    expect(other.status).toBe(status)
    expect(other.head).not.toMatch(/access-control/)
    expect(other.head).toMatch(/^vary: /m)
  })

  it('has no second word on an answer of a handler that has said who may read it', async () => {
    await server.close({ graceMs: 0 })
    handle = async () => ({
      statusCode: 409,
      headers: { vary: 'origin', 'access-control-allow-origin': APP },
    })
    await start({ corsOrigins: [APP] })
    const { head } = await exchange(`GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${LISTED}\r\n`)
    expect(head.match(/^vary/gm)).toHaveLength(1)
    expect(head).not.toMatch(/expose/)
  })

  it('says nothing of origins where none is listed', async () => {
    const { head } = await exchange(body(102_401, LISTED))
    expect(head).not.toMatch(/access-control|vary/)
  })
})

describe('createHttpServer: what is not HTTP', () => {
  it.each([
    ['a line that is no request', 'hello\r\n\r\n'],
    ['a method nobody knows', 'FROBNICATE / HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length beside chunks, as request smuggling needs',
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
  ])('gets a 400 in the shape of every error: %s', async (_what, text) => {
    const answer = await exchange(text)
    expect(answer.status).toBe(400)
    expect(answer.head).toMatch(/^content-type: application\/json; charset=utf-8$/m)
    expect(JSON.parse(answer.body)).toEqual({
      statusCode: 400,
      error: 'Bad Request',
      message: expect.stringMatching(/not valid HTTP|Host header/),
    })
    expect(events).toHaveLength(0)
  })

  it('does not need a host from HTTP/1.0', async () => {
    expect((await exchange('GET / HTTP/1.0\r\n\r\n')).status).toBe(200)
    expect(events[0]!.requestContext).toMatchObject({ domainName: '', http: { protocol: 'HTTP/1.0' } })
  })

  it('survives a client that goes away inside its body', async () => {
    const idle = await open()
    idle.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await once(idle, 'data')
    const socket = await open()
    socket.write(post(100, 'half'))
    socket.destroy()
    expect((await exchange(get('/'))).status).toBe(200)
    // An idle connection would hold the server open for as long as it thinks that a request is under way.
    await server.close({ graceMs: 60_000 })
    expect(errors).toHaveLength(0)
  })
})

describe('createHttpServer: close', () => {
  it('lets a request in flight finish and tells its client to go, while nobody new gets in', async () => {
    const { promise: gate, resolve: release } = Promise.withResolvers<void>()
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
    handle = async () => {
      arrive()
      await gate
      return OK
    }
    const socket = await open()
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await arrived
    const closed = server.close({ graceMs: 60_000 })
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    release()
    const answer = await readAnswer(socket)
    expect(answer).toMatchObject({ status: 200, body: 'ok' })
    expect(answer.head).toMatch(/^connection: close$/m)
    await closed
  })

  it('sends all of a large answer to a slow reader first', async () => {
    handle = async () => ({ statusCode: 200, body: 'x'.repeat(8_000_000) })
    const socket = await open()
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    while (events.length === 0) await setImmediate()
    const closed = server.close({ graceMs: 60_000 })
    await setImmediate()
    socket.resume()
    expect((await readAnswer(socket)).body.length).toBe(8_000_000)
    await closed
  })

  it('ends connections that are idle, and those that never sent a thing, at once', async () => {
    const idle = await open()
    idle.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await once(idle, 'data')
    const silent = await open()
    const ended = Promise.all([once(idle, 'close'), once(silent, 'close')])
    idle.resume()
    silent.resume()
    // The server has to have accepted the silent one before it can end it.
    await exchange(get('/'))
    await server.close({ graceMs: 60_000 })
    await ended
  })

  it('ends what does not finish within the grace', async () => {
    handle = () => new Promise(() => {})
    const socket = await open()
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    while (events.length === 0) await setImmediate()
    const ended = once(socket, 'close')
    socket.resume()
    await server.close({ graceMs: 10 })
    await ended
  })
})

describe('createHttpServer: listen', () => {
  it('rejects when the port is taken', async () => {
    const other = createHttpServer(options())
    await expect(other.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('createHttpServer: tls', () => {
  it('serves the same over https, and drains the same', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-tls-'))
    const certificates = await ensureCertificates({ folder, nowMs: Date.now() })
    fs.rmSync(folder, { recursive: true })
    await server.close({ graceMs: 0 })
    await start({ tls: certificates })
    const agent = new https.Agent({ ca: certificates.caPem, keepAlive: true })
    const status = await new Promise((resolve, reject) => {
      https
        .get({ host: 'localhost', port, agent, path: '/items/7', family: 4 }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
        })
        .on('error', reject)
    })
    expect(status).toBe(200)
    expect(events[0]).toMatchObject({
      rawPath: '/items/7',
      requestContext: { domainName: `localhost:${port}` },
    })
    await server.close({ graceMs: 60_000 })
  })
})

function options(): HttpServerOptions {
  return {
    handle: (event) => {
      events.push(event)
      return handle(event)
    },
    route: (method, target) => {
      const id = /^\/items\/(.+)$/.exec(target)?.[1]
      if (id === undefined) return undefined
      return { routeKey: `${method} /items/{id}`, pathParameters: { id: decodeURIComponent(id) } }
    },
    tooLarge: (event) => ({
      statusCode: 413,
      body: `too large: ${event.requestContext.http.method} ${event.rawPath}`,
    }),
    onError: (error) => errors.push(error),
    nowMs: () => 1_584_039_838_123,
  }
}

async function start(changes: Partial<HttpServerOptions> = {}): Promise<void> {
  server = createHttpServer({ ...options(), ...changes })
  port = (await server.listen({ host: '127.0.0.1', port: 0 })).port
}

interface RawAnswer {
  readonly text: string
  readonly status: number
  readonly head: string
  readonly body: string
}

function get(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`
}

function post(lengthBytes: number, body: string): string {
  return `POST /items HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${lengthBytes}\r\n\r\n${body}`
}

async function open(): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Sends bytes as they are and reads until the server closes. */
async function exchange(text: string | Buffer): Promise<RawAnswer> {
  const socket = await open()
  socket.write(text)
  return readAnswer(socket)
}

async function readAnswer(socket: net.Socket): Promise<RawAnswer> {
  let text = ''
  socket.setEncoding('utf8')
  for await (const chunk of socket) text += chunk
  const end = text.indexOf('\r\n\r\n')
  return {
    text,
    status: Number(text.slice(9, 12)),
    head: text.slice(0, end).replaceAll('\r\n', '\n'),
    body: text.slice(end + 4),
  }
}
