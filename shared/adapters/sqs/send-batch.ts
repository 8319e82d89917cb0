import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { storeUnavailable } from '../aws-failure.ts'

/** The most messages SendMessageBatch takes, of 1 MiB together (API reference); ours have some hundred bytes. */
export const MAX_BATCH = 10

/**
 * Sends messages as JSON in one call; `groupingOf` says what each waits behind. Throws `StoreUnavailableError` unless
 * all were taken.
 */
export async function sendBatch<Message>(
  { client, queueUrl }: { client: Pick<SQSClient, 'send'>; queueUrl: string },
  batch: readonly Message[],
  groupingOf: (
    message: Message,
  ) => Pick<SendMessageBatchRequestEntry, 'MessageGroupId' | 'MessageDeduplicationId'>,
): Promise<void> {
  const command = new SendMessageBatchCommand({
    QueueUrl: queueUrl,
    Entries: batch.map((message, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify(message),
      ...groupingOf(message),
    })),
  })
  const { Failed: refused = [] } = await client.send(command).catch((error: unknown) => {
    throw storeUnavailable('SQS SendMessageBatch', error)
  })
  if (refused.length > 0)
    throw new StoreUnavailableError(`SQS refused ${refused.length} of ${batch.length} messages`, 'unknown')
}
