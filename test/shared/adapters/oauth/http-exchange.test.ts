import type { RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import { createGuardedFetch } from '../../../../shared/adapters/oauth/outgoing-guard.ts'
import { SystemClock } from '../../../../shared/adapters/system/system-clock.ts'
import type { OutgoingOutcome, OutgoingRequest } from '../../../../shared/ports/outgoing-fetch.ts'
import { type LocalServer, startLocalServer } from '../../../support/local-server.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const KIB = 1024
const get: OutgoingRequest = { tenant: 'acme', method: 'GET', timeoutMs: 5_000 }
/** Long enough to be no mere delay. */
const STANDSTILL_MS = 2_000
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

  describe('redirects', () => {
    it.each([301, 302, 303, 307, 308])('hands %i back and does not follow it', async (status) => {
      const server = await serve((_request, response) =>
        response.writeHead(status, { location: '/elsewhere' }).end(),
      )
      const outcome = await fetchAllowing(server.host)(`${server.url}/token`, post)
      expect(outcome).toMatchObject({ kind: 'answer', status, headers: { location: '/elsewhere' } })
      expect(server.requests).toEqual(['POST /token'])
    })
  })

  describe('limits', () => {
    it.each([
      [64 * KIB, 'answer'],
      [64 * KIB + 1, 'unknown'],
    ])('takes a body of %i bytes as %s', async (length, kind) => {
      const server = await serve((_request, response) => response.end('x'.repeat(length)))
      const outcome = await fetchAllowing(server.host)(server.url, get)
      expect(outcome.kind).toBe(kind)
      if (outcome.kind === 'unknown') expect(outcome).toMatchObject({ code: 'answer_too_large', status: 200 })
    })

    it('hangs up on a body that does not end', async () => {
      const hungUp = Promise.withResolvers<void>()
      const server = await serve((_request, response) => {
        const more = () => {
          while (response.write(Buffer.alloc(16 * KIB)));
        }
        response.on('drain', more).on('close', hungUp.resolve)
        more()
      })
      const outcome = await fetchAllowing(server.host)(server.url, get)
      expect(outcome).toMatchObject({ kind: 'unknown', code: 'answer_too_large' })
      await hungUp.promise
    })

    it.each([
      ['a small compressed body', gzipSync('{"ok":true}'), 'gzip', { kind: 'answer' }],
      ['a compressed bomb', gzipSync(Buffer.alloc(10 * KIB * KIB)), 'gzip', { code: 'answer_too_large' }],
      ['gzip cut short', gzipSync('{"ok":true}').subarray(0, 20), 'gzip', { code: 'invalid_answer' }],
      ['what is not gzip', Buffer.from('{"ok":true}'), 'gzip', { kind: 'answer' }],
      ['an unknown coding', Buffer.from('{"ok":true}'), 'pack200', { kind: 'answer' }],
    ])('copes with %s, although none was asked for', async (_what, body, coding, expected) => {
      const server = await serve((request, response) => {
        expect(request.headers['accept-encoding']).toBe('identity')
        response.writeHead(200, { 'content-encoding': coding }).end(body)
      })
      const outcome = await fetchAllowing(server.host)(server.url, get)
      expect(outcome).toMatchObject(expected)
      if (outcome.kind === 'answer') expect(outcome.body.reveal()).toBe('{"ok":true}')
    })

    it('refuses headers that do not end', async () => {
      const server = await serve((_request, response) =>
        response.writeHead(200, { 'x-large': 'x'.repeat(100 * KIB) }).end(),
      )
      await expect(fetchAllowing(server.host)(server.url, get)).resolves.toMatchObject({
        kind: 'unknown',
        code: 'invalid_answer',
      })
    })

    it.each(['before the first byte', 'within the headers', 'within the body'])(
      'ends a call that stalls %s',
      async (where) => {
        const begun = Promise.withResolvers<void>()
        const server = await serve((request, response) => {
          if (where === 'within the headers') request.socket.write('HTTP/1.1 200 OK\r\nx-slow: ')
          if (where === 'within the body') response.writeHead(200).write('{"access_')
          begun.resolve()
        })
        const clock = new ManualClock()
        const guarded = createGuardedFetch({ allowHosts: [server.host], clock })
        const outcome = guarded(server.url, { ...post, timeoutMs: 10_000 })
        await begun.promise
        await clock.advance(10_000)
        await expect(outcome).resolves.toMatchObject({ kind: 'unknown', code: 'timeout' })
      },
    )

    it('reads an answer that came while the process stood still past the end of the time', async () => {
      const server = await serve((_request, response) => {
        response.end('ok')
        // The answer is under way when everything stops, the reading of it included.
        setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STANDSTILL_MS))
      })
      const outcome = await fetchAllowing(server.host)(server.url, { ...post, timeoutMs: STANDSTILL_MS / 4 })
      expect(outcome).toMatchObject({ kind: 'answer', status: 200 })
    })

    it('stops when the caller gives up', async () => {
      const begun = Promise.withResolvers<void>()
      const server = await serve(() => begun.resolve())
      const caller = new AbortController()
      const outcome = fetchAllowing(server.host)(server.url, { ...post, signal: caller.signal })
      await begun.promise
      caller.abort()
      await expect(outcome).resolves.toMatchObject({ kind: 'unknown', code: 'aborted' })
    })
  })

  describe('what was sent', () => {
    it('is certain that nothing was, when nobody listens', async () => {
      const server = await serve(() => undefined)
      await server.close()
      await expect(fetchAllowing(server.host)(server.url, post)).resolves.toMatchObject({
        kind: 'not-sent',
        code: 'connect_failed',
        message: expect.stringContaining('ECONNREFUSED'),
      })
    })

    it.each([
      ['before', (server: LocalServer) => server.sockets.at(-1)?.destroy()],
      ['amid the status line of', (server: LocalServer) => server.sockets.at(-1)?.end('HTTP/1.1 20')],
      [
        'amid the body of',
        (server: LocalServer) =>
          server.sockets.at(-1)?.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"access_token":"'),
      ],
    ])('does not know when the connection ends %s the answer', async (_when, breakOff) => {
      const server: LocalServer = await serve(() => breakOff(server))
      const outcome = await fetchAllowing(server.host)(server.url, post)
      expect(outcome.kind).toBe('unknown')
      expect(server.requests).toHaveLength(1)
    })

    it('does not know when the answer is not HTTP', async () => {
      const server: LocalServer = await serve(() => server.sockets.at(-1)?.end('220 mail ready\r\n'))
      await expect(fetchAllowing(server.host)(server.url, post)).resolves.toMatchObject({
        kind: 'unknown',
        code: 'invalid_answer',
      })
    })

    it('does not know when the other side switches protocols', async () => {
      const server: LocalServer = await serve(() =>
        server.sockets
          .at(-1)
          ?.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
      )
      await expect(fetchAllowing(server.host)(server.url, post)).resolves.toMatchObject({ kind: 'unknown' })
    })
  })
})

function _bodyOf(outcome: OutgoingOutcome): string {
  if (outcome.kind !== 'answer') throw new Error(`no answer: ${outcome.message}`)
  return outcome.body.reveal()
}
