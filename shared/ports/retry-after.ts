/** Longer waits are not obeyed: the provider's limit may be gone long before, and a token may expire meanwhile. */
const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * The wait a `Retry-After` header asks for, in ms from `nowMs`, at most `mostMs`, which is an hour for providers;
 * undefined when it is missing or neither seconds nor an HTTP date (RFC 9110 §10.2.3).
 */
export function retryAfterMs(
  header: string | undefined,
  nowMs: number,
  mostMs = MAX_RETRY_AFTER_MS,
): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const waitMs = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : dateMs(text) - nowMs
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), mostMs)
}

/** An HTTP date names its day and zone; `Date.parse` alone would take a bare number for a year. */
function dateMs(text: string): number {
  return /^[A-Z][a-z]{2,8}, .*GMT$/.test(text) ? Date.parse(text) : Number.NaN
}
