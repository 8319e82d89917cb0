import { execFile } from 'node:child_process'
import type { RequestListener, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { createGuardedFetch } from '../../../../shared/adapters/oauth/outgoing-guard.ts'
import { SystemClock } from '../../../../shared/adapters/system/system-clock.ts'
import type { OutgoingOutcome, OutgoingRequest } from '../../../../shared/ports/outgoing-fetch.ts'
import { startLocalServer } from '../../../support/local-server.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { selfSigned } from '../../../support/self-signed.ts'

const get: OutgoingRequest = { tenant: 'acme', method: 'GET', timeoutMs: 5_000 }
const post: OutgoingRequest = {
  tenant: 'acme',
  method: 'POST',
  timeoutMs: 5_000,
  body: 'grant_type=refresh_token',
}

describe('createGuardedFetch', () => {
  const servers: { close(): unknown }[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close()
  })

  async function serve(listener: RequestListener, options?: Parameters<typeof startLocalServer>[1]) {
    const server = await startLocalServer(listener, options)
    servers.push(server)
    return server
  }

  function fetchAllowing(...allowHosts: string[]) {
    return createGuardedFetch({ allowHosts, clock: new SystemClock() })
  }

  describe('addresses', () => {
    // No entry is on the list, so nothing may be sent; a resolver that is asked at all answers publicly.
    const guarded = createGuardedFetch({
      allowHosts: [],
      clock: new SystemClock(),
      resolve: async (hostname) => (/^(localhost|internal)/.test(hostname) ? ['127.0.0.1'] : []),
    })

    it.each([
      ['https://127.0.0.1/', 'forbidden_address'],
      ['https://127.1/', 'forbidden_address'],
      ['https://2130706433/', 'forbidden_address'],
      ['https://0x7f000001/', 'forbidden_address'],
      ['https://0x7f.1/', 'forbidden_address'],
      ['https://0177.0.0.1/', 'forbidden_address'],
      ['https://017700000001/', 'forbidden_address'],
      ['https://127.0.0.1./', 'forbidden_address'],
      ['https://１２７．０．０．１/', 'forbidden_address'],
      ['https://127。0。0。1/', 'forbidden_address'],
      ['https://①②⑦.0.0.1/', 'forbidden_address'],
      ['https://%31%32%37.0.0.1/', 'forbidden_address'],
      ['https://0/', 'forbidden_address'],
      ['https://0.0.0.0/', 'forbidden_address'],
      ['https://169.254.169.254/latest/meta-data', 'forbidden_address'],
      ['https://0xa9fea9fe/', 'forbidden_address'],
      ['https://2852039166/', 'forbidden_address'],
      ['https://169.254.43518/', 'forbidden_address'],
      ['https://169.254.170.2/v2/credentials', 'forbidden_address'],
      ['https://10.0.0.1/', 'forbidden_address'],
      ['https://172.16.0.1/', 'forbidden_address'],
      ['https://192.168.0.1/', 'forbidden_address'],
      ['https://100.64.0.1/', 'forbidden_address'],
      ['https://198.18.0.1/', 'forbidden_address'],
      ['https://192.0.0.1/', 'forbidden_address'],
      ['https://224.0.0.1/', 'forbidden_address'],
      ['https://240.0.0.1/', 'forbidden_address'],
      ['https://255.255.255.255/', 'forbidden_address'],
      ['https://[::]/', 'forbidden_address'],
      ['https://[::1]/', 'forbidden_address'],
      ['https://[0:0:0:0:0:0:0:1]/', 'forbidden_address'],
      ['https://[::ffff:127.0.0.1]/', 'forbidden_address'],
      ['https://[::ffff:7f00:1]/', 'forbidden_address'],
      ['https://[::127.0.0.1]/', 'forbidden_address'],
      ['https://[64:ff9b::a9fe:a9fe]/', 'forbidden_address'],
      ['https://[64:ff9b:1::1]/', 'forbidden_address'],
      ['https://[2002:7f00:1::]/', 'forbidden_address'],
      ['https://[2001::1]/', 'forbidden_address'],
      ['https://[fe80::1]/', 'forbidden_address'],
      ['https://[fec0::1]/', 'forbidden_address'],
      ['https://[fd00:ec2::254]/', 'forbidden_address'],
      ['https://[ff02::1]/', 'forbidden_address'],
      ['https://[fe80::1%25eth0]/', 'invalid_url'],
      ['https://localhost/', 'forbidden_address'],
      ['https://LOCALHOST/', 'forbidden_address'],
      ['https://localhost./', 'forbidden_host'],
      ['https://user@example.com/', 'invalid_url'],
      ['https://user:password@example.com/', 'invalid_url'],
      ['https://256.256.256.256/', 'invalid_url'],
      ['http://example.com/', 'forbidden_scheme'],
      ['ftp://example.com/', 'forbidden_scheme'],
      ['file:///etc/passwd', 'forbidden_scheme'],
      ['data:text/plain,x', 'forbidden_scheme'],
      ['https://example.com:8443/', 'forbidden_port'],
      ['https://example.com:80/', 'forbidden_port'],
      ['https://127.0.0.1:9001/2018-06-01/runtime', 'forbidden_port'],
      ['not a url', 'invalid_url'],
      ['', 'invalid_url'],
      [`https://example.com/${'x'.repeat(8192)}`, 'invalid_url'],
    ])('sends nothing to %.60s', async (url, code) => {
      await expect(guarded(url, get)).resolves.toMatchObject({ kind: 'not-sent', code })
    })

    it.each([
      { answers: ['8.8.8.8', '127.0.0.1'] },
      { answers: ['127.0.0.1', '8.8.8.8'] },
      { answers: ['2606:4700::1111', '::1'] },
      { answers: [...Array.from({ length: 40 }, (_, index) => `8.8.8.${index}`), '10.0.0.1'] },
    ])('refuses an answer that is only partly public: $answers.length addresses', async ({ answers }) => {
      const mixed = createGuardedFetch({
        allowHosts: [],
        clock: new SystemClock(),
        resolve: async () => answers,
      })
      await expect(mixed('https://mixed.example.com/', get)).resolves.toMatchObject({
        kind: 'not-sent',
        code: 'dns_failed',
      })
    })

    it('connects to the address it checked, whatever the name says a moment later', async () => {
      const first = await serve((_request, response) => response.end('first'))
      const second = await serve((_request, response) => response.end('second'), {
        address: '127.0.0.2',
        port: first.port,
      })
      let asked = 0
      const guarded = createGuardedFetch({
        allowHosts: [`flip.test:${first.port}`],
        clock: new SystemClock(),
        resolve: async () => [asked++ === 0 ? '127.0.0.1' : '127.0.0.2'],
      })
      const outcome = await guarded(`http://flip.test:${first.port}/`, get)
      expect(bodyOf(outcome)).toBe('first')
      expect(asked).toBe(1)
      expect(second.sockets).toHaveLength(0)
    })

    it('asks for the address again after one that nobody listened at', async () => {
      const server = await serve((_, response) => response.end('here'))
      const addresses = ['127.0.0.2', '127.0.0.1']
      const moved = createGuardedFetch({
        allowHosts: [`moved.test:${server.port}`],
        clock: new SystemClock(),
        resolve: async () => [addresses.shift() ?? '127.0.0.1'],
      })
      const url = `http://moved.test:${server.port}/`
      await expect(moved(url, get)).resolves.toMatchObject({ kind: 'not-sent' })
      expect(bodyOf(await moved(url, get))).toBe('here')
    })

    it('does not resolve a name for ever', async () => {
      const clock = new ManualClock()
      const asked = Promise.withResolvers<void>()
      const resolve = () => {
        asked.resolve()
        return new Promise<string[]>(() => undefined)
      }
      const stuck = createGuardedFetch({ allowHosts: [], clock, resolve })
      const outcome = stuck('https://stuck.example.com/', { ...get, timeoutMs: 60_000 })
      await asked.promise
      await clock.advance(3_000)
      await expect(outcome).resolves.toMatchObject({ kind: 'not-sent', code: 'timeout' })
    })

    it.each<[string, () => Promise<string[]>]>([
      ['does not exist', () => Promise.reject(new Error('ENOTFOUND'))],
      ['has no address', async () => []],
      ['is private here', async () => ['10.1.2.3']],
      ['is the machine itself', async () => ['::1', '127.0.0.1']],
      ['is where a machine of the cloud asks for its role', async () => ['169.254.169.254']],
    ])('says the same of a name that %s', async (_, resolve) => {
      const guarded = createGuardedFetch({ allowHosts: [], clock: new SystemClock(), resolve })
      await expect(guarded('https://nowhere.example.com/', get)).resolves.toEqual({
        kind: 'not-sent',
        code: 'dns_failed',
        message: 'nowhere.example.com: the name could not be resolved to a public address.',
      })
    })

    it('lets a listed host and port be private and plain, and no other port', async () => {
      const server = await serve((_request, response) => response.end('hello'))
      const guarded = fetchAllowing(server.host)
      expect(bodyOf(await guarded(server.url, get))).toBe('hello')
      await expect(guarded(`http://127.0.0.1:${server.port + 1}/`, get)).resolves.toMatchObject({
        code: 'forbidden_scheme',
      })
      await expect(guarded(`http://localhost:${server.port}/`, get)).resolves.toMatchObject({
        code: 'forbidden_scheme',
      })
    })
  })

  describe('TLS', () => {
    it('verifies the certificate against the name, not the address, and sends the name', async () => {
      const tls = await selfSigned('vault.test')
      const server = await serve(
        (request, response) => response.end((request.socket as { servername?: string }).servername),
        { tls },
      )
      const guarded = createGuardedFetch({
        allowHosts: [`vault.test:${server.port}`, `other.test:${server.port}`],
        clock: new SystemClock(),
        resolve: async () => ['127.0.0.1'],
        trust: [tls.cert],
      })
      expect(bodyOf(await guarded(`https://vault.test:${server.port}/`, get))).toBe('vault.test')
      await expect(guarded(`https://other.test:${server.port}/`, post)).resolves.toMatchObject({
        kind: 'not-sent',
        code: 'tls_failed',
      })
      expect(server.requests).toHaveLength(1)
    })

    it('resumes the session of a host that proved its name, and of no other', async () => {
      const tls = await selfSigned('vault.test')
      const resumed: boolean[] = []
      const server = await serve(
        ({ socket }, response) => {
          resumed.push((socket as TLSSocket).isSessionReused())
          response.end()
        },
        { tls },
      )
      const guarded = createGuardedFetch({
        allowHosts: [`vault.test:${server.port}`, `other.test:${server.port}`],
        clock: new SystemClock(),
        resolve: async () => ['127.0.0.1'],
        trust: [tls.cert],
      })
      for (let calls = 0; calls < 2; calls++) {
        await expect(guarded(`https://vault.test:${server.port}/`, post)).resolves.toMatchObject({
          kind: 'answer',
        })
        await expect(guarded(`https://other.test:${server.port}/`, post)).resolves.toMatchObject({
          code: 'tls_failed',
        })
      }
      expect(resumed).toEqual([false, true])
    })

    it('refuses a certificate nobody vouches for', async () => {
      const server = await serve((_request, response) => response.end(), {
        tls: await selfSigned('vault.test'),
      })
      const guarded = createGuardedFetch({
        allowHosts: [`vault.test:${server.port}`],
        clock: new SystemClock(),
        resolve: async () => ['127.0.0.1'],
      })
      await expect(guarded(`https://vault.test:${server.port}/`, post)).resolves.toMatchObject({
        kind: 'not-sent',
        code: 'tls_failed',
      })
      expect(server.requests).toHaveLength(0)
    })

    it('gives up on a host that accepts and then says nothing', async () => {
      const { port, accepted } = await silentServer(servers)
      const clock = new ManualClock()
      const guarded = createGuardedFetch({ allowHosts: [`127.0.0.1:${port}`], clock })
      const outcome = guarded(`https://127.0.0.1:${port}/`, { ...post, timeoutMs: 60_000 })
      await accepted
      await clock.advance(3_000)
      await expect(outcome).resolves.toMatchObject({ kind: 'not-sent', code: 'timeout' })
    })
  })

  describe('connections', () => {
    it('keeps one for repeatable calls and opens one for each of the others', async () => {
      const server = await serve((_request, response) => response.end('ok'))
      const guarded = fetchAllowing(server.host)
      for (let call = 0; call < 3; call += 1) await guarded(server.url, { ...post, repeatable: true })
      expect(server.sockets).toHaveLength(1)
      for (let call = 0; call < 3; call += 1) await guarded(server.url, post)
      expect(server.sockets).toHaveLength(4)
    })

    it('sends a repeatable call again when its kept connection proves dead', async () => {
      const server = await serve((request, response) => {
        const usedBefore = (request.socket as { used?: boolean }).used
        Object.assign(request.socket, { used: true })
        if (usedBefore) request.socket.destroy()
        else response.end('ok')
      })
      const guarded = fetchAllowing(server.host)
      await guarded(server.url, { ...post, repeatable: true })
      expect(bodyOf(await guarded(server.url, { ...post, repeatable: true }))).toBe('ok')
      expect(server.requests).toHaveLength(3)
    })

    it('makes no more than 64 calls to one host at a time, of one tenant 48, and all in the end', async () => {
      const waiting: ServerResponse[] = []
      let full = Promise.withResolvers<void>()
      let expected = 48
      let open = true
      const server = await serve((_request, response) => {
        if (!open) return response.end('ok')
        waiting.push(response)
        if (waiting.length === expected) full.resolve()
      })
      const guarded = fetchAllowing(server.host)
      const callsOf = (tenant: string) =>
        Array.from({ length: 50 }, () => guarded(server.url, { ...post, tenant }))
      const calls = callsOf('evil')
      await full.promise
      expected = 64
      full = Promise.withResolvers<void>()
      calls.push(...callsOf('acme'))
      await full.promise
      const late = await guarded(server.url, { ...post, timeoutMs: 50 })
      expect(late).toMatchObject({ kind: 'not-sent', code: 'too_many_calls' })
      expect(server.requests).toHaveLength(64)
      open = false
      for (const response of waiting) response.end('ok')
      expect((await Promise.all(calls)).every((outcome) => outcome.kind === 'answer')).toBe(true)
      expect(server.sockets).toHaveLength(100)
    })

    it('does not go through a proxy that the environment names', async () => {
      const proxy = await serve((_request, response) => response.end('proxy'))
      const server = await serve((_request, response) => response.end('direct'))
      const root = new URL('../../../../shared/adapters/', import.meta.url).href
      const script = `
        import { createGuardedFetch } from '${root}oauth/outgoing-guard.ts'
        import { SystemClock } from '${root}system/system-clock.ts'
        const guarded = createGuardedFetch({ allowHosts: ['${server.host}'], clock: new SystemClock() })
        const outcome = await guarded('${server.url}', { method: 'GET', timeoutMs: 5000 })
        process.stdout.write(outcome.body.reveal())`
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
        env: { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.url, http_proxy: proxy.url, NODE_NO_WARNINGS: '1' },
      })
      expect(stdout).toBe('direct')
      expect(proxy.requests).toHaveLength(0)
    })
  })

  describe('headers', () => {
    it.each(['Host', 'Content-Length', 'transfer-encoding', 'Connection', 'Upgrade'])(
      'refuses to let a caller set %s',
      async (name) => {
        const server = await serve((_request, response) => response.end())
        const outcome = await fetchAllowing(server.host)(server.url, { ...get, headers: { [name]: '1' } })
        expect(outcome).toMatchObject({ kind: 'not-sent', code: 'invalid_request' })
        expect(server.requests).toHaveLength(0)
      },
    )

    it('passes headers, media type and body back', async () => {
      const server = await serve((_request, response) =>
        response
          .writeHead(418, { 'content-type': 'Application/JSON; charset=utf-8', 'x-one': '1' })
          .end('{"ü":1}'),
      )
      const outcome = await fetchAllowing(server.host)(server.url, get)
      expect(outcome).toMatchObject({
        status: 418,
        contentType: 'application/json',
        headers: { 'x-one': '1' },
      })
      expect(bodyOf(outcome)).toBe('{"ü":1}')
      expect(JSON.stringify(outcome)).not.toContain('ü')
    })
  })

  it('repeats no path, query, header or body in what it says', async () => {
    const canary = 'canary-8f14e45f'
    const server = await serve((request) => request.socket.destroy())
    const guarded = createGuardedFetch({
      allowHosts: [server.host, 'gone.invalid:443'],
      clock: new SystemClock(),
    })
    const request = { ...post, headers: { authorization: `Bearer ${canary}` }, body: canary }
    const outcomes = await Promise.all([
      guarded(`${server.url}/${canary}?token=${canary}`, request),
      guarded(`https://gone.invalid/${canary}?token=${canary}`, request),
      guarded(`https://127.0.0.1/${canary}`, request),
      guarded(`https://${canary}:${canary}@example.com/`, request),
      guarded(`https://example.com:8443/${canary}`, request),
      guarded(`%%%${canary}`, request),
      guarded(server.url, { ...request, headers: { 'x-key': `${canary}\r\nx: y` } }),
      guarded(server.url, { ...request, headers: { host: canary } }),
    ])
    expect(outcomes.every((outcome) => outcome.kind !== 'answer')).toBe(true)
    expect(JSON.stringify(outcomes)).not.toContain(canary)
  })
})

function bodyOf(outcome: OutgoingOutcome): string {
  if (outcome.kind !== 'answer') throw new Error(`no answer: ${outcome.message}`)
  return outcome.body.reveal()
}

async function silentServer(servers: { close(): unknown }[]) {
  const accepted = Promise.withResolvers<void>()
  const server: Server = createServer((socket) => {
    accepted.resolve()
    servers.push({ close: () => socket.destroy() })
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({ close: () => server.close() })
  return { port: (server.address() as { port: number }).port, accepted: accepted.promise }
}
