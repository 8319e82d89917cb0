import { SQSClient } from '@aws-sdk/client-sqs'
import type { SQSRecord } from 'aws-lambda'
import { SqsDeliveryQueue } from '../../../../shared/adapters/sqs/sqs-delivery-queue.ts'
import type { DeliveryMessage } from '../../../../shared/ports/delivery-queue.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { deliveryQueueContract } from '../../../contract/delivery-queue.ts'
import { ModelFifo } from '../../../simulation/model-fifo.ts'
import { type ScriptedAwsService, startScriptedAwsService } from '../../../support/scripted-aws-service.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'
import { workedFifo } from '../../../support/worked-fifo.ts'

type ReceivedMessage = Parameters<ModelFifo['remove']>[0]

const QUEUE_PATH = '/000000000000/deliveries.fifo'
const TAKEN = { body: { Successful: [], Failed: [] } }

let service: ScriptedAwsService
let queue: SqsDeliveryQueue
let sent: { MessageBody: string; MessageGroupId: string; MessageDeduplicationId: string }[][]

beforeAll(async () => {
  service = await startScriptedAwsService()
  // The stand-in sends no digests of what it took.
  const client = new SQSClient({ ...service.clientConfig, requestHandler: {}, md5: false })
  client.middlewareStack.add(
    (next) => (args) => {
      sent.push((args.input as { Entries: (typeof sent)[0] }).Entries)
      return next(args)
    },
    { step: 'initialize' },
  )
  queue = new SqsDeliveryQueue({ client, queueUrl: `${service.clientConfig.endpoint}${QUEUE_PATH}` })
})

beforeEach(() => {
  sent = []
})

afterAll(() => service.close())

const message = (connection: string, place: number, again?: string): DeliveryMessage => ({
  tenant: 'acme',
  subscriptionId: 'su_1',
  place,
  event: { connection_id: connection, id: `${connection}-${place}` } as DeliveryMessage['event'],
  ...(again === undefined ? {} : { again }),
})

deliveryQueueContract('SqsDeliveryQueue', async (ports) => {
  const fifo = new ModelFifo({ clock: ports.clock, random: new SeededRandom(1), overtakes: false })
  return workedFifo(ports, {
    client: fifo.client(() => false),
    queueUrl: 'https://sqs.example.com/deliveries.fifo',
    async receive() {
      const message = fifo.receive()
      return message === undefined ? [] : [message as unknown as SQSRecord]
    },
    remove: async (record) => fifo.remove(record as unknown as ReceivedMessage),
    close: async () => undefined,
  })
})

describe('SqsDeliveryQueue', () => {
  it('sends ten groups at a time, and those of one group one call after the other', async () => {
    service.script(TAKEN, TAKEN, TAKEN)
    const others = Array.from({ length: 11 }, (_, at) => message(`ac_${at}`, at + 3))
    await queue.enqueue([message('ac_a', 1), message('ac_a', 2), ...others])
    expect(service.asked).toEqual(['SendMessageBatch', 'SendMessageBatch'])
    expect(sent.map((batch) => batch.length)).toEqual([10, 3])
    for (const batch of sent) {
      const groups = batch.map(({ MessageGroupId }) => MessageGroupId)
      expect(new Set(groups).size).toBe(groups.length)
    }
    expect(sent.flat().map(({ MessageGroupId }) => MessageGroupId)).toContain('su_1#ac_a')
    const places = sent.map((batch) =>
      batch
        .filter(({ MessageGroupId }) => MessageGroupId === 'su_1#ac_a')
        .map(({ MessageBody }) => JSON.parse(MessageBody).place),
    )
    expect(places).toEqual([[1], [2]])
  })

  it('knows a message by its place in the feed, and a replay by its own id too', async () => {
    service.script(TAKEN)
    await queue.enqueue([message('ac_a', 7), message('ac_b', 7, 'replay-1')])
    expect(sent[0]!.map(({ MessageDeduplicationId: id }) => id)).toEqual(['su_1-7', 'su_1-7-replay-1'])
  })

  it('sends nothing behind what was refused, and says so', async () => {
    service.script({ body: { Successful: [], Failed: [{ Id: '0', Code: 'x', SenderFault: false }] } })
    const enqueued = queue.enqueue([message('ac_a', 1), message('ac_a', 2)])
    await expect(enqueued).rejects.toThrow(StoreUnavailableError)
    expect(service.asked).toHaveLength(1)
  })

  it.each([
    [1_500, 2],
    [20 * 3_600_000, 12 * 3600 - 60],
  ])('puts a message off by %d ms as SQS can: %d s', async (ms, seconds) => {
    service.script({ body: {} })
    await queue.putOff('handle', ms)
    expect(service.asked).toEqual(['ChangeMessageVisibility'])
    expect(await service.lastBody()).toMatchObject({ ReceiptHandle: 'handle', VisibilityTimeout: seconds })
  })

  it('tells of a queue that does not answer in the words of every store', async () => {
    service.script({ error: 'AccessDenied' })
    await expect(queue.putOff('handle', 1)).rejects.toThrow(
      /SQS ChangeMessageVisibility failed: AccessDenied/,
    )
  })
})
