import { accountLabel } from '../../domain/account.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { MAIN_GRANT, NO_REFRESH_TOKEN } from '../../domain/grant.ts'
import { shownCode, shownDescription } from '../../domain/provider-words.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { ExchangeRequest, ExchangeResult, GrantRunner } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Authorization, AuthorizationEnd } from '../../rows/authorization-row.ts'
import { advance, authorizationIdOf, findAuthorization } from './authorization.ts'
import { endOf, OUTCOME_UNKNOWN } from './authorization-end.ts'

/** What the provider sent the browser back with (RFC 6749 §4.1.2), and where to. */
export interface CallbackInput {
  readonly callbackUrl: string
  readonly state: SecretText | undefined
  readonly code: SecretText | undefined
  readonly error: string | undefined
  readonly issuer: string | undefined
  /** The cookie of the browser, if it has one. */
  readonly browser: SecretText | undefined
  /** What else the provider sent along, by name (QuickBooks' `realmId`). */
  readonly callback?: Readonly<Record<string, string>>
}

/**
 * `unknown`: made up, forgotten, or at another address than its own; telling them apart helps an attacker only ·
 * `elsewhere`: this browser did not begin it · `waiting`: its code is being exchanged still · `ended`: for good.
 */
export type Finished =
  | { readonly kind: 'unknown' | 'elsewhere' }
  | { readonly kind: 'waiting'; readonly authorization: Authorization }
  | { readonly kind: 'ended'; readonly authorization: Authorization; readonly end: AuthorizationEnd }

type FinishPorts = Pick<Ports, 'items' | 'digester' | 'clock' | 'log'> & {
  grants: Pick<GrantRunner, 'exchange' | 'noteRefusal'>
}

/** Who comes while the code is exchanged waits this long, in all and between two looks. */
const WAIT_MS = 20_000
const LOOK_EVERY_MS = 500

const DECLINED = 'The authorization was declined. Authorize again to connect after all.'
const SIGN_IN =
  'The provider wants somebody to sign in or to agree on its own page, and was asked not to show it. Take prompt out of the authorization parameters, then authorize again.'
const BLOCKED =
  'The provider does not let this OAuth application in. Have an administrator there allow it, then authorize again.'
const REDIRECT =
  'The callback URL is not one of those that are registered for the OAuth application at the provider. Register it there, then authorize again.'
const RESOURCE =
  'The provider does not know the audience or resource that was asked for. Correct it in the setup, then authorize again.'
/**
 * The codes an authorization response may carry, in words: RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6, RFC 8707
 * §2, and what LinkedIn, GitHub, Salesforce, Entra and others say in their place.
 */
const REFUSALS: Readonly<Record<string, string>> = {
  access_denied: DECLINED,
  user_cancelled_login: DECLINED,
  user_cancelled_authorize: DECLINED,
  user_cancelled: DECLINED,
  user_denied: DECLINED,
  login_required: SIGN_IN,
  interaction_required: SIGN_IN,
  consent_required: SIGN_IN,
  account_selection_required: SIGN_IN,
  application_suspended: BLOCKED,
  OAUTH_APP_BLOCKED: BLOCKED,
  OAUTH_APP_ACCESS_DENIED: BLOCKED,
  redirect_uri_mismatch: REDIRECT,
  invalid_redirect_uri: REDIRECT,
  invalid_target: RESOURCE,
  invalid_resource: RESOURCE,
  invalid_scope:
    'The provider does not know one of the scopes that were asked for. Authorize again with others.',
  unauthorized_client:
    'The provider does not allow this OAuth application to authorize. Allow it there, then authorize again.',
  invalid_request:
    'The provider found the request malformed. Compare the OAuth application and its callback URL with what is registered at the provider, then authorize again.',
  unsupported_response_type:
    'The provider does not let this OAuth application authorize by code. Allow it there, then authorize again.',
  server_error: 'The provider failed. Authorize again later.',
  temporarily_unavailable: 'The provider is busy. Authorize again later.',
}
const MIXED_UP: AuthorizationEnd = {
  outcome: 'failed',
  words:
    'The answer did not come from the provider that was asked. Authorize again; if that ends here too, compare the issuer in the setup with the name the provider gives itself.',
  code: 'other_issuer',
}

