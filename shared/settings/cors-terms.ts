/*
 * What pages of other origins may do (Fetch standard, "CORS protocol"), for the functions and for the gateway in front.
 */

/** All that our routes have, so that a page learns from their own answer which of them a path takes. */
export const CORS_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
/** What our routes read, beyond what a page may send without asking (Fetch standard, CORS-safelisted). */
export const CORS_REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'x-flow-id',
]
/** What our answers tell in headers alone. */
export const CORS_ANSWER_HEADERS = [
  ...['etag', 'idempotency-replayed', 'location', 'retry-after', 'www-authenticate', 'x-request-id'],
  ...['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
]
/** Browsers keep a permission for two hours at most (Chromium); a page that lost it learns so within one. */
export const CORS_MAX_AGE_SECONDS = 3_600
