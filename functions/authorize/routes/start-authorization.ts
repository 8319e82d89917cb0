import * as z from 'zod/mini'
import type { SecretText } from '../../../shared/domain/secret-text.ts'
import { findTicket } from '../../../shared/use-cases/authorize/authorization.ts'
import {
  type Continued,
  continueAuthorization,
  lookAtAuthorization,
} from '../../../shared/use-cases/authorize/continue-authorization.ts'
import { errorResponses } from '../../api/common-schemas.ts'
import { type Answer, defineRoute } from '../../route.ts'
import { type BrowserCookie, browserCookie } from '../browser-cookie.ts'
import { comesFromOurPage, isOurForm, isPrefetch } from '../own-navigation.ts'
import type { AuthorizeFunctionPorts } from '../ports.ts'
import { deadLinkPage, foreignFormPage, startPage } from '../start-page.ts'

const ticketSchema = z.looseObject({ ticket: z.optional(z.string()) })
const header = () => z.optional(z.string())
const navigationHeaders = z.object({
  'sec-fetch-site': header(),
  origin: header(),
  'sec-purpose': header(),
  purpose: header(),
  'x-moz': header(),
})
const RESPONSES = {
  200: { description: 'Who asks for what, with a button to go on.', contentType: 'text/html' },
  303: { description: 'Off to the provider.' },
  400: { description: 'The link leads nowhere any more; the page says why.', contentType: 'text/html' },
}

/** The page that `authorization_url` names: says who asks for what, and changes nothing. */
export const lookAtAuthorizationRoute = defineRoute({
  name: 'look-at-authorization',
  method: 'GET',
  path: '/oauth/start',
  function: 'authorize',
  tag: 'Authorization',
  summary: 'The page that starts an authorization, for browsers',
  description:
    'Names the tenant, the connection and the host it will be authorized at. Opened from a page of this vault it goes on at once.',
  querySchema: ticketSchema,
  headerSchema: navigationHeaders,
  responses: RESPONSES,
  async handle(input, ports: AuthorizeFunctionPorts) {
    const ticket = findTicket(input.query.ticket)
    if (ticket === undefined) return deadLinkPage({ kind: 'unknown' }, ports.clock.nowMs())
    const cookie = browserCookie(input.cookies, ports)
    const { headers } = input
    const goesOn = ports.headless || comesFromOurPage(headers)
    if (goesOn && !input.isHead && !isPrefetch(headers)) return goOn(ports, ticket, cookie)
    const seen = await lookAtAuthorization(ports, ticket, cookie.value)
    if (seen.kind !== 'look') return deadLinkPage(seen, ports.clock.nowMs())
    return withCookie(startPage(seen.authorization, ticket, ports.publicUrl), cookie)
  },
})

/** Continue: what the button of that page sends. */
export const continueAuthorizationRoute = defineRoute({
  name: 'continue-authorization',
  method: 'POST',
  path: '/oauth/start',
  function: 'authorize',
  tag: 'Authorization',
  summary: 'Go on to the provider, for browsers',
  description: 'Binds the authorization to the browser it is sent from, which has to be on the page above.',
  headerSchema: navigationHeaders,
  // A person reads what comes of it: parameters that somebody added to the address are no reason for JSON.
  querySchema: z.looseObject({}),
  bodyType: 'form',
  bodySchema: ticketSchema,
  responses: { ...RESPONSES, ...errorResponses(413, 415, 429) },
  async handle(input, ports: AuthorizeFunctionPorts) {
    if (!isOurForm(input.headers, ports.publicUrl)) return foreignFormPage()
    const ticket = findTicket(input.body.ticket)
    if (ticket === undefined) return deadLinkPage({ kind: 'unknown' }, ports.clock.nowMs())
    return goOn(ports, ticket, browserCookie(input.cookies, ports))
  },
})

async function goOn(
  ports: AuthorizeFunctionPorts,
  ticket: SecretText,
  cookie: BrowserCookie,
): Promise<Answer> {
  const continued: Continued = await continueAuthorization(ports, ticket, cookie.value)
  if (continued.kind === 'provider') {
    return withCookie({ status: 303, headers: { location: continued.url.reveal() } }, cookie)
  }
  if (continued.kind === 'look') {
    return withCookie(startPage(continued.authorization, ticket, ports.publicUrl), cookie)
  }
  return deadLinkPage(continued, ports.clock.nowMs())
}

function withCookie(answer: Answer, { setCookie }: BrowserCookie): Answer {
  return { ...answer, cookies: [setCookie] }
}
