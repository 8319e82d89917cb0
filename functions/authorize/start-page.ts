import type { SecretText } from '../../shared/domain/secret-text.ts'
import type { Authorization } from '../../shared/rows/authorization-row.ts'
import { endOf } from '../../shared/use-cases/authorize/authorization-end.ts'
import type { Continued } from '../../shared/use-cases/authorize/continue-authorization.ts'
import type { Answer } from '../route.ts'
import { markup, page } from './page.ts'

/** Our own form has to name its origin to us, and nobody else is told the address, which holds the ticket. */
const HEADERS = { 'referrer-policy': 'same-origin' }

/** What a link shows before anything happens: who asks for what, where, and a button. */
export function startPage(authorization: Authorization, ticket: SecretText, publicUrl: string): Answer {
  const { tenant, connectionName, appLabel, providerOrigin, tokenOrigin, scopes } = authorization
  const host = hostOf(providerOrigin)
  const paragraphs = [
    markup`<b>${tenant}</b> asks you to let its connection <b>${connectionName}</b> (${appLabel}) act for you at <b>${host}</b>.`,
    ...(scopes.length === 0 ? [] : [markup`It asks for: ${scopes.join(', ')}.`]),
    ...(tokenOrigin === undefined
      ? []
      : [
          markup`What you allow there is handed to <b>${hostOf(tokenOrigin)}</b>, which is another site. Go on only if you know why.`,
        ]),
    'Go on only if you, or somebody you work with, started this.',
  ]
  const form = markup`<form method="post" action="${publicUrl}/oauth/start"><input type="hidden" name="ticket" value="${ticket.reveal()}"><button>Continue to ${host}</button></form>`
  // The provider may hand a person on from host to host, and a browser holds every one of them to this list.
  const formTo = ["'self'", 'https:', ...(providerOrigin.startsWith('http:') ? [providerOrigin] : [])]
  return page({ status: 200, title: `Connect ${connectionName}`, paragraphs, form, formTo, headers: HEADERS })
}

const USED =
  'This link was used already. Look at the connection in the vault; start again there if it is not connected.'

/** Why a link leads nowhere. */
export function deadLinkPage(
  continued: Exclude<Continued, { kind: 'look' | 'provider' }>,
  nowMs: number,
): Answer {
  const close = 'Start it again from the vault. You can close this window.'
  switch (continued.kind) {
    case 'unknown':
      return refusal(['This link has expired or is not one of ours.', close])
    case 'elsewhere':
      return refusal([
        'This authorization was started elsewhere: in another browser, or by somebody else.',
        close,
      ])
    case 'failed':
      return refusal([continued.words, 'You can close this window.'])
    case 'over': {
      const end = endOf(continued.authorization, nowMs)
      const words = end?.outcome === 'expired' ? end.words : USED
      return refusal([words, 'You can close this window.'])
    }
  }
}

/** The form was not sent by our own page: nothing was begun by it. */
export function foreignFormPage(): Answer {
  return refusal([
    'Another site tried to go on with this authorization for you, or your browser hides where it comes from.',
    'Open the link itself, and press Continue there.',
  ])
}

function refusal(paragraphs: readonly string[]): Answer {
  return page({ status: 400, title: 'Not connected', paragraphs })
}

function hostOf(origin: string): string {
  return new URL(origin).host
}
