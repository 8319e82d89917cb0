import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { createLambdaGrantRunner } from '../../../../shared/adapters/lambda/lambda-grant-runner.ts'
import { SystemClock } from '../../../../shared/adapters/system/system-clock.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { GrantRunner } from '../../../../shared/ports/grant-runner.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'

const ROTATE = { tenant: 't', id: 'c', cause: 'manual' } as const
const REDIRECT_URI = 'https://vault.example.com/oauth/callback'
const EXCHANGE = { tenant: 't', id: 'c', scopes: [], setupType: 'OAUTH_CODE', redirectUri: REDIRECT_URI }
const LONG_MS = 20_000

interface Played {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
  /** Never answers. */
  readonly silent?: boolean
  readonly onArrival?: () => void
}

let server: Server
let client: LambdaClient
let runner: GrantRunner
let play: Played
const asked: { path: string; body: unknown }[] = []

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    asked.push({ path: String(request.url), body: JSON.parse(Buffer.concat(chunks).toString('utf8')) })
    play.onArrival?.()
    if (play.silent) return
    response.writeHead(play.status ?? 200, { 'content-type': 'application/json', ...play.headers })
    response.end(JSON.stringify(play.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  client = new LambdaClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
  runner = createLambdaGrantRunner({
    client,
    functionName: 'flow-vault-test-grants',
    clock: new SystemClock(),
  })
})

beforeEach(() => {
  asked.length = 0
})

afterAll(async () => {
  client.destroy()
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
})

describe('createLambdaGrantRunner', () => {
  it('invokes the function with the call, its secrets in it, and gives its result', async () => {
    play = { body: { kind: 'result', result: { kind: 'gone' } } }
    const request = { ...EXCHANGE, code: new SecretText('the-code'), state: new SecretText('the-state') }
    expect(await runner.exchange(request)).toEqual({ kind: 'gone' })
    expect(asked).toEqual([
      {
        path: '/2015-03-31/functions/flow-vault-test-grants/invocations',
        body: {
          op: 'exchange',
          request: { ...EXCHANGE, code: { $secret: 'the-code' }, state: { $secret: 'the-state' } },
        },
      },
    ])
  })

  it('wraps a secret that comes back', async () => {
    const url = { kind: 'url', authorizationUrl: { $secret: 'https://id.example.com/?state=s' }, scopes: [] }
    play = { body: { kind: 'result', result: url } }
    const answer = await runner.authorizationUrl({ ...EXCHANGE, state: new SecretText('s') })
    expect(answer).toMatchObject({ kind: 'url', authorizationUrl: expect.any(SecretText) })
  })

  it('is late when the budget ends first, and asks no second time', async () => {
    const arrived = Promise.withResolvers<void>()
    play = { silent: true, onArrival: arrived.resolve }
    // The budget ends when the call has been made, however busy the machine is.
    const clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: () => arrived.promise }
    const impatient = createLambdaGrantRunner({ client, functionName: 'flow-vault-test-grants', clock })
    expect(await impatient.rotate(ROTATE, 50)).toEqual({ kind: 'late' })
    expect(asked).toHaveLength(1)
  })

  it('throws again what the function says went wrong', async () => {
    const error = { code: 'not-found', message: 'gone', detail: {} }
    play = { body: { kind: 'vault-error', error } }
    await expect(runner.rotate(ROTATE, LONG_MS)).rejects.toMatchObject({
      name: 'VaultError',
      code: 'not-found',
    })
  })

  it('does not know the outcome when the function broke, and repeats nothing of what it said', async () => {
    play = { headers: { 'x-amz-function-error': 'Unhandled' }, body: { errorMessage: 'message-canary' } }
    const failed = runner.rotate(ROTATE, LONG_MS)
    await expect(failed).rejects.toMatchObject({ name: 'StoreUnavailableError', outcome: 'unknown' })
    await expect(failed).rejects.not.toThrow('message-canary')
  })

  it('knows that a throttled call was not made', async () => {
    play = {
      status: 429,
      headers: { 'x-amzn-errortype': 'TooManyRequestsException' },
      body: { message: 'message-canary' },
    }
    const failed = runner.rotate(ROTATE, LONG_MS)
    await expect(failed).rejects.toBeInstanceOf(StoreUnavailableError)
    await expect(failed).rejects.toMatchObject({ outcome: 'not-applied' })
    await expect(failed).rejects.not.toThrow('message-canary')
    expect(asked).toHaveLength(1)
  })
})
