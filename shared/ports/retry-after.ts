/** Longer waits are not obeyed: the provider's limit may be gone long before, and a token may expire meanwhile. */
const MAX_RETRY_AFTER_MS = 3_600_000

/** The three forms of an HTTP date (RFC 9110 §5.6.7) begin with the day's name; some send ISO 8601 in its place. */
const DATE = /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? |\d{4}-\d\d-\d\dT)/
const ZONE = /(?:GMT|UTC|Z|[+-]\d\d:?\d\d)$/

/**
 * The wait a `Retry-After` header asks for, in ms from `nowMs`, at most `mostMs`, which is an hour for providers;
 * undefined when it is missing or neither seconds nor a date (RFC 9110 §10.2.3). Shopify sends `2.0`.
 */
export function retryAfterMs(
  header: string | undefined,
  nowMs: number,
  mostMs = MAX_RETRY_AFTER_MS,
): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const waitMs = /^\d+(?:\.\d*)?$/.test(text) ? Math.ceil(Number(text) * 1000) : dateMs(text) - nowMs
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), mostMs)
}

/** `Date.parse` alone would take a bare number for a year, and one without a zone for the time of our machine. */
function dateMs(text: string): number {
  return DATE.test(text) ? Date.parse(ZONE.test(text) ? text : `${text}Z`) : Number.NaN
}
