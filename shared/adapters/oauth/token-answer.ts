import { type GrantNote, MAIN_GRANT } from '../../domain/grant.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { MintedGrant } from '../../ports/oauth-client.ts'
import { asObject, memberAt, pickText } from './answer-json.ts'
import { readRefreshLifeMs, readTokenLife } from './token-life.ts'

/** RFC 6749 App. A.12 and A.17: tokens are visible ASCII and spaces. Anything else could break a header. */
const TOKEN_TEXT = /^[\x20-\x7e]+$/
/** RFC 6750. */
const BEARER = 'bearer'

/** Which grant a token answer is for. */
export interface ExpectedAnswer {
  readonly profile: GrantProfile
  readonly grantName: string
  readonly isRefresh: boolean
}

/** The grants of an answer, or why it holds none that can be used. */
export type GrantsOfAnswer =
  | { readonly kind: 'usable'; readonly grants: Readonly<Record<string, MintedGrant>> }
  | { readonly kind: 'unusable'; readonly code: 'invalid_answer' | 'unsupported_token_type' }

/**
 * Reads a successful token answer (RFC 6749 §5.1) by the profile's rules. Only what passes is returned, so nothing
 * garbled can replace what is stored.
 */
export function readGrants(answer: JsonObject, expected: ExpectedAnswer): GrantsOfAnswer {
  const { profile, grantName } = expected
  const quirk = profile.answer?.nestedGrant
  const nested = quirk === undefined ? undefined : asObject(memberAt(answer, quirk.member))
  const hasNested = nested !== undefined && memberAt(nested, 'access_token') !== undefined
  const grants: Record<string, MintedGrant> = {}

  // A bundle may consist of the nested grant alone: Slack answers so when only user scopes were asked for.
  if (!hasNested || memberAt(answer, 'access_token') !== undefined) {
    const own = readGrant(answer, 'scope', expected)
    if (own.kind === 'unusable') return own
    // The answer to a nested grant's refresh has that grant at the top.
    grants[hasNested ? MAIN_GRANT : grantName] = own.grant
  }
  if (quirk !== undefined && hasNested) {
    const second = readGrant(nested, quirk.scopeMember, expected)
    if (second.kind === 'unusable') return second
    grants[quirk.name] = { ...second.grant, extra: pickText(answer, profile.answer?.extra ?? []) }
  }
  return { kind: 'usable', grants }
}

type OneGrant =
  | { readonly kind: 'grant'; readonly grant: MintedGrant }
  | Extract<GrantsOfAnswer, { kind: 'unusable' }>

function readGrant(answer: JsonObject, scopeMember: string, expected: ExpectedAnswer): OneGrant {
  const { profile } = expected
  const accessToken = tokenText(memberAt(answer, 'access_token'))
  if (accessToken === undefined) return { kind: 'unusable', code: 'invalid_answer' }
  if (!hasKnownTokenType(answer, profile)) return { kind: 'unusable', code: 'unsupported_token_type' }

  const life = readTokenLife(answer, profile.expiry)
  const refreshMember = memberAt(answer, 'refresh_token') ?? ''
  const refreshToken = tokenText(refreshMember)
  const notes: GrantNote[] = life.note === undefined ? [] : [life.note]
  if (refreshMember !== '' && refreshToken === undefined) notes.push('refresh_token_unusable')
  const scopes = profile.answer?.scopesUnstated
    ? undefined
    : readScopes(memberAt(answer, scopeMember), profile.scopes.separator)
  const refreshLifeMs = readRefreshLifeMs(answer, profile.refresh, expected.isRefresh)
  const grant: MintedGrant = {
    accessToken,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(life.lifeMs === undefined ? {} : { lifeMs: life.lifeMs }),
    expiryBasis: life.expiryBasis,
    ...(refreshLifeMs === undefined ? {} : { refreshLifeMs }),
    ...(scopes === undefined ? {} : { scopes }),
    extra: pickText(answer, profile.answer?.extra ?? []),
    ...(notes.length === 0 ? {} : { notes }),
  }
  return { kind: 'grant', grant }
}

function tokenText(value: JsonValue | undefined): SecretText | undefined {
  return typeof value === 'string' && TOKEN_TEXT.test(value) ? new SecretText(value) : undefined
}

function hasKnownTokenType(answer: JsonObject, profile: GrantProfile): boolean {
  const type = memberAt(answer, 'token_type')
  if (type === undefined || type === null) return profile.answer?.tokenTypeMayBeAbsent === true
  if (typeof type !== 'string') return false
  const name = type.toLowerCase()
  return name === BEARER || (profile.answer?.tokenTypes ?? []).includes(name)
}

/** Undefined when the answer is silent, which means as asked (RFC 6749 §5.1). Some send a list in place of text. */
function readScopes(value: JsonValue | undefined, separator: ' ' | ','): string[] | undefined {
  const text = Array.isArray(value) ? value.join(' ') : value
  if (typeof text !== 'string') return undefined
  const scopes = text.split(separator === ',' ? /[\s,]+/ : /\s+/).filter((scope) => scope !== '')
  return scopes.length === 0 ? undefined : [...new Set(scopes)]
}
