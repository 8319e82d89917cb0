import * as oauth from 'oauth4webapi'
import { MAIN_GRANT } from '../../domain/grant.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  OAuthClient,
  ProbeOutcome,
  ProbeRequest,
  RevocationOutcome,
  RevocationRequest,
  TokenOutcome,
  TokenRequest,
} from '../../ports/oauth-client.ts'
import type { OutgoingAnswer, OutgoingFetch, OutgoingOutcome } from '../../ports/outgoing-fetch.ts'
import { parseJsonObject } from './answer-json.ts'
import { type BuiltRequest, buildRequest } from './built-request.ts'
import { addMetadata } from './grant-metadata.ts'
import { probeCredential } from './probe.ts'
import type { RenderTemplate } from './render-template.ts'
import { revokeGrant } from './revocation.ts'
import { readGrants } from './token-answer.ts'
import {
  failureOfBareStatus,
  failureOfBody,
  failureOfCall,
  failureOfStatus,
  failureOfUnusableSuccess,
} from './token-failure.ts'
import { type PreparedTokenRequest, prepareTokenRequest } from './token-request.ts'

/** What the client is made of. */
export interface OAuthClientOptions {
  readonly fetch: OutgoingFetch
  readonly render: RenderTemplate
  readonly clock: Clock
}

/**
 * Speaks to providers by their grant profiles. Requests are built by oauth4webapi; answers are read here, because
 * that library's errors carry whole answers, tokens included, and know nothing of the profiles' quirks.
 */
export class OAuth4WebApiClient implements OAuthClient {
  readonly #options: OAuthClientOptions

  constructor(options: OAuthClientOptions) {
    this.#options = options
  }

  async requestToken(request: TokenRequest): Promise<TokenOutcome> {
    const { clock, render } = this.#options
    const startedAtMs = clock.monotonicMs()
    const setup = parseSetup(request.setup)
    const prepared = await prepareTokenRequest(request, setup, { render, nowMs: clock.nowMs() })
    if ('kind' in prepared) return prepared
    const outcome = await this.#send(prepared, request)
    if (outcome.kind !== 'answer') return failureOfCall(outcome)
    const result = readTokenOutcome(outcome, request, prepared.url.host, clock.nowMs())
    if (result.kind !== 'granted') return result
    return addMetadata(result, {
      ...this.#options,
      profile: request.profile,
      setup,
      timeoutMs: request.timeoutMs - (clock.monotonicMs() - startedAtMs),
    })
  }

  revoke(request: RevocationRequest): Promise<RevocationOutcome> {
    return revokeGrant(request, parseSetup(request.setup), this.#options)
  }

  probe(request: ProbeRequest): Promise<ProbeOutcome> {
    return probeCredential(request, this.#options.fetch)
  }

  async #send(prepared: PreparedTokenRequest, request: TokenRequest): Promise<OutgoingOutcome> {
    const { url, client, authentication, grantType, parameters } = prepared
    const server = { issuer: url.origin, token_endpoint: url.href }
    const built = await buildRequest((options) =>
      oauth.genericTokenEndpointRequest(server, client, authentication, grantType, parameters, options),
    )
    if (built === undefined) {
      const message = `${url.host}: the token request could not be built.`
      return { kind: 'not-sent', code: 'invalid_request', message }
    }
    return this.#options.fetch(url, {
      method: 'POST',
      ...encodeBody(request.profile.bodyFormat, built),
      timeoutMs: request.timeoutMs,
      repeatable: !consumes(request),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
  }
}

/** Whether sending the request may use up what it carries. */
function consumes(request: TokenRequest): boolean {
  return request.grant.kind === 'authorization-code' || request.grant.kind === 'refresh-token'
}

function parseSetup(setup: SecretText): JsonObject {
  return JSON.parse(setup.reveal()) as JsonObject
}

function encodeBody(
  format: GrantProfile['bodyFormat'],
  built: BuiltRequest,
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const asJson = format === 'json'
  const contentType = asJson ? 'application/json' : 'application/x-www-form-urlencoded'
  return {
    headers: { ...built.headers, 'content-type': contentType },
    body: asJson ? JSON.stringify(Object.fromEntries(built.body)) : built.body.toString(),
  }
}

function readTokenOutcome(
  answer: OutgoingAnswer,
  request: TokenRequest,
  host: string,
  nowMs: number,
): TokenOutcome {
  const { profile, grant } = request
  const { status } = answer
  const byStatus = failureOfStatus(answer, host, nowMs)
  if (byStatus !== undefined) return byStatus
  const body = parseJsonObject(answer)
  const named = body === undefined ? undefined : failureOfBody(body, profile.answer, { host, status })
  if (named !== undefined) return named
  if (status >= 400) return failureOfBareStatus(host, status)
  const isRefresh = grant.kind === 'refresh-token'
  const read = readGrants(body ?? {}, {
    profile,
    grantName: grant.kind === 'refresh-token' ? grant.grantName : MAIN_GRANT,
    isRefresh,
  })
  if (read.kind === 'usable') return { kind: 'granted', grants: read.grants }
  return failureOfUnusableSuccess({ code: read.code, host, status, consumes: consumes(request) })
}
