import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { laneOf } from '../../domain/subscription.ts'
import type { DeliveryMessage, DeliveryQueue } from '../../ports/delivery-queue.ts'
import { storeUnavailable } from '../aws-failure.ts'
import { MAX_BATCH, sendBatch } from './send-batch.ts'

/** SQS keeps a message from view for twelve hours from its receipt at most; one that comes early is put off again. */
const MAX_PUT_OFF_S = 12 * 3600 - 60

/**
 * The FIFO queue to subscribers: one message group a subscription and connection, so that its events stay in order
 * and wait for each other, and no other's do. A message that is sent twice within five minutes is one message.
 */
export class SqsDeliveryQueue implements DeliveryQueue {
  readonly #client: Pick<SQSClient, 'send'>
  readonly #queueUrl: string

  constructor(options: { client: Pick<SQSClient, 'send'>; queueUrl: string }) {
    this.#client = options.client
    this.#queueUrl = options.queueUrl
  }

  /** Throws `StoreUnavailableError` when something was not taken; nothing of its group after it was taken then. */
  async enqueue(messages: readonly DeliveryMessage[]): Promise<void> {
    const queue = { client: this.#client, queueUrl: this.#queueUrl }
    for (const batch of batchesOf(messages)) {
      await sendBatch(queue, batch, (message) => ({
        MessageGroupId: laneOf(message.subscriptionId, message.event),
        MessageDeduplicationId: deduplicationIdOf(message),
      }))
    }
  }

  /** Gives a message back after `ms`, as far as SQS keeps one from view. Throws `StoreUnavailableError`. */
  async putOff(receiptHandle: string, ms: number): Promise<void> {
    const VisibilityTimeout = Math.min(MAX_PUT_OFF_S, Math.ceil(ms / 1000))
    const command = new ChangeMessageVisibilityCommand({
      QueueUrl: this.#queueUrl,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout,
    })
    try {
      await this.#client.send(command)
    } catch (error) {
      throw storeUnavailable('SQS ChangeMessageVisibility', error)
    }
  }
}

/**
 * Batches in which no group comes twice, to be sent in this order: SQS refuses messages one by one, and one behind a
 * refused one of its group would overtake it.
 */
function batchesOf(messages: readonly DeliveryMessage[]): DeliveryMessage[][] {
  const batches: DeliveryMessage[][] = []
  const lastOf = new Map<string, number>()
  for (const message of messages) {
    const lane = laneOf(message.subscriptionId, message.event)
    let at = (lastOf.get(lane) ?? -1) + 1
    while ((batches[at]?.length ?? 0) >= MAX_BATCH) at++
    batches[at] = [...(batches[at] ?? []), message]
    lastOf.set(lane, at)
  }
  return batches
}

function deduplicationIdOf({ subscriptionId, place, again }: DeliveryMessage): string {
  return [subscriptionId, place, ...(again === undefined ? [] : [again])].join('-')
}
