/**
 * Whether a request with this body may be sent a second time. A stream or an iterator is gone after the first time
 * (an async iterator even sends nothing then, without an error); the others are read anew (Fetch, section 2.2.4).
 */
export function isReplayable(body: unknown): boolean {
  if (body === null || body === undefined || typeof body === 'string') return true
  if (body instanceof URLSearchParams || body instanceof Blob || body instanceof FormData) return true
  return body instanceof ArrayBuffer || ArrayBuffer.isView(body)
}
