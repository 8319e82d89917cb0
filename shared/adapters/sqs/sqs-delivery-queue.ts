import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { VaultError } from '../../domain/errors.ts'
import { laneOf } from '../../domain/subscription.ts'
import type { DeliveryMessage, DeliveryQueue } from '../../ports/delivery-queue.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'

/** SQS: ten messages and 1 MiB in one call; ours have some hundred bytes. */
const BATCH = 10

/**
 * The FIFO queue to subscribers: one message group a subscription and connection, so that its events stay in order
 * and wait for each other, and no other's do. A message that is sent twice within five minutes is one message.
 */
export class SqsDeliveryQueue implements DeliveryQueue {
  readonly #client: SQSClient
  readonly #queueUrl: string | undefined
  readonly #newId: () => string

  constructor(options: { client: SQSClient; queueUrl: string | undefined; newId(): string }) {
    this.#client = options.client
    this.#queueUrl = options.queueUrl
    this.#newId = options.newId
  }

  /** Throws `conflict` where the deployment has no such queue. */
  async enqueue(messages: readonly DeliveryMessage[]): Promise<void> {
    if (this.#queueUrl === undefined) {
      throw new VaultError('conflict', 'This deployment of the vault sends nothing to subscriptions.')
    }
    for (let from = 0; from < messages.length; from += BATCH) {
      const page = messages.slice(from, from + BATCH)
      const { Failed: failed = [] } = await this.#client.send(
        new SendMessageBatchCommand({
          QueueUrl: this.#queueUrl,
          Entries: page.map((message, index) => ({
            Id: String(index),
            MessageBody: JSON.stringify(message),
            MessageGroupId: laneOf(message.subscriptionId, message.event),
            MessageDeduplicationId: this.#deduplicationId(message),
          })),
        }),
      )
      // Those after a failed one of its group may have gone: they come again with it, and are told by their place.
      if (failed.length > 0) throw new StoreUnavailableError('SQS did not take every delivery', 'not-applied')
    }
  }

  #deduplicationId({ subscriptionId, place, again }: DeliveryMessage): string {
    return again === true ? this.#newId() : `${subscriptionId}-${place}`
  }
}