/**
 * Ends an authorization. Its code is exchanged at most once, by the browser that it is bound to and at the address
 * that its provider knows; the same callback again is answered alike. Never throws for what a browser may bring.
 */
export async function finishAuthorization(ports: FinishPorts, input: CallbackInput): Promise<Finished> {
  if (input.state === undefined) return { kind: 'unknown' }
  const id = await authorizationIdOf(ports, input.state)
  const authorization = await findAuthorization(ports, id)
  if (authorization === undefined || authorization.redirectUri !== input.callbackUrl) {
    return { kind: 'unknown' }
  }
  const browser =
    input.browser === undefined ? undefined : await ports.digester.digest('browser', input.browser)
  if (authorization.browser === undefined || authorization.browser !== browser) return { kind: 'elsewhere' }
  const known = endOf(authorization, ports.clock.nowMs())
  if (known !== undefined) return { kind: 'ended', authorization, end: known }
  if (authorization.phase === 'exchanging') return waitForEnd(ports, authorization)
  const refusal = refusalOf(authorization, input)
  if (refusal !== undefined) return refuse(ports, authorization, { refusal, callback: input.callback })
  const { state, callback, issuer } = input
  return exchange(ports, authorization, {
    state,
    code: input.code!,
    ...(callback === undefined ? {} : { callback }),
    ...(issuer === undefined || authorization.issuer !== undefined ? {} : { seenIssuer: issuer }),
  })
}

/** Why the answer is worth no exchange, or undefined. */
function refusalOf(
  authorization: Authorization,
  { issuer, error, code }: CallbackInput,
): AuthorizationEnd | undefined {
  if (isMixedUp(authorization, issuer)) return MIXED_UP
  if (error === undefined && code !== undefined) return undefined
  const told = shownCode(error ?? '')
  // In words of codes we know; of others as the code that it is: what else is said in a callback is no page's text.
  const words = told !== undefined && Object.hasOwn(REFUSALS, told) ? REFUSALS[told] : undefined
  return {
    outcome: words === DECLINED ? 'denied' : 'failed',
    words: words ?? unknownReason(told),
    ...(told === undefined ? {} : { code: told }),
  }
}

/** A code of one word is shown: it is what people look for at the provider's help. */
function unknownReason(code: string | undefined): string {
  const named = code !== undefined && /^[A-Za-z]\w*$/.test(code) ? ` (${code})` : ''
  return `The provider did not authorize the connection${named}. Authorize it again.`
}

/** Ends it, and tells whoever may read the connection as well; that is no reason to keep the person waiting for long. */
async function refuse(
  ports: FinishPorts,
  authorization: Authorization,
  { refusal, callback }: { refusal: AuthorizationEnd; callback: CallbackInput['callback'] },
): Promise<Finished> {
  const finished = await endWith(ports, authorization, refusal)
  if (finished.kind !== 'ended' || finished.end !== refusal) return finished
  const { tenant, connectionId: id } = authorization
  const description = shownDescription(callback?.['error_description'] ?? '')
  try {
    await ports.grants.noteRefusal({
      ...{ tenant, id, code: refusal.code ?? 'not_authorized', message: refusal.words },
      ...(description === undefined ? {} : { description }),
    })
  } catch (error) {
    ports.log.warn('could not note why an authorization failed', { connection_id: id, ...errorFields(error) })
  }
  return finished
}

/** RFC 9207 §2.4. Where no issuer is known, one that is named has to be of the origin that was asked. */
function isMixedUp({ issuer: expected, providerOrigin }: Authorization, issuer: string | undefined): boolean {
  if (expected !== undefined) return issuer !== expected
  return issuer !== undefined && URL.parse(issuer)?.origin !== providerOrigin
}

async function endWith(
  ports: FinishPorts,
  authorization: Authorization,
  end: AuthorizationEnd,
): Promise<Finished> {
  const isOurs = await advance(ports, authorization, { phase: 'done', end })
  return isOurs ? { kind: 'ended', authorization, end } : waitForEnd(ports, authorization)
}

