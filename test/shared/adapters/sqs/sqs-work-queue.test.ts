import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SQSClient } from '@aws-sdk/client-sqs'
import { SqsWorkQueue } from '../../../../shared/adapters/sqs/sqs-work-queue.ts'
import type { WorkItem } from '../../../../shared/ports/work-queue.ts'

interface Batch {
  readonly QueueUrl: string
  readonly Entries: readonly { Id: string; MessageBody: string; MessageGroupId: string }[]
}

let server: Server
let client: SQSClient
let queue: SqsWorkQueue
let answer: { status?: number; body: unknown }
const asked: { operation: string; body: Batch }[] = []

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const operation = String(request.headers['x-amz-target']).split('.').at(-1)!
    asked.push({ operation, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) })
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify(answer.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  client = new SQSClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    // The stand-in sends no digests of what it took.
    md5: false,
  })
  queue = new SqsWorkQueue({
    client,
    queueUrl: `${url}/000000000000/work`,
    freezeQueueUrl: `${url}/000000000000/freezes`,
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

const rotations = (count: number): WorkItem[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'rotate', tenant: `t${index % 3}`, id: `c${index}` }))

describe('SqsWorkQueue', () => {
  it('sends ten at a time, each in the group of its tenant', async () => {
    answer = { body: { Successful: [], Failed: [] } }
    await queue.enqueue(rotations(23))
    expect(asked.map(({ body }) => body.Entries.length).sort()).toEqual([10, 10, 3])
    const entries = asked.flatMap(({ body }) => body.Entries)
    expect(entries.map(({ MessageBody }) => JSON.parse(MessageBody).id).sort()).toEqual(
      rotations(23)
        .map(({ id }) => id)
        .sort(),
    )
    for (const entry of entries) expect(entry.MessageGroupId).toBe(JSON.parse(entry.MessageBody).tenant)
  })

  it('sends the jobs of freezes to a queue of their own', async () => {
    answer = { body: { Successful: [], Failed: [] } }
    await queue.enqueue([...rotations(2), { kind: 'freeze', tenant: 't1', id: 'fz_1' }])
    const sent = asked.map(({ body }) => [
      body.QueueUrl.split('/').at(-1),
      body.Entries.map((entry) => JSON.parse(entry.MessageBody).id),
    ])
    expect(Object.fromEntries(sent)).toEqual({ work: ['c0', 'c1'], freezes: ['fz_1'] })
  })

  it('refuses what it has no queue for', async () => {
    const freezesOnly = new SqsWorkQueue({ client, freezeQueueUrl: 'https://sqs.test/freezes' })
    await expect(freezesOnly.enqueue(rotations(1))).rejects.toMatchObject({ name: 'InvariantError' })
    expect(asked).toEqual([])
  })

  it('asks nothing for nothing', async () => {
    await queue.enqueue([])
    expect(asked).toEqual([])
  })

  it('says how many of a batch were refused', async () => {
    answer = {
      body: {
        Successful: [],
        Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false, Message: 'message-canary' }],
      },
    }
    const failed = queue.enqueue(rotations(2))
    await expect(failed).rejects.toMatchObject({ name: 'StoreUnavailableError', outcome: 'unknown' })
    await expect(failed).rejects.toThrow('SQS refused 1 of 2 messages')
  })

  it('tells of a failed call its name alone', async () => {
    answer = {
      status: 400,
      body: { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'message-canary' },
    }
    const failed = queue.enqueue(rotations(1))
    await expect(failed).rejects.toMatchObject({ name: 'StoreUnavailableError', outcome: 'not-applied' })
    await expect(failed).rejects.toThrow(/SQS SendMessageBatch failed: QueueDoesNotExist/)
    await expect(failed).rejects.not.toThrow('message-canary')
  })

  it('counts what waits and what is worked on', async () => {
    answer = {
      body: { Attributes: { ApproximateNumberOfMessages: '7', ApproximateNumberOfMessagesNotVisible: '5' } },
    }
    expect(await queue.depth()).toBe(12)
  })
})
