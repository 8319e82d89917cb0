import * as z from 'zod/mini'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import {
  type FinishedAuthorization,
  finishAuthorization,
} from '../../../shared/use-cases/grants/finish-authorization.ts'
import { type Answer, defineRoute } from '../../route.ts'
import { callbackPage } from '../callback-page.ts'
import type { AuthorizeFunctionPorts } from '../ports.ts'

/**
 * Of any length: the size of a request's head bounds it, and a refusal has to be the page that a person reads, which
 * only the handler makes. A state that is none of ours is not found, however long.
 */
const parameter = () => z.optional(z.string())

/** Where a provider sends the browser back to; ends on a page a person understands. */
export const finishAuthorizationRoute = defineRoute({
  name: 'finish-authorization',
  method: 'GET',
  path: '/oauth/callback',
  function: 'authorize',
  tag: 'Authorization',
  summary: 'The callback of an authorization, for browsers',
  description: 'Register this URL at the provider. It takes the code, or the refusal, and shows how it went.',
  querySchema: z.looseObject({ state: parameter(), code: parameter(), error: parameter(), iss: parameter() }),
  responses: {
    200: { description: 'The connection is authorized.', contentType: 'text/html' },
    303: { description: 'Done; the browser is sent where the person came from.' },
    400: { description: 'It did not work; the page says why and what to do.', contentType: 'text/html' },
  },
  async handle({ query }, ports: AuthorizeFunctionPorts) {
    const finished = await finishAuthorization(ports, {
      state: query.state === undefined ? undefined : new SecretText(query.state),
      code: query.code === undefined ? undefined : new SecretText(query.code),
      error: query.error,
      issuer: query.iss,
    })
    return answerOf(finished)
  },
})

function answerOf(finished: FinishedAuthorization): Answer {
  if (finished.returnTo !== undefined) {
    const id = finished.kind === 'connected' ? finished.row.id : finished.connectionId
    const outcome = new URLSearchParams({ connection_id: id ?? '', outcome: finished.kind })
    if (finished.kind !== 'connected') outcome.set('reason', finished.message)
    return { status: 303, headers: { location: withQuery(finished.returnTo, outcome) } }
  }
  return callbackPage(finished)
}

/** The address with more in its query; what a page keeps after `#` stays at the end. */
function withQuery(address: string, more: URLSearchParams): string {
  const [, base = '', fragment = ''] = /^([^#]*)(#.*)?$/s.exec(address) ?? []
  return `${base}${base.includes('?') ? '&' : '?'}${more}${fragment}`
}
