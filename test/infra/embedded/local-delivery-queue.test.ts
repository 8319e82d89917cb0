import { LocalDeliveryQueue } from '../../../infra/embedded/local-delivery-queue.ts'
import { deliverEvent } from '../../../shared/use-cases/subscriptions/deliver-event.ts'
import { deliveryQueueContract } from '../../contract/delivery-queue.ts'

const TURNS = 300

deliveryQueueContract('LocalDeliveryQueue', async (ports) => {
  const begin = () =>
    new LocalDeliveryQueue({
      ports,
      deliver: (message) => deliverEvent(ports, message),
      onOverrun: async () => undefined,
    })
  let queue = begin()
  const settle = async () => {
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    queue: { enqueue: (messages) => queue.enqueue(messages) },
    settle,
    async advance(ms) {
      await ports.clock.advance(ms)
      await settle()
    },
    async restart() {
      await queue.close()
      queue = begin()
      await queue.resume()
    },
    close: () => queue.close(),
  }
})
