import type { SQSClient } from '@aws-sdk/client-sqs'
import type { SQSRecord } from 'aws-lambda'
import { createHandler } from '../../functions/deliver/handler.ts'
import { SqsDeliveryQueue } from '../../shared/adapters/sqs/sqs-delivery-queue.ts'
import { StoredDeliveryQueue } from '../../shared/use-cases/subscriptions/store-deliveries.ts'
import type { DeliveringPorts, WorkedQueue } from '../contract/delivery-queue.ts'

/** A FIFO queue of SQS, as who works it sees it. */
export interface FifoQueue {
  readonly client: SQSClient
  readonly queueUrl: string
  /** Messages that may be received, out of view from now on. */
  receive(): Promise<readonly SQSRecord[]>
  remove(record: SQSRecord): Promise<void>
  close(): Promise<void>
}

/**
 * The queue of AWS as it is wired, worked by the `deliver` function. The queue's clock is its own: a message that was
 * put off is given back when the test's clock says so.
 */
export async function workedFifo(ports: DeliveringPorts, fifo: FifoQueue): Promise<WorkedQueue> {
  const { clock } = ports
  const sqs = new SqsDeliveryQueue(fifo)
  const waits = new Map<string, number>()
  const deliver = createHandler({
    ...ports,
    inTurn: async (_tenant, act) => ({ result: await act() }),
    putOff: async (handle, ms) => {
      waits.set(handle, clock.nowMs() + ms)
      await sqs.putOff(handle, ms)
    },
  })
  async function settle(): Promise<void> {
    for (let records = await fifo.receive(); records.length > 0; records = await fifo.receive()) {
      const { batchItemFailures } = await deliver({ Records: [...records] })
      const left = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
      for (const record of records) if (!left.has(record.messageId)) await fifo.remove(record)
    }
  }
  return {
    queue: new StoredDeliveryQueue(ports, sqs),
    settle,
    async advance(ms) {
      await clock.advance(ms)
      for (const [handle, untilMs] of waits) {
        if (untilMs > clock.nowMs()) continue
        waits.delete(handle)
        await sqs.putOff(handle, 0)
      }
      await settle()
    },
    // The queue is all there is; a function keeps nothing between two batches.
    restart: async () => undefined,
    close: () => fifo.close(),
  }
}
