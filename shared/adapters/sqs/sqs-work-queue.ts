import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { InvariantError } from '../../domain/errors.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import type { WorkItem, WorkQueue } from '../../ports/work-queue.ts'
import { awsFailure, describeAwsFailure } from '../aws-failure.ts'
import { MAX_BATCH, sendBatch } from './send-batch.ts'

/** Where the work goes. A function has no more of it than its role may send to. */
export interface WorkQueueUrls {
  /** For everything but the jobs of freezes. */
  readonly queueUrl?: string
  /** For the jobs of freezes, which must not wait behind rotations. */
  readonly freezeQueueUrl?: string
}

/**
 * Work in SQS standard queues. The group id of each message is its tenant, which makes a queue a fair one: a
 * tenant with a backlog does not delay the others. Throws `StoreUnavailableError` when something was not taken,
 * `InvariantError` when it has no queue for it.
 */
export class SqsWorkQueue implements WorkQueue {
  readonly #client: Pick<SQSClient, 'send'>
  readonly #urls: WorkQueueUrls

  constructor({ client, ...urls }: WorkQueueUrls & { client: Pick<SQSClient, 'send'> }) {
    this.#client = client
    this.#urls = urls
  }

  async enqueue(items: readonly WorkItem[]): Promise<void> {
    const { queueUrl, freezeQueueUrl } = this.#urls
    const isFreeze = ({ kind }: WorkItem) => kind === 'freeze'
    await Promise.all([
      ...batchesOf(items.filter(isFreeze)).map((batch) => this.#send(batch, freezeQueueUrl)),
      ...batchesOf(items.filter((item) => !isFreeze(item))).map((batch) => this.#send(batch, queueUrl)),
    ])
  }

  /** About how many items but the jobs of freezes wait or are worked on; SQS counts in the background. */
  async depth(): Promise<number> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
    const command = new GetQueueAttributesCommand({
      QueueUrl: this.#urls.queueUrl,
      AttributeNames: [...names],
    })
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

  async #send(batch: readonly WorkItem[], queueUrl: string | undefined): Promise<void> {
    if (queueUrl === undefined) throw new InvariantError('this function has no queue for this kind of work')
    const queue = { client: this.#client, queueUrl }
    await sendBatch(queue, batch, ({ tenant }) => ({ MessageGroupId: tenant }))
  }
}

function batchesOf(items: readonly WorkItem[]): WorkItem[][] {
  const batches: WorkItem[][] = []
  for (let start = 0; start < items.length; start += MAX_BATCH)
    batches.push(items.slice(start, start + MAX_BATCH))
  return batches
}
