import { createLocalJWKSet } from 'jose'
import { JoseTokenVerifier } from '../../../shared/adapters/jwt/jose-token-verifier.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import type { Caller, TokenVerifier } from '../../../shared/ports/token-verifier.ts'
import type { ClientRegistry } from './client-registry.ts'
import { type IssuerKeyFile, type IssuerKeys, SIGNING_ALGORITHM } from './issuer-keys.ts'

/**
 * Verifies the built-in issuer's tokens, and asks for two things that a token cannot say of itself: whether its key is
 * in use, and whether its client is still there. Either is seen within a second of its file.
 */
export class BuiltInVerifier implements TokenVerifier {
  readonly #keyFile: IssuerKeyFile
  readonly #clients: ClientRegistry
  readonly #tokens: JoseTokenVerifier
  #keys: IssuerKeys | undefined

  constructor(options: { issuer: string; audience: string; keys: IssuerKeyFile; clients: ClientRegistry }) {
    const { issuer, audience, keys, clients } = options
    this.#keyFile = keys
    this.#clients = clients
    this.#tokens = new JoseTokenVerifier({
      issuer,
      audience,
      tenantClaim: 'tenant',
      algorithms: [SIGNING_ALGORITHM],
      keys: async (header, token) =>
        createLocalJWKSet({ keys: [...(await keys.current()).publicJwks] })(header, token),
    })
  }

  async verify(token: string, nowMs: number): Promise<Caller> {
    const keys = await this.#keyFile.current()
    if (keys !== this.#keys) this.#tokens.forget()
    this.#keys = keys
    const caller = await this.#tokens.verify(token, nowMs)
    if (this.#clients.has(caller.clientId)) return caller
    throw new VaultError('unauthenticated', 'Invalid token', {
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      logReason: 'the client was removed',
    })
  }
}
