import * as z from 'zod/mini'
import { MAX_ID_LENGTH } from '../../../shared/domain/ids.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import { findState } from '../../../shared/use-cases/authorize/authorization.ts'
import { finishAuthorization } from '../../../shared/use-cases/authorize/finish-authorization.ts'
import { callbackUrlOf } from '../../../shared/use-cases/authorize/start-authorization.ts'
import { errorResponses } from '../../api/common-schemas.ts'
import { defineRoute } from '../../route.ts'
import { findBrowser } from '../browser-cookie.ts'
import { endPage, prefetchedPage } from '../end-page.ts'
import { isPrefetch } from '../own-navigation.ts'
import type { AuthorizeFunctionPorts } from '../ports.ts'

/**
 * Of any length: the size of a request's head bounds it, and a refusal has to be the page that a person reads, which
 * only the handler makes. A state that is none of ours is not found, however long.
 */
const parameter = () => z.optional(z.string())
const answerSchema = z.looseObject({
  state: parameter(),
  code: parameter(),
  error: parameter(),
  iss: parameter(),
})
const ANSWER_PARAMETERS = ['state', 'code', 'error', 'iss'] as const
/** The names that the code has where it is not `code`: Amazon's Selling Partner API, TikTok for Business. */
const OTHER_CODES = ['spapi_oauth_code', 'auth_code'] as const
/** More than any provider sends, and short enough for the address they travel in. */
const MAX_OTHERS = 20
const MAX_OTHER_CHARS = 500

/** What the provider sent beside its answer, such as the id of the company that was chosen. */
function othersOf(answer: Readonly<Record<string, unknown>>): Record<string, string> {
  const named: ReadonlySet<string> = new Set([...ANSWER_PARAMETERS, ...OTHER_CODES])
  const others = Object.entries(answer)
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && !named.has(entry[0]))
    .filter(([name, value]) => name.length <= MAX_OTHER_CHARS && value.length <= MAX_OTHER_CHARS)
  return Object.fromEntries(others.slice(0, MAX_OTHERS))
}

/** The code, by whatever name it came. */
function codeOf(answer: Readonly<Record<string, unknown>>): SecretText | undefined {
  const code = ['code', ...OTHER_CODES].map((name) => said(answer[name])).find(Boolean)
  return code === undefined ? undefined : new SecretText(code)
}

/** A parameter without a value counts as one that was left out, as RFC 6749 §3.1 has it of requests: some send all. */
function said(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** Where a provider sends the browser back to; ends on a page a person understands. */
export const finishAuthorizationRoute = defineRoute({
  name: 'finish-authorization',
  method: 'GET',
  path: '/oauth/return/{id}',
  function: 'authorize',
  tag: 'Authorization',
  summary: 'The callback of an authorization, for browsers',
  description:
    'Register `callback_url`, as the OAuth application or the connection shows it, at the provider. It takes the code, or the refusal, from the browser that went there, and shows how it went.',
  // Of any length too: one that is nobody's ends on the page.
  pathSchema: z.object({ id: z.string() }),
  querySchema: answerSchema,
  headerSchema: z.object({ 'sec-purpose': parameter(), purpose: parameter(), 'x-moz': parameter() }),
  responses: {
    200: { description: 'The connection is authorized.', contentType: 'text/html' },
    202: { description: 'The provider is being asked; the page comes again.', contentType: 'text/html' },
    303: { description: 'Done; the browser is sent where the person came from.' },
    400: { description: 'It did not work; the page says why and what to do.', contentType: 'text/html' },
  },
  async handle({ path, query, headers, cookies, isHead }, ports: AuthorizeFunctionPorts) {
    if (isHead || isPrefetch(headers)) return prefetchedPage()
    const finished = await finishAuthorization(ports, {
      callbackUrl: callbackUrlOf(ports.publicUrl, path.id),
      state: findState(query.state),
      code: codeOf(query),
      error: said(query.error),
      issuer: said(query.iss),
      callback: othersOf(query),
      browser: findBrowser(cookies, ports.publicUrl),
    })
    return endPage(finished)
  },
})

/**
 * For providers that answer by a form of theirs (`response_mode=form_post`): a browser sends no Lax cookie with
 * another site's POST, and does with the GET it is sent on to.
 */
export const receiveFormAnswerRoute = defineRoute({
  name: 'receive-form-answer',
  method: 'POST',
  path: '/oauth/return/{id}',
  function: 'authorize',
  tag: 'Authorization',
  summary: 'The callback of an authorization, answered by a form',
  pathSchema: z.object({ id: z.string().check(z.maxLength(MAX_ID_LENGTH)) }),
  bodyType: 'form',
  bodySchema: answerSchema,
  responses: {
    303: { description: 'To the callback itself, with what the form held.' },
    ...errorResponses(400, 413, 415, 429),
  },
  async handle({ path, body }, ports: AuthorizeFunctionPorts) {
    const query = new URLSearchParams()
    for (const name of [...ANSWER_PARAMETERS, ...OTHER_CODES]) {
      const value = body[name]
      if (typeof value === 'string') query.set(name, value)
    }
    for (const [name, value] of Object.entries(othersOf(body))) query.set(name, value)
    return {
      status: 303,
      headers: { location: `${callbackUrlOf(ports.publicUrl, encodeURIComponent(path.id))}?${query}` },
    }
  },
})
