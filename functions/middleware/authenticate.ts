import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { VaultError } from '../../shared/domain/errors.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { TokenVerifier } from '../../shared/ports/token-verifier.ts'
import { type HttpEvent, stateOf } from './request-state.ts'

/** Longer than any token we have seen; a longer header is refused before it is hashed or parsed. */
const MAX_TOKEN_LENGTH = 8192
const BEARER = /^bearer /i

/**
 * Verifies the bearer token and its scope, in the function: what stands in front of it adds throttling, not
 * authority. Throws `unauthenticated` or `insufficient-scope` with Auth0's texts.
 */
export function authenticate(
  verifier: TokenVerifier,
  clock: Pick<Clock, 'nowMs'>,
): MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2> {
  return {
    before: async (request) => {
      const state = stateOf(request)
      const scopes = state.route?.scopes
      if (scopes === undefined) return
      const caller = await verifier.verify(bearerToken(request.event.headers['authorization']), clock.nowMs())
      state.caller = caller
      if (!scopes.some((scope) => caller.scopes.has(scope))) {
        throw new VaultError(
          'insufficient-scope',
          `Insufficient scope, expected any of: ${scopes.join(',')}`,
          { logReason: 'the scope' },
        )
      }
    },
  }
}

/** The token in an `Authorization` header. Throws `unauthenticated`, in Auth0's words. */
export function bearerToken(header: string | undefined): string {
  if (header === undefined) {
    throw new VaultError('unauthenticated', 'Missing authentication', {
      logReason: 'no token',
      headers: { 'www-authenticate': 'Bearer' },
    })
  }
  if (!BEARER.test(header) || header.length > MAX_TOKEN_LENGTH) {
    throw new VaultError('unauthenticated', 'Invalid token', {
      logReason: 'no bearer token',
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    })
  }
  return header.slice('Bearer '.length).trim()
}
