import { GetQueueAttributesCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import type { WorkItem, WorkQueue } from '../../ports/work-queue.ts'
import { awsFailure, describeAwsFailure } from '../aws-failure.ts'

/** The most SendMessageBatch takes (API reference). */
const MAX_BATCH = 10

/**
 * Work in an SQS standard queue. The group id of each message is its tenant, which makes the queue a fair one: a
 * tenant with a backlog does not delay the others. Throws `StoreUnavailableError` when something was not taken.
 */
export class SqsWorkQueue implements WorkQueue {
  readonly #client: SQSClient
  readonly #queueUrl: string

  constructor(options: { client: SQSClient; queueUrl: string }) {
    this.#client = options.client
    this.#queueUrl = options.queueUrl
  }

  async enqueue(items: readonly WorkItem[]): Promise<void> {
    const batches: WorkItem[][] = []
    for (let start = 0; start < items.length; start += MAX_BATCH)
      batches.push(items.slice(start, start + MAX_BATCH))
    await Promise.all(batches.map((batch) => this.#send(batch)))
  }

  /** About how many items wait or are worked on; SQS counts in the background. */
  async depth(): Promise<number> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
    const command = new GetQueueAttributesCommand({ QueueUrl: this.#queueUrl, AttributeNames: [...names] })
    try {
      const { Attributes = {} } = await this.#client.send(command)
      return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0)
    } catch (error) {
      throw new StoreUnavailableError(
        describeAwsFailure('SQS GetQueueAttributes', awsFailure(error)),
        'not-applied',
      )
    }
  }

  async #send(batch: readonly WorkItem[]): Promise<void> {
    const command = new SendMessageBatchCommand({
      QueueUrl: this.#queueUrl,
      Entries: batch.map((item, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(item),
        MessageGroupId: item.tenant,
      })),
    })
    let refused: number
    try {
      refused = (await this.#client.send(command)).Failed?.length ?? 0
    } catch (error) {
      const failure = awsFailure(error)
      throw new StoreUnavailableError(describeAwsFailure('SQS SendMessageBatch', failure), failure.outcome)
    }
    if (refused > 0)
      throw new StoreUnavailableError(`SQS refused ${refused} of ${batch.length} messages`, 'unknown')
  }
}
