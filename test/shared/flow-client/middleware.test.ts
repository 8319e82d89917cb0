import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { FlowVaultError } from '../../../shared/flow-client/client.ts'
import { flowVault } from '../../../shared/flow-client/middleware.ts'
import {
  credentialBody,
  StagedSystem,
  StagedWire,
  settle,
  stageClient,
} from '../../support/flow-client-stage.ts'

// A test that calls a handler has no middleware's keys yet, which the handler's type asks for.
const context = { getRemainingTimeInMillis: () => 42_400 } as Context as never

describe('flowVault', () => {
  test('hands a handler its credentials, which outlive the run', async () => {
    const { vault, wire } = stageClient()
    const handler = middy()
      .use(flowVault({ vault, connections: { twilio: 'ac_1' }, setToContext: true, disablePrefetch: true }))
      .handler(async (_event: object, { twilio }) => twilio.fields['token'])
    const run = handler({}, context)
    await settle()
    expect(wire.last.url).toMatch(/ac_1\/credentials\?min_ttl=44$/)
    await wire.last.answer(200, credentialBody())
    expect(await run).toBe('secret-one')
  })

  test('begins to fetch when it is made, and answers the first run from memory', async () => {
    const { vault, wire } = stageClient()
    const middleware = flowVault({ vault, connections: { twilio: 'ac_1' } })
    await settle()
    await wire.last.answer(200, credentialBody())
    const request = { event: {}, context, response: undefined, error: null, internal: {} }
    await middleware.before!(request as never)
    expect(request.internal).toMatchObject({ twilio: { credentialVersion: 1 } })
    expect(wire.requests).toHaveLength(1)
  })

  test.each([
    ['is the function’s own', undefined, 'orders-function', 'orders-function'],
    ['is the one that was said', 'orders', 'orders-function', 'orders'],
    ['is none outside of Lambda', undefined, undefined, null],
  ])('makes a client whose flow %s', async (_what, flowId, functionName, sent) => {
    const wire = new StagedWire()
    const system = Object.assign(new StagedSystem(), { functionName: () => functionName })
    const named = flowId === undefined ? {} : { flowId }
    const getToken = async (): Promise<string> => 'own-token'
    const client = { url: 'https://vault.example.com', getToken, fetch: wire.fetch, system, ...named }
    flowVault({ client, connections: { twilio: 'ac_1' } })
    await settle()
    expect(wire.last.headers.get('x-flow-id')).toBe(sent)
  })

  test('leaves the error of an optional one under its key, and fails for another', async () => {
    const { vault, wire } = stageClient()
    const run = middy()
      .use(
        flowVault({
          vault,
          connections: { a: { id: 'ac_1', optional: true }, b: 'ac_2' },
          setToContext: true,
          disablePrefetch: true,
        }),
      )
      .handler(async (_event: object, { a, b }) => [FlowVaultError.is(a), b.credentialVersion])
    const first = run({}, context)
    await settle()
    await wire.requests[0]!.answer(409, { errorCode: 'connection_empty', message: 'Empty.' })
    await wire.requests[1]!.answer(200, credentialBody({ connection_id: 'ac_2' }))
    expect(await first).toEqual([true, 1])
    vault.invalidate({ type: 'connection.deleted', connection_id: 'ac_2' })
    const second = run({}, context).catch((error: unknown) => error)
    await settle()
    await wire.requests.at(-2)!.answer(409, { errorCode: 'connection_empty' })
    await wire.requests.at(-1)!.answer(404, {})
    expect(await second).toMatchObject({ code: 'connection_not_found', connectionId: 'ac_2' })
  })

  test.each<[object, RegExp]>([
    [{ AwsClient: class {} }, /AwsClient is for AWS clients/],
    [{ awsClientOptions: {} }, /is for AWS clients/],
    [{ connection: { a: 'ac_1' } }, /did you mean "connections"\?/],
    [{ connections: {} }, /maps keys to connection ids/],
    [{ connections: { 'my-app': 'ac_1' } }, /"my-app" is no identifier/],
    [{ connections: { a: { id: 'ac_1', optonal: true } } }, /connections\.a: .*did you mean "optional"\?/],
    [{ connections: { a: '' } }, /connections\.a is the id of a connection/],
    [{ connections: { a: { id: 'ac_1', minTtl: -1 } } }, /connections\.a\.minTtl is a number/],
    [{ vault: undefined }, /pass vault .* or client/],
  ])('refuses %j', (options, sentence) => {
    const { vault } = stageClient()
    expect(() => flowVault({ vault, connections: { a: 'ac_1' }, ...options } as never)).toThrow(sentence)
  })

  test('says what it takes when it got nothing', () => {
    expect(() => flowVault(undefined as never)).toThrow(/^flowVault: pass an object with options of these: /)
  })
})
