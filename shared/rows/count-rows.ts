import { rowCodec } from './row-codec.ts'

/** How many connections of a tenant one counter counts; each commit adds to it, and the first makes it. */
export const CONNECTION_COUNT_ROWS = rowCodec<{ readonly total?: number }>('counter of connections', 1)

/** How many changes of a connection were refused within a minute. */
export const REFUSED_COUNT_ROWS = rowCodec<{ readonly count?: number }>('counter of refused changes', 1)

/** How often a client fetched a connection; writing adds to the count. */
export const USAGE_ROWS = rowCodec<{
  readonly client: string
  /** The flow that it was for, where the client says so. */
  readonly flow?: string
  readonly count?: number
  readonly lastAtMs: number
}>('usage', 1)

/** What the daily comparison of both stores saw amiss, and when. */
export const SIGHTING_ROWS = rowCodec<{ readonly firstSeenAtMs: number; readonly lastSeenAtMs: number }>(
  'sighting',
  1,
)
