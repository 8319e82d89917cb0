import { deliveryShard } from '../../shared/domain/keys.ts'
import { laneOf } from '../../shared/domain/subscription.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { DeliveryMessage, DeliveryQueue } from '../../shared/ports/delivery-queue.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { Log } from '../../shared/ports/log.ts'
import { everyPage } from '../../shared/ports/pages-of.ts'
import { DELIVERY_ROWS } from '../../shared/rows/delivery-row.ts'
import type { DeliverResult } from '../../shared/use-cases/subscriptions/deliver-event.ts'
import { storeDeliveries } from '../../shared/use-cases/subscriptions/store-deliveries.ts'

/** Calls under way: each is mostly waiting, and slow receivers hold one each (below). */
const MAX_SENDING = 256
/** Of one subscription, over its lanes, while it answers; one that failed last gets a single call at a time. */
const MAX_SENDING_EACH = 8
/** What waits for one receiver in memory, some hundred bytes each; past it the subscription is paused. */
const MAX_BACKLOG = 10_000
/** A store that was away is asked again this much later. */
const RETRY_AFTER_MS = 5_000
const PAGE_KEYS = 500

interface Receiver {
  /** Lanes that may send, each with its messages in order; one that sends or waits is in none of the lists. */
  readonly ready: DeliveryMessage[][]
  readonly lanes: Map<string, DeliveryMessage[]>
  waiting: number
  sending: number
  failing: boolean
}

/**
 * Deliveries in one process: those of one subscription and connection one after the other, all others side by side,
 * receivers in turn, so that a slow one delays nobody else. Each is stored before it is taken, and found again at
 * the next start.
 */
export class LocalDeliveryQueue implements DeliveryQueue {
  readonly #ports: { items: ItemStore; clock: Clock; log: Log }
  readonly #deliver: (message: DeliveryMessage) => Promise<DeliverResult>
  readonly #overrun: (message: DeliveryMessage) => Promise<void>
  readonly #receivers = new Map<string, Receiver>()
  readonly #under = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #sending = 0

  constructor(options: {
    ports: { items: ItemStore; clock: Clock; log: Log }
    deliver(message: DeliveryMessage): Promise<DeliverResult>
    /** More waits for a subscription than is kept. */
    onOverrun(message: DeliveryMessage): Promise<void>
  }) {
    this.#ports = options.ports
    this.#deliver = options.deliver
    this.#overrun = options.onOverrun
  }

  async enqueue(messages: readonly DeliveryMessage[]): Promise<void> {
    for (const message of await storeDeliveries(this.#ports, messages, { isFound: true }))
      this.#accept(message)
    this.#pump()
  }

  /** Takes up what an earlier process left. */
  async resume(): Promise<void> {
    const { items } = this.#ports
    const due = { shard: deliveryShard(), dueAtMostMs: Number.MAX_SAFE_INTEGER, limit: PAGE_KEYS }
    for await (const page of everyPage((from) => items.queryDue({ ...due, ...from }))) {
      const found = await Promise.all(page.map(({ key }) => items.get(key)))
      // In the order of the feed within each lane, whatever their next tries are.
      const messages = found.flatMap((stored) => (stored === undefined ? [] : [DELIVERY_ROWS.decode(stored)]))
      for (const { tenant, subscriptionId, place, event, again } of messages) {
        this.#accept({ tenant, subscriptionId, place, event, ...(again === undefined ? {} : { again }) })
      }
    }
    this.#pump()
  }

  /** Ends the waits, lets the calls under way end, and begins no other. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#under)
  }

  #accept(message: DeliveryMessage): void {
    const key = `${message.tenant} ${message.subscriptionId}`
    const receiver = this.#receivers.get(key) ?? newReceiver()
    this.#receivers.set(key, receiver)
    receiver.waiting++
    if (receiver.waiting > MAX_BACKLOG) {
      // Its state says that it is paused by then, and what waits is skipped without a call.
      this.#run(this.#overrun(message))
    }
    const name = laneOf(message.subscriptionId, message.event)
    const lane = receiver.lanes.get(name)
    if (lane === undefined) {
      const begun = [message]
      receiver.lanes.set(name, begun)
      receiver.ready.push(begun)
    } else {
      const isLate = (lane.at(-1)?.place ?? 0) > message.place
      lane.push(message)
      if (isLate) lane.sort((a, b) => (a.place < b.place ? -1 : 1))
    }
  }

  /** Receivers take turns, each a lane at a time, until as many calls are under way as may be. */
  #pump(): void {
    for (let begun = true; begun; ) {
      begun = false
      for (const [key, receiver] of this.#receivers) {
        if (this.#sending >= MAX_SENDING || this.#closing.signal.aborted) return
        const most = receiver.failing ? 1 : MAX_SENDING_EACH
        const lane = receiver.sending < most ? receiver.ready.shift() : undefined
        if (lane === undefined) continue
        begun = true
        this.#run(this.#send(key, receiver, lane))
      }
    }
  }

  #run(work: Promise<void>): void {
    const guarded = work
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#ports.log.error('a delivery failed', errorFields(error))
      })
      .finally(() => this.#under.delete(guarded))
    this.#under.add(guarded)
  }

  async #send(key: string, receiver: Receiver, lane: DeliveryMessage[]): Promise<void> {
    const message = lane[0]!
    receiver.sending++
    this.#sending++
    let result: DeliverResult
    try {
      result = await this.#deliver(message)
    } catch (error) {
      this.#ports.log.error('a delivery could not be recorded; it is tried again', {
        tenant: message.tenant,
        ...errorFields(error),
      })
      result = { kind: 'wait', untilMs: this.#ports.clock.nowMs() + RETRY_AFTER_MS }
    } finally {
      receiver.sending--
      this.#sending--
    }
    receiver.failing = result.kind === 'wait'
    if (result.kind === 'wait') this.#run(this.#pause(receiver, lane, result.untilMs))
    else this.#settle({ key, receiver, lane, message })
    this.#pump()
  }

  async #pause(receiver: Receiver, lane: DeliveryMessage[], untilMs: number): Promise<void> {
    const ms = Math.max(0, untilMs - this.#ports.clock.nowMs())
    await this.#ports.clock.sleep(ms, this.#closing.signal)
    receiver.ready.push(lane)
    this.#pump()
  }

  #settle(done: {
    key: string
    receiver: Receiver
    lane: DeliveryMessage[]
    message: DeliveryMessage
  }): void {
    const { key, receiver, lane, message } = done
    lane.splice(lane.indexOf(message), 1)
    receiver.waiting--
    if (lane.length > 0) receiver.ready.push(lane)
    else receiver.lanes.delete(laneOf(message.subscriptionId, message.event))
    if (receiver.lanes.size === 0) this.#receivers.delete(key)
  }
}

function newReceiver(): Receiver {
  return { ready: [], lanes: new Map(), waiting: 0, sending: 0, failing: false }
}
