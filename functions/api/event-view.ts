import * as z from 'zod/mini'
import {
  CHANGE_EVENT_TYPES,
  type EventType,
  isChangeType,
  SUBSCRIPTION_EVENT_TYPES,
} from '../../shared/domain/change-event.ts'
import { EVENT_SUMMARIES } from '../../shared/domain/event-words.ts'

const COMMON = {
  id: z.string(),
  tenant: z.string(),
  occurred_at: z.string(),
  actor: z.nullable(z.object({ id: z.string() })),
  message: z.string(),
}

/** An event about a connection, wherever it goes: with the actor, null for the vault itself, and a sentence. */
export const changeEventSchema = z.object({
  ...COMMON,
  type: z.enum(CHANGE_EVENT_TYPES),
  connection_id: z.string(),
  app_id: z.string(),
  version: z.int(),
  credential_version: z.int(),
  sequence: z.int(),
  changed: z.array(z.string()),
})

const subscriptionEventSchema = z.object({
  ...COMMON,
  type: z.enum(SUBSCRIPTION_EVENT_TYPES),
  subscription_id: z.string(),
  reason: z.string(),
  event_id: z.optional(z.string()),
  connection_id: z.optional(z.string()),
})

/** Any event as the feed shows it. */
export const eventSchema = z.union([changeEventSchema, subscriptionEventSchema])

/** The JSON Schema of one type of event, as the feed, the bus and webhooks carry it; open to members to come. */
export function eventJsonSchema(type: EventType): Readonly<Record<string, unknown>> {
  const schema = isChangeType(type) ? changeEventSchema : subscriptionEventSchema
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>
  const properties = rest['properties'] as Record<string, object>
  return {
    ...rest,
    title: type,
    description: EVENT_SUMMARIES[type],
    properties: {
      ...properties,
      type: { const: type },
      occurred_at: { type: 'string', format: 'date-time' },
    },
  }
}
