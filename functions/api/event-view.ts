import * as z from 'zod/mini'
import {
  CHANGE_EVENT_TYPES,
  type EventActor,
  type EventType,
  SUBSCRIPTION_EVENT_TYPES,
  type VaultEvent,
} from '../../shared/domain/change-event.ts'
import { EVENT_SUMMARIES, eventMessage } from '../../shared/domain/event-words.ts'

const actorSchema = z.object({ id: z.string() })

const COMMON = {
  id: z.string(),
  tenant: z.string(),
  occurred_at: z.string(),
}

/** What every event about a connection carries, wherever it goes. */
const changeEventSchema = z.object({
  ...COMMON,
  type: z.enum(CHANGE_EVENT_TYPES),
  connection_id: z.string(),
  app_id: z.string(),
  version: z.int(),
  credential_version: z.int(),
  sequence: z.int(),
  changed: z.array(z.string()),
  actor: z.optional(actorSchema),
})

const subscriptionEventSchema = z.object({
  ...COMMON,
  type: z.enum(SUBSCRIPTION_EVENT_TYPES),
  subscription_id: z.string(),
  reason: z.string(),
  event_id: z.optional(z.string()),
  connection_id: z.optional(z.string()),
  actor: z.optional(actorSchema),
})

const SHOWN = { actor: z.nullable(actorSchema), message: z.string() }

/** An event as lists show it: with the actor, null for the vault itself, and a sentence for people. */
export const shownChangeEventSchema = z.extend(changeEventSchema, SHOWN)

/** Any event as the feed shows it. */
export const shownEventSchema = z.union([shownChangeEventSchema, z.extend(subscriptionEventSchema, SHOWN)])

/** An event as it is shown; a type of its own for each type of event would say nothing more to a reader. */
export type ShownEvent = Omit<VaultEvent, 'actor'> & {
  readonly message: string
  readonly actor: EventActor | null
}

/** The event with its sentence; an absent actor is shown as null. */
export function eventView(event: VaultEvent): ShownEvent {
  return { ...event, actor: event.actor ?? null, message: eventMessage(event) }
}

/** The JSON Schema of one type of event, as the bus and webhooks carry it. */
export function eventJsonSchema(type: EventType): Readonly<Record<string, unknown>> {
  const isChange = (CHANGE_EVENT_TYPES as readonly string[]).includes(type)
  const schema = isChange ? changeEventSchema : subscriptionEventSchema
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'output' }) as Record<string, unknown>
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
