import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { createGuardedFetch } from '../../../../shared/adapters/oauth/outgoing-guard.ts'
import { goesThrough, parseProxy } from '../../../../shared/adapters/oauth/proxy-tunnel.ts'
import { SystemClock } from '../../../../shared/adapters/system/system-clock.ts'
import type { OutgoingRequest } from '../../../../shared/ports/outgoing-fetch.ts'
import { type LocalServer, startLocalServer } from '../../../support/local-server.ts'
import { selfSigned } from '../../../support/self-signed.ts'

const HOST = 'login.example.com'
const post: OutgoingRequest = { tenant: 'acme', method: 'POST', timeoutMs: 5_000, body: 'a=b' }

/** Answers CONNECT as the test says, and leads every tunnel to one server. */
interface Proxy {
  readonly port: number
  readonly asked: { authority: string; authorization: string | undefined }[]
  answer: string
  close(): void
}

async function startProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const server = http.createServer()
  server.on('connection', (socket) => sockets.add(socket))
  server.on('connect', (request: http.IncomingMessage, socket: Socket) => {
    const { url: authority = '', headers } = request
    proxy.asked.push({ authority, authorization: headers['proxy-authorization'] })
    socket.on('error', () => {})
    if (!proxy.answer.startsWith('HTTP/1.1 200')) return socket.end(proxy.answer)
    const target = net.connect(targetPort, '127.0.0.1', () => {
      socket.write(proxy.answer)
      socket.pipe(target).pipe(socket)
    })
    sockets.add(target.on('error', () => {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    asked: [],
    answer: 'HTTP/1.1 200 Connection established\r\n\r\n',
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return proxy
}

describe('createGuardedFetch through a proxy', () => {
  let target: LocalServer
  let proxy: Proxy
  let trust: string[]
  let resolve: (name: string) => Promise<string[]>

  beforeAll(async () => {
    const tls = await selfSigned(HOST)
    trust = [tls.cert]
    target = await startLocalServer((_request, response) => response.end('{"ok":true}'), { tls })
  })
  afterAll(() => target.close())

  beforeEach(async () => {
    proxy = await startProxy(target.port)
    resolve = () => Promise.reject(new Error('there is no resolver here'))
  })
  afterEach(() => proxy.close())

  function send(url: string, { except = [], user = '' }: { except?: string[]; user?: string } = {}) {
    const parsed = parseProxy(`http://${user}127.0.0.1:${proxy.port}`, except)
    const guarded = createGuardedFetch({
      allowHosts: [],
      clock: new SystemClock(),
      proxy: parsed,
      trust,
      resolve: (name) => resolve(name),
    })
    return guarded(url, post)
  }

  it('asks it for a tunnel to the name, and the host for its certificate', async () => {
    const outcome = await send(`https://${HOST}/token?a=1`, { user: 'user:p%40ss@' })
    expect(outcome).toMatchObject({ kind: 'answer', status: 200 })
    expect(target.requests).toEqual(['POST /token?a=1'])
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
    expect(proxy.asked).toEqual([{ authority: `${HOST}:443`, authorization }])
  })

  it('trusts no tunnel that leads to another name', async () => {
    expect(await send('https://other.example.com/')).toMatchObject({ kind: 'not-sent', code: 'tls_failed' })
  })

  it.each([
    ['HTTP/1.1 403 Forbidden\r\n\r\n', 'PROXY_403'],
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'PROXY_407'],
    ['SSH-2.0-OpenSSH_9.6\r\n\r\n', 'PROXY_ANSWER'],
    ['', 'PROXY_CLOSED'],
  ])('has sent nothing when it answers %j', async (answer, code) => {
    proxy.answer = answer
    expect(await send(`https://${HOST}/`)).toMatchObject({
      kind: 'not-sent',
      code: 'connect_failed',
      message: `${HOST}: no connection could be made (${code}).`,
    })
  })

  it.each([
    ['http://login.example.com/', 'forbidden_scheme'],
    ['https://login.example.com:8443/', 'forbidden_port'],
    ['https://127.0.0.1/', 'forbidden_address'],
    ['https://169.254.169.254/latest', 'forbidden_address'],
    ['https://[::ffff:10.0.0.1]/', 'forbidden_address'],
    ['https://wiki/', 'forbidden_address'],
    ['https://db.internal/', 'forbidden_address'],
  ])('does not ask it for %s', async (url, code) => {
    expect(await send(url)).toMatchObject({ kind: 'not-sent', code })
    expect(proxy.asked).toEqual([])
  })

  it('does not ask it for a name that is known here to be private', async () => {
    resolve = async () => ['10.1.2.3']
    expect(await send('https://wiki.example.com/')).toMatchObject({ code: 'dns_failed' })
    expect(proxy.asked).toEqual([])
  })

  it('goes directly, and by its own check of addresses, where an exception says so', async () => {
    resolve = async () => ['10.1.2.3']
    expect(await send(`https://${HOST}/`, { except: ['example.com'] })).toMatchObject({ code: 'dns_failed' })
    expect(proxy.asked).toEqual([])
  })
})

describe('goesThrough', () => {
  const to = (hostname: string, port = 443) => ({ hostname, port })

  it.each([
    [['*'], 'a.example.com', false],
    [['example.com'], 'example.com', false],
    [['example.com'], 'a.b.example.com', false],
    [['.example.com'], 'a.example.com', false],
    [['*.EXAMPLE.com'], 'a.example.com', false],
    [['example.com:443'], 'a.example.com', false],
    [['example.com:8443'], 'a.example.com', true],
    [['example.com'], 'notexample.com', true],
    [['ample.com'], 'example.com', true],
    [['other.test', '192.0.2.1'], '192.0.2.1', false],
    [[], 'example.com', true],
    [['', '.'], 'example.com', true],
  ])('with the exceptions %j, %s: %s', (except, hostname, goes) => {
    expect(goesThrough({ except }, to(hostname))).toBe(goes)
  })
})

describe('parseProxy', () => {
  it('reads host, port, scheme and the password, which it does not print', () => {
    const proxy = parseProxy('https://me:secret@[2001:db8::1]:8443', ['a.test'])
    expect(proxy).toMatchObject({ host: '2001:db8::1', port: 8443, secure: true, except: ['a.test'] })
    expect(JSON.stringify(proxy)).not.toContain('secret')
    expect(parseProxy('http://proxy.test', [])).toEqual({
      host: 'proxy.test',
      port: 80,
      secure: false,
      except: [],
    })
  })

  it.each(['', 'proxy.test:3128', 'socks5://proxy.test', 'http://'])('takes no %j', (text) => {
    expect(parseProxy(text, [])).toBeUndefined()
  })
})
