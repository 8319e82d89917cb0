import type { GrantNote } from '../../domain/grant.ts'
import type { ExpiryRule, RefreshRule } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { MintedGrant } from '../../ports/oauth-client.ts'
import { memberAt, toNumber } from './answer-json.ts'

/** Longer lives are not believed: no vendor states one, and an epoch in place of a duration is far beyond it. */
const MAX_STATED_LIFE_MS = 400 * 86_400_000
/** Assumed for a garbled life where the profile expects none to be stated; one hour is what most vendors use. */
const FALLBACK_LIFE_MS = 3_600_000
/** Ten years; a refresh token's stated life beyond that says nothing. */
const MAX_REFRESH_LIFE_SECONDS = 10 * 365 * 86_400

/** How long an access token lives and how that is known. */
export type TokenLife = Pick<MintedGrant, 'lifeMs' | 'expiryBasis'> & { readonly note?: GrantNote }

/**
 * The access token's life from `expires_in` (RFC 6749 §5.1). A life that makes no sense does not spoil an otherwise
 * good answer, which may hold the only copy of a rotated refresh token: the profile's figure is assumed instead. A
 * short life is kept however short, because a token is never handed out past its stated end.
 */
export function readTokenLife(answer: JsonObject, rule: ExpiryRule): TokenLife {
  const stated = memberAt(answer, 'expires_in')
  if (stated === undefined || stated === null) {
    if (rule.whenAbsent === 'never') return { expiryBasis: 'never' }
    return { lifeMs: rule.whenAbsent.assumedSeconds * 1000, expiryBasis: 'assumed' }
  }
  const number = toNumber(stated)
  if (number === 0 && rule.zeroMeans === 'never') return { expiryBasis: 'never' }
  const lifeMs = number === undefined ? 0 : Math.floor(number * (rule.unit === 'seconds' ? 1000 : 1))
  if (lifeMs > 0 && lifeMs <= MAX_STATED_LIFE_MS) return { lifeMs, expiryBasis: 'stated' }
  const assumedMs = rule.whenAbsent === 'never' ? FALLBACK_LIFE_MS : rule.whenAbsent.assumedSeconds * 1000
  return { lifeMs: assumedMs, expiryBasis: 'assumed', note: 'expires_in_unusable' }
}

/**
 * The refresh token's own life in ms: the stated one, else the profile's. An absolute life began with the first
 * grant and does not start again, so a refresh leaves it out and the deadline already known stays.
 */
export function readRefreshLifeMs(
  answer: JsonObject,
  rule: RefreshRule,
  isRefresh: boolean,
): number | undefined {
  const stated = rule.lifeMember === undefined ? undefined : toNumber(memberAt(answer, rule.lifeMember))
  if (stated !== undefined && stated > 0 && stated <= MAX_REFRESH_LIFE_SECONDS) {
    return Math.floor(stated * 1000)
  }
  if (rule.life === undefined || (rule.life.kind === 'absolute' && isRefresh)) return undefined
  return rule.life.seconds * 1000
}
