import type { Account } from '../../domain/account.ts'
import { namedMembers } from '../../domain/chosen-profile.ts'
import { defined } from '../../domain/defined.ts'
import type { GrantPointer, GrantState } from '../../domain/grant.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import { PROVIDER_TIMEOUT_MS } from '../../domain/rotation-policy.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { FailureTold } from '../../ports/grant-runner.ts'
import type { ClientIdentity, TokenFailure, TokenOutcome, TokenRequest } from '../../ports/oauth-client.ts'
import type { ApplicationClient } from '../oauth-applications/oauth-application.ts'
import { failureOf } from './failure.ts'
import type { GrantPorts } from './grant-ports.ts'
import { type KeptGrant, mergeGrant, scopesToAsk, withRefreshToken } from './grant-records.ts'
import type { AnswerSeals, TokensByName } from './sealed-tokens.ts'

/** How a new access token is asked for. */
export type Way = TokenRequest['grant']

/** One token request, with all that its answer is merged over. */
export interface Question {
  readonly tenant: string
  readonly profile: GrantProfile
  /** The setup's values. */
  readonly setup: JsonObject
  readonly application: ApplicationClient & { readonly oauthAppId?: string }
  readonly way: Way
  readonly askedScopes: readonly string[]
  /** What the answer will be sealed into: nothing may be missing once it is there. */
  readonly seals: AnswerSeals
  /** What is held already; of a bundle, the grants that the answer leaves out are kept. */
  readonly old: {
    readonly pointer?: GrantPointer | undefined
    readonly tokens: TokensByName
    readonly states: Readonly<Record<string, GrantState>>
  }
  /** A browser waits for the one answer that a code is good for. */
  readonly once?: true
}

/** What an answer brought, laid over what was held. */
export interface Brought {
  readonly tokens: TokensByName
  readonly states: Readonly<Record<string, GrantState>>
  /** The grants that are new; of a bundle perhaps not all. */
  readonly names: readonly string[]
  readonly oauthAppId?: string
}

/** A provider's good answer. */
export interface Granted extends Brought {
  readonly kind: 'granted'
  /** Who authorized, where the provider says so. */
  readonly account?: Account
}

/** What came of a question: grants, or a failure in words with the answer that it is made of. */
export type Answer =
  | Granted
  | {
      readonly kind: 'failed'
      readonly failure: FailureTold
      readonly outcome: TokenFailure
      /** New refresh tokens of an answer that was otherwise of no use, which may be the only copies. */
      readonly kept?: Brought
    }

/**
 * Asks a provider once, for a renewal, a first grant and an exchange alike. Whoever asks has the permission to, and
 * keeps the answer before anything else. A client that is refused is tried once more with the secret it had before,
 * where that is young enough, in what is left of the same permission. Throws nothing for what a provider does.
 */
export async function askProvider(ports: AskingPorts, question: Question): Promise<Answer> {
  const { application, once, profile, way } = question
  const budget = budgetFrom(ports.clock)
  const first = await askAs(ports, question, {
    client: application.client,
    values: question.setup,
    timeoutMs: PROVIDER_TIMEOUT_MS,
  })
  const { outcome, issuedAtMs } = await askAsBefore(ports, question, { asked: first, budget })
  if (outcome.kind === 'granted') {
    const brought = mergeAnswer(question, outcome, issuedAtMs)
    return { kind: 'granted', ...brought, ...defined({ account: outcome.account }) }
  }
  const asked = { way: way.kind, kind: profile.kind, client: profile.client.from }
  const told = failureOf(outcome, { ...asked, ...defined({ once }) })
  const failure = { ...told, application: application.stateName }
  return { kind: 'failed', failure, outcome, ...defined({ kept: keptOf(question, outcome, issuedAtMs) }) }
}

type AskingPorts = Pick<GrantPorts, 'oauth' | 'clock' | 'log'>

interface Asked {
  readonly outcome: TokenOutcome
  readonly issuedAtMs: number
}

async function askAs(
  ports: AskingPorts,
  { askedScopes, profile, tenant, way }: Question,
  as: { readonly client: ClientIdentity; readonly values: JsonObject; readonly timeoutMs: number },
): Promise<Asked> {
  // A token's life counts from before the request, or a slow answer would make it look longer than it is.
  const issuedAtMs = ports.clock.nowMs()
  const outcome = await ports.oauth.requestToken({
    tenant,
    profile,
    setup: new SecretText(JSON.stringify(as.values)),
    client: as.client,
    grant: way,
    scopes: askedScopes,
    timeoutMs: as.timeoutMs,
  })
  return { outcome, issuedAtMs }
}

/**
 * A refused client used up nothing: authentication fails before a grant is looked at (RFC 6749 §5.2). So the same is
 * asked with the secret before, which the provider may still know as the only one; what it says of that counts, but
 * for another refusal of the client.
 */
