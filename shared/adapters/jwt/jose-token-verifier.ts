import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { VaultError } from '../../domain/errors.ts'
import type { Caller, TokenVerifier } from '../../ports/token-verifier.ts'
import { scopesOf, type TenantMapping, tenantOf } from './token-claims.ts'

/** Asymmetric only: a verifier that took HS256 could be handed the public key as the secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']
/** Clocks of two machines differ; a second is Auth0's own tolerance nowhere stated, five is jose's usual advice. */
const CLOCK_TOLERANCE_SECONDS = 5
/** Verified tokens remembered: each client holds one or two at a time. A verification costs 60 µs, a look-up 0.1. */
const MAX_REMEMBERED_TOKENS = 5000
/** A refused token is looked at up to three times on the way of one request, and again with each of a flood. */
const REFUSED_FOR_MS = 1_000
const MAX_REFUSED_TOKENS = 1_000
const MAX_PERSON_LENGTH = 100
/** An outage of the issuer is seldom over in a second. */
const RETRY_AFTER_SECONDS = 5

export interface TokenVerifierOptions {
  /** Exactly as in the `iss` claim. */
  readonly issuer: string
  readonly audience: string
  /** The claim that names the tenant, and how the tenant is made of it. */
  readonly tenantClaim: string
  readonly tenantMapping?: TenantMapping
  /** The claim that says what a client may do; the usual ones when absent. */
  readonly scopeClaim?: string | undefined
  /**
   * The issuer's keys. What it throws beside jose's `JWKSNoMatchingKey` and `JWKSMultipleMatchingKeys` is the issuer's
   * trouble and not the token's.
   */
  readonly keys: JWTVerifyGetKey
  /** Fewer than all of ours, when the issuer is known to sign with one. */
  readonly algorithms?: readonly string[]
}

/** Verifies tokens with `jose`; remembers a verified one until it expires, and a refused one for a second. */
export class JoseTokenVerifier implements TokenVerifier {
  readonly #options: TokenVerifierOptions
  readonly #remembered = new LRUCache<string, Caller>({ max: MAX_REMEMBERED_TOKENS })
  readonly #refused = new LRUCache<string, { readonly error: VaultError; readonly untilMs: number }>({
    max: MAX_REFUSED_TOKENS,
  })

  constructor(options: TokenVerifierOptions) {
    this.#options = options
  }

  async verify(token: string, nowMs: number): Promise<Caller> {
    const remembered = this.#remembered.get(token)
    if (remembered !== undefined) {
      // To the very instant at which jose refuses it: what is remembered must not be refused once and taken again.
      if (nowMs < remembered.expiresAtMs + CLOCK_TOLERANCE_SECONDS * 1000) return remembered
      this.#remembered.delete(token)
      throw expired()
    }
    const refused = this.#refused.get(token)
    // A clock that went back must not keep a token refused for longer.
    if (refused !== undefined && nowMs < refused.untilMs && nowMs >= refused.untilMs - REFUSED_FOR_MS) {
      throw refused.error
    }
    try {
      const caller = callerOf(await this.#payloadOf(token, nowMs), this.#options)
      this.#remembered.set(token, caller)
      return caller
    } catch (error) {
      // The issuer's trouble is nothing that a token is refused for.
      if (error instanceof VaultError && error.code === 'unauthenticated') {
        this.#refused.set(token, { error, untilMs: nowMs + REFUSED_FOR_MS })
      }
      throw error
    }
  }

  /** Forgets which tokens were good and which were not: the keys that told are not what they were. */
  forget(): void {
    this.#remembered.clear()
    this.#refused.clear()
  }

  async #payloadOf(token: string, nowMs: number): Promise<JWTPayload> {
    let trouble: unknown
    const keys: JWTVerifyGetKey = async (header, input) => {
      try {
        return await this.#options.keys(header, input)
      } catch (error) {
        if (!isOfTheToken(error)) trouble = error
        throw error
      }
    }
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: this.#options.issuer,
        audience: this.#options.audience,
        algorithms: [...(this.#options.algorithms ?? ALGORITHMS)],
        requiredClaims: ['exp', 'iat'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(nowMs),
      })
      return payload
    } catch (error) {
      if (trouble !== undefined) {
        throw new VaultError('store-unavailable', "The issuer's keys could not be read. Try again.", {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
          logReason: 'the keys of the issuer',
        })
      }
      if (error instanceof errors.JWTExpired) throw expired()
      throw invalid(reasonOf(error))
    }
  }
}

function isOfTheToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
}

/** Which check failed, by jose's own classes (https://github.com/panva/jose, docs/util/errors). */
const REASONS: Readonly<Record<string, string>> = {
  ERR_JWKS_NO_MATCHING_KEY: 'the issuer has no such key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'the token does not say which key',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'the signature',
  ERR_JOSE_ALG_NOT_ALLOWED: 'the algorithm',
  ERR_JOSE_NOT_SUPPORTED: 'the algorithm',
  ERR_JWT_INVALID: 'no JWT',
  ERR_JWS_INVALID: 'no JWT',
}
const CLAIM_REASONS: Readonly<Record<string, string>> = {
  iss: 'the issuer',
  aud: 'the audience',
  nbf: 'not valid yet',
  iat: 'the time of issue',
  exp: 'the time of expiry',
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) return CLAIM_REASONS[error.claim] ?? 'a claim'
  return error instanceof errors.JOSEError ? (REASONS[error.code] ?? 'no JWT') : 'no JWT'
}

function callerOf(payload: JWTPayload, options: TokenVerifierOptions): Caller {
  const found = tenantOf(payload, options.tenantClaim, options.tenantMapping ?? 'exact')
  if ('problem' in found) throw invalid(found.problem)
  const clientId = payload['azp'] ?? payload['client_id'] ?? payload.sub
  if (typeof clientId !== 'string' || clientId.length === 0) throw invalid('no azp, client_id or sub')
  return {
    tenant: found.tenant,
    clientId: clientId.slice(0, 200),
    ...personOf(payload),
    scopes: scopesOf(payload, options.scopeClaim),
    expiresAtMs: (payload.exp ?? 0) * 1000,
  }
}

/** OpenID Connect Core §5.1: the name, else the address. What would steer a terminal or a log is no name. */
function personOf(payload: JWTPayload): { person?: string } {
  const name = payload['name'] ?? payload['email']
  if (typeof name !== 'string' || name === '' || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return {}
  return { person: name.slice(0, MAX_PERSON_LENGTH) }
}

function invalid(reason: string): VaultError {
  return new VaultError('unauthenticated', 'Invalid token', {
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    logReason: reason,
  })
}

function expired(): VaultError {
  return new VaultError('unauthenticated', 'Expired token received for JSON Web Token validation', {
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    logReason: 'expired',
  })
}
