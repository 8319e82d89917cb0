import { type GrantNote, MAIN_GRANT } from '../../domain/grant.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import { splitGranted } from '../../domain/granted-scopes.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { isRefreshTokenMember } from '../../domain/refresh-token-member.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { isWordForNothing } from '../../domain/word-for-nothing.ts'
import type { KeptRefreshToken, MintedGrant } from '../../ports/oauth-client.ts'
import { asObject, firstMember, jsonOf, memberAt, pickText } from './answer-json.ts'
import { anyRefreshToken, refreshTokenBeside, tokenHolder, tokenIn } from './answer-shape.ts'
import { readRefreshLifeMs, readTokenLife } from './token-life.ts'
import { readTokenType } from './token-type.ts'

/** RFC 6749 App. A.12: access tokens are visible ASCII and spaces. Anything else could break a header. */
const TOKEN_TEXT = /^[\x20-\x7e]+$/

/** Which grant a token answer is for. */
export interface ExpectedAnswer {
  readonly profile: GrantProfile
  readonly grantName: string
  readonly isRefresh: boolean
  /** The scopes that were asked for. */
  readonly asked: readonly string[]
  /** The instant before the request was sent. */
  readonly nowMs: number
  /** What the browser brought beside the code, for members that come nowhere else (QuickBooks' `realmId`). */
  readonly callback: Readonly<Record<string, string>>
}

/** Why an answer that says "success" is of no use. */
export type UnusableAnswer =
  | { readonly kind: 'unusable'; readonly code: 'no_access_token' | 'unprintable' }
  | { readonly kind: 'unusable'; readonly code: 'unsupported_token_type'; readonly type: string }

/** The grants of an answer, or why it holds none that can be used. */
export type GrantsOfAnswer =
  | { readonly kind: 'usable'; readonly grants: Readonly<Record<string, MintedGrant>> }
  | UnusableAnswer

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
    const holder = hasNested ? answer : tokenHolder(answer)
    const own = readGrant(holder, { scopeMember: 'scope', outer: answer }, expected)
    if (own.kind === 'unusable') return own
    // The answer to a nested grant's refresh has that grant at the top.
    grants[hasNested ? MAIN_GRANT : grantName] = own.grant
  }
  if (quirk !== undefined && hasNested) {
    const second = readGrant(nested, { scopeMember: quirk.scopeMember, outer: answer }, expected)
    if (second.kind === 'unusable') return second
    grants[quirk.name] = second.grant
  }
  return { kind: 'usable', grants }
}

/**
 * The refresh tokens of an answer to a refresh that is otherwise of no use: the one that was sent may be dead by
 * now, and these the only copies of what follows it.
 */
export function keptRefreshTokens(
  answer: JsonObject | undefined,
  body: string,
  expected: ExpectedAnswer & {
    readonly sent: string
    readonly isSuccess: boolean
    readonly isRefusal: boolean
  },
): Readonly<Record<string, KeptRefreshToken>> | undefined {
  const { profile, grantName, nowMs } = expected
  const kept = anyRefreshToken(answer, body, expected)
  // A part of what was sent is a quotation of it.
  if (kept === undefined || expected.sent.includes(kept)) return undefined
  const lifeMs = readRefreshLifeMs(tokenHolder(answer ?? {}), profile.refresh, {
    isRefresh: true,
    nowMs,
    refreshToken: kept,
  })
  return {
    [grantName]: {
      refreshToken: new SecretText(kept),
      ...(lifeMs === undefined ? {} : { refreshLifeMs: lifeMs }),
    },
  }
}

/** `scope` (RFC 6749 §5.1), or what others call it; a nested grant has a name of its own for them. */
function statedScopes(answer: JsonObject, member: string): JsonValue | undefined {
  const own = memberAt(answer, member)
  if (member !== 'scope' || (own !== undefined && own !== null)) return own
  return firstMember(answer, ['scope', 'scopes', 'granted_scopes', 'scopes_granted'])
}

type OneGrant = { readonly kind: 'grant'; readonly grant: MintedGrant } | UnusableAnswer