async function askAsBefore(
  ports: AskingPorts,
  question: Question,
  { asked, budget }: { asked: Asked; budget: () => number },
): Promise<Asked> {
  const { previous } = question.application
  if (asked.outcome.kind !== 'app-broken' || previous === undefined) return asked
  if (ports.clock.nowMs() >= previous.untilMs) return asked
  const before = await openQuietly(ports, previous)
  const timeoutMs = budget()
  if (before === undefined || timeoutMs <= 0) return asked
  const again = await askAs(ports, question, { ...before, timeoutMs })
  return again.outcome.kind === 'app-broken' ? asked : again
}

/** What is left of the time that a permission allows all its requests together, by the faster of both clocks. */
function budgetFrom(clock: GrantPorts['clock']): () => number {
  const wallMs = clock.nowMs()
  const monotonicMs = clock.monotonicMs()
  return () => PROVIDER_TIMEOUT_MS - Math.max(clock.nowMs() - wallMs, clock.monotonicMs() - monotonicMs)
}

async function openQuietly(
  ports: AskingPorts,
  previous: NonNullable<ApplicationClient['previous']>,
): Promise<Awaited<ReturnType<typeof previous.open>> | undefined> {
  try {
    return await previous.open()
  } catch (error) {
    ports.log.warn('the client secret before the newest could not be opened', errorFields(error))
    return undefined
  }
}

function mergeAnswer(
  question: Question,
  outcome: Extract<TokenOutcome, { kind: 'granted' }>,
  issuedAtMs: number,
): Brought {
  const { askedScopes, old, profile, seals, setup } = question
  const fresh = Object.entries(outcome.grants).map(([name, minted]): [string, KeptGrant] => {
    const before = defined({ tokens: old.tokens[name], state: old.states[name] })
    // What the setup names is the person's own grant's.
    const named = name === MAIN_GRANT ? namedMembers(profile, setup) : []
    return [name, mergeGrant(before, minted, { profile, issuedAtMs, askedScopes, mark: seals.mark, named })]
  })
  return layOver(question, fresh)
}

/** The grants as they were, with new refresh tokens: the ones that were sent are those that a resend would send. */
function keptOf(question: Question, { kept = {} }: TokenFailure, issuedAtMs: number): Brought | undefined {
  const { old, profile, seals } = question
  const about = { profile, issuedAtMs, mark: seals.mark }
  const fresh = Object.entries(kept).flatMap(([name, token]): [string, KeptGrant][] => {
    const [tokens, state] = [old.tokens[name], old.states[name]]
    return tokens && state ? [[name, withRefreshToken({ tokens, state }, token, about)]] : []
  })
  return fresh.length === 0 ? undefined : layOver(question, fresh)
}

function layOver(
  { application: { oauthAppId }, old }: Question,
  fresh: readonly (readonly [string, KeptGrant])[],
): Brought {
  const tokens = fresh.map(([name, grant]) => [name, grant.tokens] as const)
  const states = fresh.map(([name, grant]) => [name, grant.state] as const)
  return {
    tokens: { ...old.tokens, ...Object.fromEntries(tokens) },
    states: { ...old.states, ...Object.fromEntries(states) },
    names: fresh.map(([name]) => name),
    ...defined({ oauthAppId }),
  }
}

/** Nothing is held yet. */
export const NOTHING_HELD: Question['old'] = { tokens: {}, states: {} }

/**
 * How the named grant can be had: by its refresh token, by what the setup itself holds, or by a code that waits in it.
 * Undefined where only a person can bring a new one.
 */
export function wayFor(
  profile: GrantProfile,
  setup: JsonObject,
  { grantName = MAIN_GRANT, old = NOTHING_HELD }: { grantName?: string; old?: Question['old'] } = {},
): Way | undefined {
  const held = old.tokens[grantName]
  if (held?.refresh_token !== undefined) {
    const refreshToken = new SecretText(held.refresh_token)
    const { grantedScopes: granted } = old.states[grantName] ?? {}
    return { kind: 'refresh-token', refreshToken, grantName, extra: held.extra, ...defined({ granted }) }
  }
  if (profile.kind !== 'authorization-code') return { kind: profile.kind }
  const { code, redirect_uri: redirectUri, code_verifier: codeVerifier } = setup
  if (Object.keys(old.states).length > 0 || typeof code !== 'string') return undefined
  return {
    kind: 'authorization-code',
    code: new SecretText(code),
    ...(typeof redirectUri === 'string' ? { redirectUri } : {}),
    ...(typeof codeVerifier === 'string' ? { codeVerifier: new SecretText(codeVerifier) } : {}),
    scopes: scopesToAsk(profile, setup),
  }
}
