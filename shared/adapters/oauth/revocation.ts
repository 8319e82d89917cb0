import * as oauth from 'oauth4webapi'
import type { Revocation } from '../../domain/grant-profile.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { Clock } from '../../ports/clock.ts'
import type { RevocationOutcome, RevocationRequest } from '../../ports/oauth-client.ts'
import type { OutgoingAnswer, OutgoingFetch, OutgoingRequest } from '../../ports/outgoing-fetch.ts'
import type { Random } from '../../ports/random.ts'
import { memberAt, parseJsonObject } from './answer-json.ts'
import { readAnswerMembers } from './answer-shape.ts'
import { buildRequest } from './built-request.ts'
import { authenticateClient } from './client-authentication.ts'
import type { RenderTemplate } from './render-template.ts'
import { failureOfAnswer } from './token-failure.ts'

/** What revoking needs from its surroundings. */
export interface RevocationContext {
  readonly fetch: OutgoingFetch
  readonly render: RenderTemplate
  readonly clock: Clock
  readonly random: Random
}

/** A revocation call, filled in, and which answers mean that the grant is gone. */
interface RevocationCall {
  readonly url: string
  readonly request: Pick<OutgoingRequest, 'method' | 'headers' | 'body'>
  readonly isRevoked: (answer: OutgoingAnswer) => boolean
}

/** The call, or a sentence about what is missing. */
type Build = (input: {
  readonly url: string
  readonly token: SecretText
  readonly isRefreshToken: boolean
  readonly request: RevocationRequest
  readonly setup: JsonObject
  readonly context: RevocationContext
}) => RevocationCall | string | Promise<RevocationCall | string>

/**
 * Revokes a grant at its provider, best effort, in the profile's way. A token the provider no longer knows counts as
 * revoked: that is what was wanted.
 */
export async function revokeGrant(
  request: RevocationRequest,
  setup: JsonObject,
  context: RevocationContext,
): Promise<RevocationOutcome> {
  const { revocation } = request.profile
  if (revocation === undefined) return { kind: 'unsupported' }
  const refreshToken = revocation.revokes === 'grant' ? request.refreshToken : undefined
  const token = refreshToken ?? request.accessToken
  if (token === undefined) return { kind: 'unsupported' }
  const url = context.render(revocation.url, setup, { main: { extra: request.extra ?? {} } })
  // An endpoint that is the setup's to give, and that it does not give.
  if (url === undefined) return { kind: 'unsupported' }
  if (URL.parse(url) === null) {
    return { kind: 'failed', message: 'The setup gives no valid revocation endpoint.' }
  }
  const isRefreshToken = refreshToken !== undefined
  const call = await STYLES[revocation.style]({ url, token, isRefreshToken, request, setup, context })
  if (typeof call === 'string') return { kind: 'failed', message: call }
  const outcome = await context.fetch(call.url, {
    tenant: request.tenant,
    ...call.request,
    timeoutMs: request.timeoutMs,
    repeatable: true,
  })
  if (outcome.kind !== 'answer') return { kind: 'failed', message: outcome.message }
  if (call.isRevoked(outcome)) return { kind: 'revoked' }
  const host = new URL(url).host
  return { kind: 'failed', message: `${host}: the grant was not revoked (HTTP ${outcome.status}).` }
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
/** Slack `auth.revoke`: these errors say that the token is dead already. */
const SLACK_DEAD: ReadonlySet<unknown> = new Set(['token_revoked', 'token_expired', 'account_inactive'])

const STYLES: Readonly<Record<Revocation['style'], Build>> = {
  /**
   * RFC 7009 §2: the client authenticates as at the token endpoint; 200 also for a token nobody knows, which some
   * refuse all the same, as they do at the token endpoint.
   */
  async rfc7009({ url, token, isRefreshToken, request, setup, context }) {
    const { clock, random, render } = context
    // The assertion that proves the client is for the authorization server, by its token endpoint's name.
    const tokenUrl = render(request.profile.tokenUrl, setup, { main: { extra: request.extra ?? {} } }) ?? url
    const made = { tokenUrl, nowMs: clock.nowMs(), random }
    const client = authenticateClient(request.profile, setup, request.client, made)
    if ('kind' in client) return client.message
    const server = { issuer: new URL(url).origin, revocation_endpoint: url }
    const hint = { token_type_hint: isRefreshToken ? 'refresh_token' : 'access_token' }
    const built = await buildRequest((options) =>
      oauth.revocationRequest(server, client.client, client.authentication, token.reveal(), {
        ...options,
        additionalParameters: hint,
      }),
    )
    if (built === undefined) return 'The revocation request could not be built.'
    return {
      url,
      request: { method: 'POST', headers: { ...built.headers, ...FORM }, body: built.body.toString() },
      isRevoked(answer) {
        const failure = failureOfAnswer({
          ...{ answer, body: readAnswerMembers(answer), quirks: request.profile.answer, secrets: [] },
          ...{ host: server.issuer, nowMs: made.nowMs },
        })
        return failure === undefined || failure.kind === 'grant-dead'
      },
    }
  },

  /** Google's guide "Using OAuth 2.0 for Web Server Applications": the token alone; 400 for a dead one. */
  google: ({ url, token }) => ({
    url,
    request: formPost({ token: token.reveal() }),
    isRevoked: (answer) => isSuccess(answer) || memberOf(answer, 'error') === 'invalid_token',
  }),

  /** HubSpot's OAuth API: DELETE on the refresh token's own path; 404 once it is gone. */
  'delete-path': ({ url, token, isRefreshToken }) =>
    isRefreshToken
      ? {
          url: `${url.replace(/\/$/, '')}/${encodeURIComponent(token.reveal())}`,
          request: { method: 'DELETE' },
          isRevoked: (answer) => isSuccess(answer) || answer.status === 404,
        }
      : 'There is no refresh token to revoke.',

  /** Slack answers HTTP 200 with a flag. */
  slack: ({ url, token }) => ({
    url,
    request: formPost({}, `Bearer ${token.reveal()}`),
    isRevoked: (answer) => memberOf(answer, 'ok') === true || SLACK_DEAD.has(memberOf(answer, 'error')),
  }),

  /** Stripe's Connect OAuth reference: the secret key as Basic user name; the account's id names the grant. */
  'stripe-deauthorize': ({ url, request }) => {
    const account = request.extra?.['stripe_user_id']
    const secret = request.client?.secret?.reveal()
    if (request.client === undefined || secret === undefined || account === undefined) {
      return 'The account or the client that connected it is not known.'
    }
    const authorization = `Basic ${Buffer.from(`${secret}:`, 'utf8').toString('base64')}`
    return {
      url,
      request: formPost({ client_id: request.client.id, stripe_user_id: account }, authorization),
      isRevoked: isSuccess,
    }
  },
}

function formPost(
  parameters: Readonly<Record<string, string>>,
  authorization?: string,
): RevocationCall['request'] {
  const headers = authorization === undefined ? FORM : { ...FORM, authorization }
  return { method: 'POST', headers, body: new URLSearchParams(parameters).toString() }
}

function isSuccess(answer: OutgoingAnswer): boolean {
  return answer.status >= 200 && answer.status < 300
}

function memberOf(answer: OutgoingAnswer, name: string): JsonValue | undefined {
  return memberAt(parseJsonObject(answer) ?? {}, name)
}
