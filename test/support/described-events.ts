import * as z from 'zod'
import { asyncApiDocument } from '../../functions/api/asyncapi.ts'
import type { EventType, VaultEvent } from '../../shared/domain/change-event.ts'
import { toldEvent } from '../../shared/domain/event-words.ts'
import { findPartitionParts } from '../../shared/domain/keys.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import { everyPage } from '../../shared/ports/pages-of.ts'
import { eventOf } from '../../shared/rows/event-row.ts'
import { cloudEventOf } from '../../shared/use-cases/subscriptions/cloud-event.ts'

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0]

const SCAN_PAGE = 1000

const { components } = asyncApiDocument('https://vault.example.com') as unknown as {
  components: {
    schemas: Record<EventType, object>
    messages: Record<string, { payload: { properties: object } }>
  }
}
const made = new Map<EventType, { flat: z.ZodType; webhook: z.ZodType }>()

/** Throws unless an event is, flat and as a webhook, what the AsyncAPI document says of its type. */
export function expectDescribed(event: VaultEvent): void {
  const { flat, webhook } = schemasOf(event.type)
  flat.parse(wire(toldEvent(event)))
  webhook.parse(wire(cloudEventOf(event, 'test')))
}

/** Throws unless every event that the feeds of a store hold is described; answers how many there are. */
export async function expectAllDescribed(items: Pick<ItemStore, 'scan'>): Promise<number> {
  let count = 0
  for await (const page of everyPage((from) => items.scan({ limit: SCAN_PAGE, ...from }))) {
    for (const { key, attributes } of page) {
      if (findPartitionParts(key.partition)?.kind !== 'FEED') continue
      const event = eventOf(attributes)
      if (event === undefined) continue
      expectDescribed(event)
      count++
    }
  }
  return count
}

function schemasOf(type: EventType): { flat: z.ZodType; webhook: z.ZodType } {
  const known = made.get(type)
  if (known !== undefined) return known
  const data = components.schemas[type]
  const { payload } = components.messages[`${type}.webhook`]!
  const whole = { ...payload, properties: { ...payload.properties, data } }
  const fresh = {
    flat: z.fromJSONSchema(data as JsonSchema),
    webhook: z.fromJSONSchema(whole as JsonSchema),
  }
  made.set(type, fresh)
  return fresh
}

function wire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
