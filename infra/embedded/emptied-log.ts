import type { HttpHandler } from '../../functions/http-handler.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import type { Log } from '../../shared/ports/log.ts'

/**
 * A handler after whose purges the write-ahead log is emptied, before the answer says that they are done: until then
 * the log holds what was destroyed. What replaced versions leave there goes within a minute.
 */
export function emptyingLog(
  handler: HttpHandler,
  { items, log }: { items: { moveLog(): void }; log: Log },
): HttpHandler {
  return async (event) => {
    const answer = await handler(event)
    const { requestContext, queryStringParameters } = event
    const isPurge = requestContext.http.method === 'DELETE' && queryStringParameters?.['purge'] === 'true'
    // Who is refused has destroyed nothing, and shall not have the disk work.
    if (!isPurge || (answer.statusCode ?? 500) >= 300) return answer
    try {
      items.moveLog()
    } catch (error) {
      log.error(
        'the log was not emptied after a purge; it is tried again within a minute',
        errorFields(error),
      )
    }
    return answer
  }
}
