import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { VaultError } from '../../domain/errors.ts'
import type { Caller, TokenVerifier } from '../../ports/token-verifier.ts'

/** Asymmetric only: a verifier that took HS256 could be handed the public key as the secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']
/** Clocks of two machines differ; a second is Auth0's own tolerance nowhere stated, five is jose's usual advice. */
const CLOCK_TOLERANCE_SECONDS = 5
/** Verified tokens remembered: each client holds one or two at a time. A verification costs 60 µs, a look-up 0.1. */
const MAX_REMEMBERED_TOKENS = 5000
const MAX_PERSON_LENGTH = 100
const TENANT = /^[A-Za-z0-9_-]{1,64}$/

export interface TokenVerifierOptions {
  /** Exactly as in the `iss` claim. */
  readonly issuer: string
  readonly audience: string
  /** The claim that names the tenant. */
  readonly tenantClaim: string
  /** The issuer's keys: a local set, or a remote one that is fetched and cached. */
  readonly keys: JWTVerifyGetKey
  /** Fewer than all of ours, when the issuer is known to sign with one. */
  readonly algorithms?: readonly string[]
}

/** Verifies tokens with `jose`, and remembers a verified one until it expires. */
export class JoseTokenVerifier implements TokenVerifier {
  readonly #options: TokenVerifierOptions
  readonly #remembered = new LRUCache<string, Caller>({ max: MAX_REMEMBERED_TOKENS })

  constructor(options: TokenVerifierOptions) {
    this.#options = options
  }

  async verify(token: string, nowMs: number): Promise<Caller> {
    const remembered = this.#remembered.get(token)
    if (remembered !== undefined) {
      if (nowMs < remembered.expiresAtMs) return remembered
      this.#remembered.delete(token)
      throw expired()
    }
    const caller = callerOf(await this.#payloadOf(token, nowMs), this.#options.tenantClaim)
    this.#remembered.set(token, caller)
    return caller
  }

  async #payloadOf(token: string, nowMs: number): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.#options.keys, {
        issuer: this.#options.issuer,
        audience: this.#options.audience,
        algorithms: [...(this.#options.algorithms ?? ALGORITHMS)],
        requiredClaims: ['exp', 'iat'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(nowMs),
      })
      return payload
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired()
      if (error instanceof errors.JWKSTimeout || isUnreachable(error)) {
        throw new VaultError('store-unavailable', "The issuer's keys could not be read. Try again.", {
          retryAfterSeconds: 1,
        })
      }
      throw invalid()
    }
  }
}

/** jose answers a failed fetch of the keys with its base error and a fixed text; a bad token has classes of its own. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof TypeError) return true
  return error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC'
}

function callerOf(payload: JWTPayload, tenantClaim: string): Caller {
  const tenant = payload[tenantClaim]
  if (typeof tenant !== 'string' || !TENANT.test(tenant)) throw invalid()
  const clientId = payload['azp'] ?? payload['client_id'] ?? payload.sub
  if (typeof clientId !== 'string' || clientId.length === 0) throw invalid()
  return {
    tenant,
    clientId: clientId.slice(0, 200),
    ...personOf(payload),
    scopes: scopesOf(payload),
    expiresAtMs: (payload.exp ?? 0) * 1000,
  }
}

/** OpenID Connect Core §5.1: the name, else the address. What would steer a terminal or a log is no name. */
function personOf(payload: JWTPayload): { person?: string } {
  const name = payload['name'] ?? payload['email']
  if (typeof name !== 'string' || name === '' || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return {}
  return { person: name.slice(0, MAX_PERSON_LENGTH) }
}

/** RFC 9068 §2.2.3: `scope`, space-delimited; Auth0's role-based form lists `permissions` instead. */
function scopesOf(payload: JWTPayload): Set<string> {
  const scope = payload['scope']
  const permissions = payload['permissions']
  return new Set([
    ...(typeof scope === 'string' ? scope.split(' ') : []),
    ...(Array.isArray(permissions)
      ? permissions.filter((item): item is string => typeof item === 'string')
      : []),
  ])
}

function invalid(): VaultError {
  return new VaultError('unauthenticated', 'Invalid token', {
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  })
}

function expired(): VaultError {
  return new VaultError('unauthenticated', 'Expired token received for JSON Web Token validation', {
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  })
}
