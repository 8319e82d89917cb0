/** News of a connection, as the feed, the bus and the webhooks tell it. */
export interface ConnectionNews {
  readonly connectionId: string
  /** What is held of it must not be used again. */
  readonly gone: boolean
}

const GONE: ReadonlySet<string> = new Set([
  'connection.deleted',
  'connection.frozen',
  'connection.reauthorization_required',
])

/**
 * Reads a change event in any of its three shapes: ours flat (feed), in `data` of a CloudEvent (webhook), or in
 * `detail` (EventBridge); as an object or as JSON text. Undefined for anything else.
 */
export function readNews(message: unknown): ConnectionNews | undefined {
  const outer = objectOf(message)
  const event = objectOf(outer?.['data']) ?? objectOf(outer?.['detail']) ?? outer
  const id = event?.['connection_id']
  const type = event?.['type'] ?? outer?.['type'] ?? outer?.['detail-type']
  if (typeof id !== 'string') return undefined
  return { connectionId: id, gone: typeof type === 'string' && GONE.has(type) }
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  if (typeof value === 'string') {
    try {
      const parsed: unknown = JSON.parse(value)
      return typeof parsed === 'string' ? undefined : objectOf(parsed)
    } catch {
      return undefined
    }
  }
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}
