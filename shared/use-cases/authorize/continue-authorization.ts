import type { SecretText } from '../../domain/secret-text.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Authorization } from '../../rows/authorization-row.ts'
import { advance, authorizationIdOf, findAuthorization, stateOfTicket } from './authorization.ts'

export type ContinuePorts = Pick<Ports, 'items' | 'digester' | 'clock'> & {
  readonly grants: Pick<GrantRunner, 'authorizationUrl'>
}

/**
 * What to show who opens the link: `look` the page that asks, `elsewhere` another browser went on with it, `over` it
 * has ended or expired, `unknown` there is no such link, `failed` it cannot go on, in words, `provider` off to there.
 */
export type Continued =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'look'; readonly authorization: Authorization }
  | { readonly kind: 'elsewhere' | 'over'; readonly authorization: Authorization }
  | { readonly kind: 'failed'; readonly words: string }
  | { readonly kind: 'provider'; readonly url: SecretText }

/** Looks at a link and changes nothing. `browser` is the cookie of whoever opens it. */
export async function lookAtAuthorization(
  ports: Pick<ContinuePorts, 'items' | 'digester' | 'clock'>,
  ticket: SecretText,
  browser: SecretText,
): Promise<Exclude<Continued, { kind: 'provider' | 'failed' }>> {
  const id = await authorizationIdOf(ports, await stateOfTicket(ports, ticket))
  const authorization = await findAuthorization(ports, id)
  if (authorization === undefined) return { kind: 'unknown' }
  const { phase, expiresAtMs } = authorization
  if (phase === 'done' || phase === 'exchanging' || expiresAtMs <= ports.clock.nowMs()) {
    return { kind: 'over', authorization }
  }
  if (phase === 'bound' && authorization.browser !== (await ports.digester.digest('browser', browser))) {
    return { kind: 'elsewhere', authorization }
  }
  return { kind: 'look', authorization }
}

/**
 * Goes on: binds the authorization to the browser with this cookie, and answers where its provider is asked. The
 * same browser may do so again; what is bound is never bound to another one.
 */
export async function continueAuthorization(
  ports: ContinuePorts,
  ticket: SecretText,
  browser: SecretText,
): Promise<Continued> {
  const seen = await lookAtAuthorization(ports, ticket, browser)
  if (seen.kind !== 'look') return seen
  const { authorization } = seen
  const url = await ports.grants.authorizationUrl({
    tenant: authorization.tenant,
    id: authorization.connectionId,
    setupType: authorization.setupType,
    state: await stateOfTicket(ports, ticket),
    redirectUri: authorization.redirectUri,
    scopes: authorization.scopes,
    ...(authorization.oauthAppId === undefined ? {} : { oauthAppId: authorization.oauthAppId }),
  })
  if (url.kind === 'failed') return { kind: 'failed', words: url.message }
  if (url.providerOrigin !== authorization.providerOrigin || url.tokenOrigin !== authorization.tokenOrigin) {
    return {
      kind: 'failed',
      words:
        'The connection was given another provider since this link was made. Start again from the vault.',
    }
  }
  if (authorization.phase === 'open') {
    const digest = await ports.digester.digest('browser', browser)
    const bound = await advance(ports, authorization, { phase: 'bound', browser: digest })
    // Somebody went on with it in the same moment: this browser, by a double click, or another one.
    if (!bound) return continueAuthorization(ports, ticket, browser)
  }
  return { kind: 'provider', url: url.authorizationUrl }
}
