import type { ServerResponse } from 'node:http'

/**
 * What a token endpoint may do instead of answering well. `…-before` happens before the request is worked on,
 * `…-after` when it has been: the grant was minted, the old refresh token is used up, and nobody hears of it.
 */
export type TokenFault =
  | 'status-500'
  | 'status-503'
  | 'status-503-retry-after'
  | 'status-429'
  | 'status-500-after'
  | 'html-after'
  | 'redirect'
  | 'hang-before'
  | 'hang-after'
  | 'drop-before'
  | 'drop-after'

/** In seconds, in the answers with `Retry-After`. */
export const FAULT_RETRY_AFTER_SECONDS = 7
const RETRY_AFTER = { 'retry-after': String(FAULT_RETRY_AFTER_SECONDS) }

/** Whether the fault strikes when the request has been worked on. */
export function strikesAfterwards(fault: TokenFault): boolean {
  return fault.endsWith('-after') && fault !== 'status-503-retry-after'
}

/** Plays the fault on an answer that was not yet begun. */
export function playFault(fault: TokenFault, response: ServerResponse): void {
  switch (fault) {
    case 'status-500':
    case 'status-500-after':
      response.writeHead(500).end('internal error')
      return
    case 'status-503':
      response.writeHead(503).end('unavailable')
      return
    case 'status-503-retry-after':
      response.writeHead(503, RETRY_AFTER).end('unavailable')
      return
    case 'status-429':
      response.writeHead(429, RETRY_AFTER).end('slow down')
      return
    case 'html-after':
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>Maintenance</title>')
      return
    case 'redirect':
      response.writeHead(307, { location: '/elsewhere' }).end()
      return
    case 'hang-before':
    case 'hang-after':
      return
    case 'drop-before':
    case 'drop-after':
      response.socket?.destroy()
  }
}