function readGrant(
  answer: JsonObject,
  place: { readonly scopeMember: string; readonly outer: JsonObject },
  expected: ExpectedAnswer,
): OneGrant {
  const { profile, isRefresh, nowMs } = expected
  const { value: accessToken, own: ends } = tokenIn(answer, 'access_token') ?? {}
  if (typeof accessToken !== 'string' || isWordForNothing(accessToken)) {
    return { kind: 'unusable', code: 'no_access_token' }
  }
  // What stands around it, such as a line end, cannot be part of a header and is none of the token.
  const token = accessToken.trim()
  if (!TOKEN_TEXT.test(token)) return { kind: 'unusable', code: 'unprintable' }
  const type = readTokenType(firstMember(answer, ['token_type']), profile.answer?.tokenTypes)
  if (type.kind === 'refused') {
    return { kind: 'unusable', code: 'unsupported_token_type', type: type.name }
  }

  const beside = profile.answer?.nestedGrant === undefined ? refreshTokenBeside(place.outer) : undefined
  const stated = tokenIn(answer, 'refresh_token') ?? beside
  const refreshToken = refreshText(stated?.value)
  const renewable = refreshToken !== undefined || isRefresh || profile.kind !== 'authorization-code'
  const life = readTokenLife({ ...answer, ...ends }, profile.expiry, {
    nowMs,
    renewable,
    accessToken: token,
  })
  const notes: GrantNote[] = life.note === undefined ? [] : [life.note]
  if (!isNothing(stated?.value) && refreshToken === undefined) notes.push('refresh_token_unusable')
  else if (!renewable && life.expiryBasis !== 'never') notes.push('no_refresh_token')
  if (type.kind === 'unknown') notes.push('token_type_unknown')
  const scopes = profile.answer?.scopesUnstated
    ? undefined
    : readScopes(statedScopes(answer, place.scopeMember), expected.asked)
  const own = stated?.own
  const refreshLifeMs = readRefreshLifeMs(answer, profile.refresh, { isRefresh, nowMs, own, refreshToken })
  const grant: MintedGrant = {
    accessToken: new SecretText(token),
    ...(refreshToken === undefined ? {} : { refreshToken: new SecretText(refreshToken) }),
    ...(life.lifeMs === undefined ? {} : { lifeMs: life.lifeMs }),
    expiryBasis: life.expiryBasis,
    ...(refreshLifeMs === undefined ? {} : { refreshLifeMs }),
    ...(scopes === undefined ? {} : { scopes }),
    extra: namedMembers([expected.callback, place.outer, answer], profile, refreshToken),
    ...(notes.length === 0 ? {} : { notes }),
  }
  return { kind: 'grant', grant }
}

/** What flows get beside the token: never a refresh token, by whatever name a setup asks for it. */
function namedMembers(
  sources: readonly JsonObject[],
  profile: GrantProfile,
  refreshToken: string | undefined,
): Record<string, string> {
  const names = (profile.answer?.extra ?? []).filter((name) => !isRefreshTokenMember(name))
  const found = sources.flatMap((source) => Object.entries(pickText(source, names)))
  return Object.fromEntries(found.filter(([, text]) => text.trim() !== refreshToken))
}

/**
 * A refresh token goes back in a form, which carries any text: none is refused for its characters. A line end
 * around it is no part of it, as RFC 6749 App. A.17 knows no such character.
 */
function refreshText(value: JsonValue | undefined): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || isNothing(text)) return undefined
  return TOKEN_TEXT.test(text) ? text : text.trim()
}

function isNothing(value: JsonValue | undefined): boolean {
  return typeof value === 'object' ? value === null : isWordForNothing(String(value ?? ''))
}

/**
 * Undefined when the answer is silent, which means as asked (RFC 6749 §5.1). Some send a list in place of text, of
 * names or of objects that have one, some an object of flags.
 */
function readScopes(value: JsonValue | undefined, asked: readonly string[]): string[] | undefined {
  const text = typeof value === 'string' ? value.trim().replace(/^"(.*)"$/s, '$1') : undefined
  if (text !== undefined && isWordForNothing(text)) return undefined
  const inside = text?.startsWith('[') ? jsonOf(text) : undefined
  const names = inside === undefined ? (text ?? scopeNames(value)) : scopeNames(inside)
  if (names === undefined) return undefined
  const scopes = splitGranted(names, asked)
  return scopes.length === 0 ? undefined : scopes
}

function scopeNames(value: JsonValue | undefined): string | undefined {
  if (Array.isArray(value)) {
    const each = (value as JsonValue[]).map((one) =>
      typeof one === 'string' ? one : firstMember(asObject(one) ?? {}, ['scope', 'name', 'id', 'permission']),
    )
    return each.filter((name) => typeof name === 'string').join(' ')
  }
  const flags = Object.entries(asObject(value) ?? {}).filter(([, flag]) => typeof flag === 'boolean')
  if (flags.length === 0) return undefined
  return flags.flatMap(([name, isGranted]) => (isGranted === true ? [name] : [])).join(' ')
}
