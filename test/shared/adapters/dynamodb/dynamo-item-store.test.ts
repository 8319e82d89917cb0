import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DYNAMO_CLIENT_SETTINGS } from '../../../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { InvariantError } from '../../../../shared/domain/errors.ts'
import {
  ConditionFailedError,
  StoreUnavailableError,
  type Write,
} from '../../../../shared/ports/item-store.ts'

/** What the wire does with one request: an answer, or a connection that breaks after the request arrived. */
type Reply = { status: number; body: object } | 'break' | 'garbage'

const ok: Reply = { status: 200, body: {} }
const key = { partition: 'p', sort: 's' }
const put: Write = { op: 'put', key, attributes: { a: 1 } }
const twoPuts: Write[] = [put, { op: 'put', key: { partition: 'p', sort: 't' }, attributes: {} }]

function refusal(status: number, type: string, more: object = {}): Reply {
  return {
    status,
    body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'secret-looking', ...more },
  }
}

describe('DynamoItemStore on a failing wire', () => {
  let server: Server
  let replies: Reply[]
  let requests: {
    target: string
    body: { ClientRequestToken?: string; ConsistentRead?: boolean; ExclusiveStartKey?: object }
  }[]
  let slept: number[]

  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        requests.push({
          target: String(request.headers['x-amz-target']).split('.')[1]!,
          body: JSON.parse(text),
        })
        const reply = replies.shift()
        if (reply === undefined || reply === 'break') {
          ;(response.socket as Socket).destroy()
          return
        }
        const [status, body] =
          reply === 'garbage' ? [200, '<html>'] : [reply.status, JSON.stringify(reply.body)]
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })

  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  beforeEach(() => {
    replies = []
    requests = []
    slept = []
  })

  function open(settings: object = {}) {
    const { port } = server.address() as AddressInfo
    const client = new DynamoDBClient({
      ...DYNAMO_CLIENT_SETTINGS,
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      ...settings,
    })
    let elapsedMs = 0
    let drawn = 0
    const clock = {
      nowMs: () => 0,
      monotonicMs: () => elapsedMs,
      sleep: async (ms: number) => {
        slept.push(ms)
        elapsedMs += ms
      },
    }
    const random = { bytes: (length: number) => new Uint8Array(length).fill(++drawn), fraction: () => 0.5 }
    return new DynamoItemStore({ client, tableName: 'vault', clock, random })
  }

  async function failureOf(action: Promise<unknown>) {
    return action.then(
      () => undefined,
      (error: unknown) => error,
    )
  }

  test.each([
    ['ProvisionedThroughputExceededException', 400],
    ['ThrottlingException', 400],
    ['RequestLimitExceeded', 400],
    ['TransactionConflictException', 400],
  ])('tries again after %s, with a jittered pause that doubles', async (type, status) => {
    replies = [refusal(status, type), refusal(status, type), refusal(status, type), ok]
    await open().transact([put])
    expect(requests.map(({ target }) => target)).toEqual(['PutItem', 'PutItem', 'PutItem', 'PutItem'])
    expect(slept).toEqual([12.5, 25, 50])
  })

  test('gives up on a store that stays busy after six tries, none of them applied', async () => {
    replies = Array.from({ length: 9 }, () => refusal(400, 'ThrottlingException'))
    const error = await failureOf(open().transact([put]))
    expect(error).toBeInstanceOf(StoreUnavailableError)
    expect(error).toMatchObject({ outcome: 'not-applied' })
    expect(requests).toHaveLength(6)
  })

  test.each<[string, Reply]>([
    ['a connection that breaks', 'break'],
    ['an internal error', refusal(500, 'InternalServerError')],
    ['a bare 503', { status: 503, body: {} }],
    ['an answer that is no JSON', 'garbage'],
  ])('never sends a single write twice after %s', async (_name, reply) => {
    replies = [reply, ok]
    expect(await failureOf(open().transact([put]))).toMatchObject({ outcome: 'unknown' })
    expect(requests).toHaveLength(1)
  })

  test('repeats a transaction whose answer was lost with the same token', async () => {
    replies = ['break', refusal(400, 'TransactionInProgressException'), ok]
    await open().transact(twoPuts)
    const tokens = requests.map(({ body }) => body.ClientRequestToken)
    expect(tokens).toHaveLength(3)
    expect(new Set(tokens).size).toBe(1)
    expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('takes a new token after a transaction that was cancelled for certain', async () => {
    const conflict = refusal(400, 'TransactionCanceledException', {
      CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }],
    })
    replies = [conflict, ok]
    await open().transact(twoPuts)
    expect(requests[0]?.body.ClientRequestToken).not.toBe(requests[1]?.body.ClientRequestToken)
  })

  test('does not say not-applied once an earlier try may have been', async () => {
    replies = ['break', ...Array.from({ length: 5 }, () => refusal(400, 'ThrottlingException'))]
    expect(await failureOf(open().transact(twoPuts))).toMatchObject({ outcome: 'unknown' })
  })

  test('names the write whose condition failed, and shows that item', async () => {
    replies = [
      refusal(400, 'TransactionCanceledException', {
        CancellationReasons: [
          { Code: 'TransactionConflict' },
          { Code: 'ConditionalCheckFailed', Item: { pk: { S: 'p' }, sk: { S: 't' }, version: { N: '4' } } },
        ],
      }),
    ]
    const error = await failureOf(open().transact(twoPuts))
    expect(error).toBeInstanceOf(ConditionFailedError)
    expect(error).toMatchObject({ writeIndex: 1, current: { version: 4 } })
    expect(requests).toHaveLength(1)
  })

  test('treats a refused credential or a missing table as unavailable, without another try', async () => {
    replies = [refusal(400, 'ResourceNotFoundException'), refusal(400, 'UnrecognizedClientException')]
    expect(await failureOf(open().transact([put]))).toMatchObject({ outcome: 'not-applied' })
    expect(await failureOf(open().get(key))).toMatchObject({ outcome: 'not-applied' })
    expect(requests).toHaveLength(2)
  })

  test.each([
    refusal(400, 'ValidationException'),
    refusal(400, 'TransactionCanceledException', { CancellationReasons: [{ Code: 'ValidationError' }] }),
  ])('takes a malformed request for a bug, and repeats no text of the library', async (reply) => {
    replies = [reply]
    const error = await failureOf(open().transact(twoPuts))
    expect(error).toBeInstanceOf(InvariantError)
    expect(String(error)).not.toContain('secret-looking')
  })

  test('reads again after any failure that may pass, and a read that fails has applied nothing', async () => {
    replies = [
      'break',
      refusal(500, 'InternalServerError'),
      { status: 200, body: { Item: { a: { N: '1' } } } },
    ]
    expect(await open().get(key)).toEqual({ a: 1 })
    replies = []
    expect(await failureOf(open().get(key))).toMatchObject({ outcome: 'not-applied' })
  })

  test('counts a check alone as a transaction, for it has no cheaper form', async () => {
    replies = [ok]
    await open().transact([{ op: 'check', key, when: [{ kind: 'item-present' }] }])
    expect(requests[0]?.target).toBe('TransactWriteItems')
  })

  test('refuses a client that retries by itself', async () => {
    const store = open({ maxAttempts: 3 })
    expect(await failureOf(store.get(key))).toBeInstanceOf(InvariantError)
    expect(requests).toHaveLength(0)
  })

  test('reads items strongly consistent: what decides on them may not see an older state', async () => {
    const store = open()
    replies = [ok, ok, ok]
    await store.get(key)
    await store.query({ partition: 'p', limit: 1 })
    await store.scan({ limit: 1 })
    const asked = requests.map(({ target, body }) => [target, body.ConsistentRead])
    expect(asked).toEqual([
      ['GetItem', true],
      ['Query', true],
      ['Scan', true],
    ])
    replies = [ok]
    await store.get(key, { consistent: false })
    expect(requests.at(-1)?.body.ConsistentRead).toBe(false)
  })

  test('reads the index as DynamoDB allows it: eventually consistent', async () => {
    replies = [ok]
    await open().queryDue({ shard: 'rotation#00', dueAtMostMs: 1, limit: 1 })
    expect(requests[0]).toMatchObject({ target: 'Query', body: { IndexName: 'due' } })
    expect(requests[0]?.body.ConsistentRead).toBeUndefined()
  })

  test.each<[string, (store: DynamoItemStore) => Promise<{ items: readonly object[]; nextToken?: string }>]>([
    ['query', (store) => store.query({ partition: 'p', limit: 2 })],
    ['queryDue', (store) => store.queryDue({ shard: 'rotation#00', dueAtMostMs: 9, limit: 2 })],
    ['scan', (store) => store.scan({ limit: 2 })],
  ])('goes on in %s after a page that is empty and not the last', async (_call, read) => {
    const item = (sort: string) => ({ pk: { S: 'p' }, sk: { S: sort }, due_at: { N: '1' } })
    const lastKey = { pk: { S: 'p' }, sk: { S: 'a' } }
    replies = [
      { status: 200, body: { Items: [], Count: 0, LastEvaluatedKey: lastKey } },
      { status: 200, body: { Items: [item('b')], Count: 1, LastEvaluatedKey: lastKey } },
      { status: 200, body: { Items: [item('c')], Count: 1 } },
    ]
    const page = await read(open())
    expect(page.items).toHaveLength(2)
    expect(page.nextToken).toBeUndefined()
    expect(requests.map(({ body }) => body.ExclusiveStartKey)).toEqual([undefined, lastKey, lastKey])
  })
})
