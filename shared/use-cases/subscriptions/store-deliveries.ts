import type { DeliveryMessage, DeliveryQueue } from '../../ports/delivery-queue.ts'
import { ConditionFailedError, MAX_TRANSACTION_WRITES } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { deliveryWrite, newDelivery } from './deliver-event.ts'

/**
 * Stores what is to be delivered before anything takes it on its way, so that the list of deliveries has it while it
 * waits. Answers those that are new: what is stored already is on its way, or has been. `isFound` says that who sends
 * finds them again by their index.
 */
export async function storeDeliveries(
  { items, clock }: Pick<Ports, 'items' | 'clock'>,
  messages: readonly DeliveryMessage[],
  { isFound }: { readonly isFound: boolean },
): Promise<readonly DeliveryMessage[]> {
  const nowMs = clock.nowMs()
  const stored: DeliveryMessage[] = []
  for (let from = 0; from < messages.length; from += MAX_TRANSACTION_WRITES) {
    const fresh = messages.slice(from, from + MAX_TRANSACTION_WRITES)
    for (let isOpen = fresh.length > 0; isOpen; ) {
      const writes = fresh.map((message) => ({
        ...deliveryWrite(newDelivery(message, nowMs), nowMs, { isFound }),
        ...(message.again !== undefined ? {} : { when: [{ kind: 'item-absent' }] as const }),
      }))
      try {
        await items.transact(writes)
        isOpen = false
      } catch (error) {
        if (!(error instanceof ConditionFailedError)) throw error
        fresh.splice(error.writeIndex, 1)
        isOpen = fresh.length > 0
      }
    }
    stored.push(...fresh)
  }
  return stored
}

/** A queue beside the table, whose messages are stored there before it has them. */
export class StoredDeliveryQueue implements DeliveryQueue {
  readonly #ports: Pick<Ports, 'items' | 'clock'>
  readonly #queue: DeliveryQueue

  constructor(ports: Pick<Ports, 'items' | 'clock'>, queue: DeliveryQueue) {
    this.#ports = ports
    this.#queue = queue
  }

  async enqueue(messages: readonly DeliveryMessage[]): Promise<void> {
    await storeDeliveries(this.#ports, messages, { isFound: false })
    // One that was stored before may not have got any further then: the queue knows what it has.
    await this.#queue.enqueue(messages)
  }
}
