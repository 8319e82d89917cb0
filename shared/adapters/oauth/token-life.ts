import type { ExpiryBasis, GrantNote } from '../../domain/grant.ts'
import type { ExpiryRule, RefreshRule } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import { memberAt, toNumber } from './answer-json.ts'
import { claimsOf } from './jwt-claims.ts'
import { endNames, leftUntilMs, statedEnd } from './stated-ends.ts'

/** Assumed for a garbled life where the profile expects none to be stated; one hour is what most vendors use. */
const FALLBACK_LIFE_MS = 3_600_000
/** Ten years; a refresh token's stated life beyond that says nothing. */
const MAX_REFRESH_LIFE_MS = 10 * 365 * 86_400_000

const ACCESS_ENDS = endNames('(?:access(?:token)?|token)?')
/**
 * Keycloak, Airtable: `refresh_expires_in` · GitHub, LinkedIn, Google, Zendesk: `refresh_token_expires_in` · Intuit:
 * `x_refresh_token_expires_in` · Square: `refresh_token_expires_at` · Alipay: `re_expires_in`.
 */
const REFRESH_ENDS = endNames('x?(?:refresh(?:token)?|rt|re)')

/** How long an access token lives and how that is known. */
export interface TokenLife {
  readonly lifeMs?: number
  readonly expiryBasis: ExpiryBasis
  readonly note?: GrantNote
}

/** What a life is read with. */
export interface LifeFacts {
  /** The instant before the request was sent. */
  readonly nowMs: number
  /** Whether a new access token can be had without a person. */
  readonly renewable: boolean
  readonly accessToken: string
}

/**
 * The access token's life: the earliest end that the answer states, or the token itself when it is a JWT. Where none
 * is stated, or none that makes sense, the profile's figure is assumed; and where nothing would renew the token it
 * may be served until somebody says otherwise. An odd life does not spoil a good answer, which may
 * hold the only copy of a rotated refresh token. A short life is kept however short, because a token is never handed
 * out past its stated end.
 */
export function readTokenLife(answer: JsonObject, rule: ExpiryRule, facts: LifeFacts): TokenLife {
  const { nowMs } = facts
  const end = statedEnd(answer, ACCESS_ENDS, nowMs)
  const zero = end.odd && toNumber(memberAt(answer, 'expires_in')) === 0
  const lives = [end.leftMs, jwtLifeMs(facts.accessToken, nowMs)].filter((ms) => ms !== undefined)
  if (lives.length > 0) return { lifeMs: Math.min(...lives), expiryBasis: 'stated' }
  if (end.saysNever || (zero && rule.zeroMeans === 'never')) return { expiryBasis: 'never' }
  return { ...unstatedLife(rule, facts, end.odd), ...(end.odd ? { note: 'expires_in_unusable' } : {}) }
}

function unstatedLife({ whenAbsent }: ExpiryRule, { renewable }: LifeFacts, isOdd: boolean): TokenLife {
  if (whenAbsent === 'never') {
    if (!isOdd) return { expiryBasis: 'never' }
    return renewable ? { lifeMs: FALLBACK_LIFE_MS, expiryBasis: 'assumed' } : { expiryBasis: 'unknown' }
  }
  if (whenAbsent.onlyIfRenewable === true && !renewable) return { expiryBasis: 'unknown' }
  return { lifeMs: whenAbsent.assumedSeconds * 1000, expiryBasis: 'assumed' }
}

/**
 * What is left of a JWT by its `exp` (RFC 7519 §4.1.4). Whoever issued it has a clock of its own: where ours is
 * ahead, or the token would be dead when it came, its `iat` tells how long it was meant to live.
 */
function jwtLifeMs(token: string, nowMs: number): number | undefined {
  const claims = claimsOf(token)
  const leftMs = leftUntilMs(claims?.['exp'], nowMs)
  if (leftMs === undefined) return undefined
  const issuedMs = leftUntilMs(claims?.['iat'], nowMs)
  const meantMs = issuedMs === undefined ? undefined : leftMs - issuedMs
  const lifeMs = leftMs > 0 ? Math.min(leftMs, meantMs ?? leftMs) : (meantMs ?? 0)
  return lifeMs > 0 ? lifeMs : undefined
}

/** When a JWT that was issued at some time or other ends, in epoch ms; undefined when it is none, or does not say. */
export function jwtEndMs(token: string, nowMs: number): number | undefined {
  const leftMs = leftUntilMs(claimsOf(token)?.['exp'], nowMs)
  return leftMs === undefined ? undefined : nowMs + leftMs
}

/** Where a refresh token's own life is read from. */
export interface RefreshLifeFacts {
  readonly isRefresh: boolean
  readonly nowMs: number
  readonly refreshToken: string | undefined
  /** The object that holds the refresh token and nothing else: what ends in it is that one. */
  readonly own?: JsonObject | undefined
}

/**
 * The refresh token's own life in ms: the earliest stated end, also the `exp` of one that is a JWT (Keycloak's are),
 * else the profile's. An absolute life began with the first grant and does not start again, so a refresh leaves it
 * out and the deadline already known stays.
 */
export function readRefreshLifeMs(
  answer: JsonObject,
  rule: RefreshRule,
  { isRefresh, nowMs, own = {}, refreshToken }: RefreshLifeFacts,
): number | undefined {
  const stated = [
    statedEnd(answer, REFRESH_ENDS, nowMs).leftMs,
    statedEnd(own, ACCESS_ENDS, nowMs).leftMs,
    refreshToken === undefined ? undefined : jwtLifeMs(refreshToken, nowMs),
  ].filter((ms) => ms !== undefined && ms <= MAX_REFRESH_LIFE_MS)
  if (stated.length > 0) return Math.min(...(stated as number[]))
  if (rule.life === undefined || (rule.life.kind === 'absolute' && isRefresh)) return undefined
  return rule.life.seconds * 1000
}
