import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge'
import { toldEvent } from '../../domain/event-words.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventOutlet, FeedEntry } from '../../ports/event-outlet.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import type { Random } from '../../ports/random.ts'
import { storeUnavailable } from '../aws-failure.ts'
import { BUS_SOURCE } from './bus-facts.ts'

/** PutEvents takes ten (API reference). */
const BATCH = 10
/** Entries are refused one by one when the bus is throttled, which passes within a second or so. */
const MAX_TRIES = 5
const FIRST_PAUSE_MS = 50

/**
 * A custom bus of EventBridge: each event flat in `detail`, its type as `detail-type`. The bus keeps no order;
 * consumers compare `sequence`. What it refuses of a batch is put again, and nothing that it has taken.
 */
export class EventBridgeOutlet implements EventOutlet {
  readonly #client: Pick<EventBridgeClient, 'send'>
  readonly #busName: string
  readonly #clock: Pick<Clock, 'sleep'>
  readonly #random: Pick<Random, 'fraction'>

  constructor(options: {
    client: Pick<EventBridgeClient, 'send'>
    busName: string
    clock: Pick<Clock, 'sleep'>
    random: Pick<Random, 'fraction'>
  }) {
    this.#client = options.client
    this.#busName = options.busName
    this.#clock = options.clock
    this.#random = options.random
  }

  /** Who listens on the bus is not ours to know. */
  async isNeeded(): Promise<boolean> {
    return true
  }

  async take(_tenant: string, entries: readonly FeedEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += BATCH)
      await this.#put(entries.slice(from, from + BATCH))
  }

  async #put(batch: readonly FeedEntry[]): Promise<void> {
    let left = batch.map((entry) => this.#entryOf(entry))
    let refusal = ''
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (tries > 0) await this.#clock.sleep(this.#random.fraction() * FIRST_PAUSE_MS * 2 ** tries)
      try {
        const { Entries: results = [] } = await this.#client.send(new PutEventsCommand({ Entries: left }))
        refusal = results.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode ?? 'UnknownError'
        left = left.filter((_, index) => results[index]?.EventId === undefined)
        if (left.length === 0) return
      } catch (error) {
        throw storeUnavailable('EventBridge PutEvents', error)
      }
    }
    throw new StoreUnavailableError(`EventBridge refused ${left.length} events: ${refusal}`, 'unknown')
  }

  #entryOf({ event }: FeedEntry): PutEventsRequestEntry {
    return {
      EventBusName: this.#busName,
      Source: BUS_SOURCE,
      DetailType: event.type,
      Time: new Date(event.occurred_at),
      Detail: JSON.stringify(toldEvent(event)),
    }
  }
}
