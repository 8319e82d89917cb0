import http from 'node:http'
import { createServer } from 'node:net'
import { type ConnectionPlan, PinnedAgent } from '../../../../shared/adapters/oauth/pinned-agent.ts'

describe('PinnedAgent', () => {
  it.each([
    ['an address it was not told to use', { addresses: ['8.8.8.8'], mayBePrivate: true }],
    ['a private address', { addresses: ['127.0.0.1'], mayBePrivate: false }],
  ])('sends nothing when the connection reached %s', async (_what, part) => {
    const received: Buffer[] = []
    const closed = Promise.withResolvers<void>()
    const server = createServer((socket) => {
      socket.on('data', (data) => received.push(data))
      socket.on('error', () => undefined)
      socket.on('close', () => closed.resolve())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const plan: ConnectionPlan = {
      hostname: '127.0.0.1',
      port,
      signal: new AbortController().signal,
      ...part,
    }
    const agent = new PinnedAgent('http:', { keepAlive: false })
    const failure = Promise.withResolvers<Error>()
    const options: http.RequestOptions & { plan: ConnectionPlan } = { host: '127.0.0.1', port, agent, plan }
    http.request(options).on('error', failure.resolve).end()
    await expect(failure.promise).resolves.toMatchObject({ code: 'forbidden_address' })
    await closed.promise
    expect(received).toEqual([])
    server.close()
  })
})
