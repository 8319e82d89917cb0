import { EVENT_TYPES, type EventType } from '../../shared/domain/change-event.ts'
import { EVENT_SUMMARIES } from '../../shared/domain/event-words.ts'
import { eventJsonSchema } from './event-view.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** The AsyncAPI 3 document of everything the vault sends, made from the same table as the events themselves. */
export function asyncApiDocument(origin: string): JsonObject & { readonly asyncapi: string } {
  const { host, protocol, pathname } = new URL(origin)
  const below = pathname === '/' ? {} : { pathname }
  const server = { $ref: '#/servers/vault' }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Flow Vault events',
      version: '2',
      description:
        'What happens to connections and subscriptions. Ids and codes only, never a secret. At least once; in the order of `sequence` for one connection in the feed and to webhooks; consumers tell repeats by `id`.',
    },
    servers: { vault: { host, protocol: protocol.replace(':', ''), ...below } },
    channels: {
      feed: {
        address: '/api/v2/flows/vault/events',
        title: 'The tenant’s feed',
        description: 'Followed by GET with a cursor; each event flat.',
        servers: [server],
        messages: messageRefs('event'),
      },
      webhook: {
        address: null,
        title: 'A subscription’s webhook',
        description: 'Posted to the `url` of a subscription, signed after Standard Webhooks.',
        messages: messageRefs('webhook'),
      },
    },
    operations: {
      publish: { action: 'send', channel: { $ref: '#/channels/feed' } },
      deliver: { action: 'send', channel: { $ref: '#/channels/webhook' } },
    },
    components: {
      messages: Object.fromEntries(EVENT_TYPES.flatMap((type) => [flatMessage(type), webhookMessage(type)])),
      schemas: Object.fromEntries(EVENT_TYPES.map((type) => [type, eventJsonSchema(type)])),
    },
  }
}

function messageRefs(kind: 'event' | 'webhook'): JsonObject {
  return Object.fromEntries(
    EVENT_TYPES.map((type) => [type, { $ref: `#/components/messages/${type}.${kind}` }]),
  )
}

function flatMessage(type: EventType): [string, JsonObject] {
  const payload = { $ref: `#/components/schemas/${type}` }
  const words = { name: type, summary: EVENT_SUMMARIES[type], contentType: 'application/json' }
  return [`${type}.event`, { ...words, payload }]
}

/** CloudEvents 1.0 in its JSON form, with ours in `data`. */
function webhookMessage(type: EventType): [string, JsonObject] {
  const text = { type: 'string' }
  const payload = {
    type: 'object',
    required: ['specversion', 'id', 'source', 'type', 'time', 'timestamp', 'data'],
    properties: {
      specversion: { const: '1.0' },
      id: text,
      source: { ...text, description: '`urn:flow-vault:<deployment>:<tenant>`' },
      type: { const: type },
      time: { ...text, format: 'date-time' },
      timestamp: { ...text, format: 'date-time' },
      datacontenttype: text,
      subject: { ...text, description: 'The id of the connection.' },
      partitionkey: text,
      sequence: text,
      purpose: { const: 'test' },
      data: { $ref: `#/components/schemas/${type}` },
    },
  }
  const headers = {
    type: 'object',
    properties: { 'webhook-id': text, 'webhook-timestamp': text, 'webhook-signature': text },
  }
  const words = { name: type, summary: EVENT_SUMMARIES[type], contentType: 'application/json' }
  return [`${type}.webhook`, { ...words, headers, payload }]
}
