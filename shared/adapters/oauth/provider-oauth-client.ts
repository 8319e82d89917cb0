import * as oauth from 'oauth4webapi'
import { mergedAccount } from '../../domain/account.ts'
import { chosenProfile } from '../../domain/chosen-profile.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  ImportToRead,
  OAuthClient,
  ProbeOutcome,
  ProbeRequest,
  ReadImport,
  RevocationOutcome,
  RevocationRequest,
  TokenOutcome,
  TokenRequest,
} from '../../ports/oauth-client.ts'
import type { OutgoingAnswer, OutgoingFetch, OutgoingOutcome } from '../../ports/outgoing-fetch.ts'
import type { Random } from '../../ports/random.ts'
import { isReadable, readAnswerMembers } from './answer-shape.ts'
import { type BuiltRequest, buildRequest } from './built-request.ts'
import { accountOfAnswer, fetchAccount } from './grant-account.ts'
import { addMetadata } from './grant-metadata.ts'
import { readImportedTokens } from './imported-tokens.ts'
import { probeCredential } from './probe.ts'
import type { RenderTemplate } from './render-template.ts'
import { revokeGrant } from './revocation.ts'
import { keptRefreshTokens, readGrants } from './token-answer.ts'
import {
  type AnswerToJudge,
  failureOfAnswer,
  failureOfCall,
  failureOfUnusableSuccess,
} from './token-failure.ts'
import { type PreparedTokenRequest, prepareTokenRequest } from './token-request.ts'

/** Whoever authorizes is waiting, and only a name depends on it. */
const IDENTITY_TIMEOUT_MS = 5_000

/** What the client is made of. */
export interface OAuthClientOptions {
  readonly fetch: OutgoingFetch
  readonly render: RenderTemplate
  readonly clock: Clock
  readonly random: Random
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

  async requestToken(asked: TokenRequest): Promise<TokenOutcome> {
    const { clock, random, render } = this.#options
    const startedAtMs = clock.monotonicMs()
    const nowMs = clock.nowMs()
    const setup = parseSetup(asked.setup)
    const request = { ...asked, profile: chosenProfile(asked.profile, setup) }
    const prepared = await prepareTokenRequest(request, setup, { render, nowMs, random })
    if ('kind' in prepared) return prepared
    const outcome = await this.#send(prepared, request)
    if (outcome.kind !== 'answer') return failureOfCall(outcome)
    const result = readTokenOutcome(outcome, request, { host: prepared.url.host, nowMs })
    if (result.kind !== 'granted') return result
    const context = { ...this.#options, tenant: request.tenant, profile: request.profile, setup }
    const leftMs = () => request.timeoutMs - (clock.monotonicMs() - startedAtMs)
    const completed = await addMetadata(result, { ...context, timeoutMs: leftMs() })
    if (request.grant.kind !== 'authorization-code') return completed
    const timeoutMs = Math.min(leftMs(), IDENTITY_TIMEOUT_MS)
    const main = completed.grants[MAIN_GRANT]
    const account = mergedAccount(result.account, await fetchAccount(main, { ...context, timeoutMs }))
    return account === undefined ? completed : { ...completed, account }
  }

  readImport(asked: ImportToRead): Promise<ReadImport> {
    const { clock } = this.#options
    const startedAtMs = clock.monotonicMs()
    const setup = parseSetup(asked.setup)
    return readImportedTokens(asked.grant, {
      ...this.#options,
      tenant: asked.tenant,
      profile: chosenProfile(asked.profile, setup),
      setup,
      nowMs: clock.nowMs(),
      leftMs: () => asked.timeoutMs - (clock.monotonicMs() - startedAtMs),
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
      tenant: request.tenant,
      method: 'POST',
      ...encodeBody(request.profile, built),
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
  { bodyFormat, clientIdParameter = 'client_id' }: GrantProfile,
  built: BuiltRequest,
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const asJson = bodyFormat === 'json'
  const parameters = new URLSearchParams()
  for (const [name, value] of built.body) {
    parameters.append(name === 'client_id' ? clientIdParameter : name, value)
  }
  const contentType = asJson ? 'application/json' : 'application/x-www-form-urlencoded'
  return {
    headers: { ...built.headers, 'content-type': contentType },
    body: asJson ? JSON.stringify(Object.fromEntries(parameters)) : parameters.toString(),
  }
}

function readTokenOutcome(
  answer: OutgoingAnswer,
  request: TokenRequest,
  asked: { readonly host: string; readonly nowMs: number },
): TokenOutcome {
  const { profile, grant } = request
  const body = readAnswerMembers(answer)
  const expected = {
    profile,
    grantName: grant.kind === 'refresh-token' ? grant.grantName : MAIN_GRANT,
    isRefresh: grant.kind === 'refresh-token',
    asked: request.scopes,
    nowMs: asked.nowMs,
    callback: (grant.kind === 'authorization-code' ? grant.callback : undefined) ?? {},
  }
  const judged: AnswerToJudge = {
    answer,
    body,
    quirks: profile.answer,
    host: asked.host,
    nowMs: asked.nowMs,
    secrets: secretsOf(request),
  }
  const failure = failureOfAnswer(judged)
  const read = failure === undefined ? readGrants(body ?? {}, expected) : undefined
  if (read?.kind === 'usable') {
    const account = grant.kind === 'authorization-code' ? accountOfAnswer(body ?? {}) : undefined
    return { kind: 'granted', grants: read.grants, ...(account === undefined ? {} : { account }) }
  }
  const isMute = body === undefined && !isReadable(answer)
  const told =
    failure ?? failureOfUnusableSuccess(judged, isMute ? { code: 'unreadable' } : read!, consumes(request))
  if (grant.kind !== 'refresh-token') return told
  const sent = grant.refreshToken.reveal()
  const how = { isSuccess: answer.status < 300, isRefusal: failure !== undefined }
  const kept = keptRefreshTokens(body, answer.body.reveal(), { ...expected, ...how, sent })
  return kept === undefined ? told : { ...told, kept }
}

/** What the request carried, so that a provider that repeats it is not quoted with it. */
function secretsOf({ client, grant }: TokenRequest): string[] {
  const carried = [
    client?.secret,
    grant.kind === 'refresh-token' ? grant.refreshToken : undefined,
    grant.kind === 'authorization-code' ? grant.code : undefined,
    grant.kind === 'authorization-code' ? grant.codeVerifier : undefined,
  ]
  return carried.filter((secret) => secret !== undefined).map((secret) => secret.reveal())
}