async function exchange(
  ports: FinishPorts,
  authorization: Authorization,
  answer: Pick<ExchangeRequest, 'state' | 'code' | 'callback' | 'seenIssuer'>,
): Promise<Finished> {
  const exchanging = {
    ...authorization,
    phase: 'exchanging',
    exchangingAtMs: ports.clock.nowMs(),
  } as const
  // Written before the provider is asked: whoever finds it knows that the code may have been used.
  const isOurs = await advance(ports, authorization, {
    phase: 'exchanging',
    exchangingAtMs: exchanging.exchangingAtMs,
  })
  if (!isOurs) return waitForEnd(ports, authorization)
  const { tenant, connectionId, redirectUri, scopes, setupType, oauthAppId } = authorization
  const { expectedAccount, switchAccount } = authorization
  let end: AuthorizationEnd
  try {
    const result = await ports.grants.exchange({
      tenant,
      id: connectionId,
      ...answer,
      redirectUri,
      scopes,
      setupType,
      ...(oauthAppId === undefined ? {} : { oauthAppId }),
      ...(expectedAccount === undefined ? {} : { expectedAccount }),
      ...(switchAccount === undefined ? {} : { switchAccount }),
      ...defined({ actor: authorization.actor }),
    })
    end = endOfExchange(result)
  } catch (error) {
    ports.log.error('an exchange of a code ended without an outcome', {
      connection_id: connectionId,
      ...errorFields(error),
    })
    end = OUTCOME_UNKNOWN
  }
  return endWith(ports, exchanging, end)
}

function endOfExchange(result: ExchangeResult): AuthorizationEnd {
  switch (result.kind) {
    case 'gone':
      return {
        outcome: 'failed',
        words: 'The connection was deleted meanwhile. Restore it in the vault, then authorize it again.',
        code: 'deleted',
      }
    case 'failed':
      return { outcome: 'failed', words: result.failure.message, code: result.failure.code }
    case 'other-account':
      return otherAccount(result)
    case 'connected': {
      const { name, status, statusReason, account } = result.row
      const label = account === undefined ? undefined : accountLabel(account)
      const as = label === undefined ? '' : ` as ${label}`
      const words = `${name} is authorized${as}. Flows can use it now.${untilWhen(result.row)}`
      const who = account === undefined ? {} : { account }
      if (status === 'ready') return { outcome: 'granted', words, ...who }
      const outcome = status === 'degraded' ? 'fewer_scopes' : 'granted'
      return { outcome, words: statusReason === undefined ? words : `${words} ${statusReason}`, ...who }
    }
  }
}

/** What a grant without a refresh token means, while somebody is there who may be able to change that. */
function untilWhen({ grants }: ConnectionRow): string {
  const main = grants?.[MAIN_GRANT]
  const isLast = main?.notes?.includes('no_refresh_token') === true && main.accessExpiresAtMs !== undefined
  return isLast ? ` ${NO_REFRESH_TOKEN}` : ''
}

function otherAccount({
  account,
  expected,
}: Extract<ExchangeResult, { kind: 'other-account' }>): AuthorizationEnd {
  const label = account === undefined ? undefined : accountLabel(account)
  const words =
    label === undefined
      ? `The provider did not say who authorized, and it has to be ${expected}. Nothing was changed: start again without naming an account.`
      : `You signed in as ${label}, and this connection is ${expected}. Nothing was changed: sign in there as ${expected}, or start again and choose the other account.`
  return { outcome: 'other_account', words, ...(account === undefined ? {} : { account }) }
}

/** Who comes second learns what came of the first; it does not send the code again, whatever that is. */
async function waitForEnd(ports: FinishPorts, { id }: Authorization): Promise<Finished> {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const authorization = await findAuthorization(ports, id)
    if (authorization === undefined) return { kind: 'unknown' }
    const end = endOf(authorization, ports.clock.nowMs())
    if (end !== undefined) return { kind: 'ended', authorization, end }
    if (waitedMs >= WAIT_MS) return { kind: 'waiting', authorization }
    await ports.clock.sleep(LOOK_EVERY_MS)
  }
}
