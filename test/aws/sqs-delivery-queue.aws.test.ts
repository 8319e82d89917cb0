import { randomUUID } from 'node:crypto'
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { SQSRecord } from 'aws-lambda'
import { deliveryQueueContract } from '../contract/delivery-queue.ts'
import { type EmulatorName, emulatorClientConfig } from '../support/emulator-under-test.ts'
import { workedFifo } from '../support/worked-fifo.ts'

/** As the stack makes it: six times the timeout of its function. */
const VISIBILITY_SECONDS = '360'
const MAX_BATCH = 10

for (const emulator of ['moto', 'ministack'] as const) {
  deliveryQueueContract(`SqsDeliveryQueue on ${emulator}`, async (ports) => {
    const { client, queueUrl } = await createFifo(emulator)
    return workedFifo(ports, {
      client,
      queueUrl,
      async receive() {
        const received = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: queueUrl,
            MaxNumberOfMessages: MAX_BATCH,
            MessageSystemAttributeNames: ['All'],
          }),
        )
        return (received.Messages ?? []).map(
          (message) =>
            ({
              messageId: message.MessageId,
              receiptHandle: message.ReceiptHandle,
              body: message.Body,
              attributes: message.Attributes,
            }) as unknown as SQSRecord,
        )
      },
      async remove({ receiptHandle }) {
        await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }))
      },
      async close() {
        await client.send(new DeleteQueueCommand({ QueueUrl: queueUrl }))
        client.destroy()
      },
    })
  })
}

async function createFifo(emulator: EmulatorName): Promise<{ client: SQSClient; queueUrl: string }> {
  const client = new SQSClient({ maxAttempts: 1, ...emulatorClientConfig(emulator) })
  const { QueueUrl: queueUrl = '' } = await client.send(
    new CreateQueueCommand({
      QueueName: `${randomUUID()}.fifo`,
      Attributes: { FifoQueue: 'true', VisibilityTimeout: VISIBILITY_SECONDS },
    }),
  )
  return { client, queueUrl }
}
