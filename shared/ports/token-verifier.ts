import type { Scope } from '../domain/scopes.ts'

/** Who calls, as a verified token says. */
export interface Caller {
  readonly tenant: string
  readonly clientId: string
  /** The person at the client, as the issuer names them; absent where a program calls. */
  readonly person?: string
  readonly scopes: ReadonlySet<Scope | string>
  readonly expiresAtMs: number
}

/** Verifies bearer tokens: signature, algorithm, issuer, audience, expiry, tenant. */
export interface TokenVerifier {
  /** Throws `unauthenticated`, with Auth0's text for an expired token and one text for everything else. */
  verify(token: string, nowMs: number): Promise<Caller>
}
