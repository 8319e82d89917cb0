import path from 'node:path'
import { createLocalJWKSet } from 'jose'
import { discoveredKeys } from '../../../shared/adapters/jwt/discovered-keys.ts'
import { JoseTokenVerifier } from '../../../shared/adapters/jwt/jose-token-verifier.ts'
import type { Clock } from '../../../shared/ports/clock.ts'
import type { Random } from '../../../shared/ports/random.ts'
import type { TokenVerifier } from '../../../shared/ports/token-verifier.ts'
import { PageSessions } from '../page/page-sessions.ts'
import type { Settings } from '../settings.ts'
import type { ClientRegistry } from './client-registry.ts'
import { createIssuer, type Issuer } from './dev-issuer.ts'
import { loadIssuerKeys } from './issuer-keys.ts'

/** Who issues tokens and who verifies them; with a foreign issuer nothing is issued, and nobody signs in here. */
export async function tokens(
  options: { settings: Settings; url: string; clock: Clock; random: Random },
  clients: ClientRegistry,
): Promise<{
  issuer: Issuer | undefined
  verifier: TokenVerifier
  sessions: PageSessions | undefined
}> {
  const { settings, clock, random } = options
  if (settings.foreignIssuer !== undefined) {
    const { foreignIssuer } = settings
    const verifier = new JoseTokenVerifier({ ...foreignIssuer, keys: discoveredKeys(foreignIssuer) })
    return { issuer: undefined, verifier, sessions: undefined }
  }
  const keys = await loadIssuerKeys(path.join(settings.dataFolder, 'issuer-key.json'))
  const issuerUrl = `${options.url}/`
  const audience = settings.audience ?? `${options.url}/api/v2/`
  const issuer = createIssuer({ issuer: issuerUrl, audience, keys, clients, clock })
  const verifier = new JoseTokenVerifier({
    issuer: issuerUrl,
    audience,
    tenantClaim: 'tenant',
    keys: createLocalJWKSet(issuer.jwks()),
    algorithms: ['RS256'],
  })
  return {
    issuer,
    verifier,
    sessions: new PageSessions({ keys, issuer: issuerUrl, clients, clock, random }),
  }
}
