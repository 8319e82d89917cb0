import path from 'node:path'
import { DiscoveredKeys } from '../../../shared/adapters/jwt/discovered-keys.ts'
import { JoseTokenVerifier } from '../../../shared/adapters/jwt/jose-token-verifier.ts'
import type { Clock } from '../../../shared/ports/clock.ts'
import type { Log } from '../../../shared/ports/log.ts'
import type { Random } from '../../../shared/ports/random.ts'
import type { TokenVerifier } from '../../../shared/ports/token-verifier.ts'
import { PageSessions } from '../page/page-sessions.ts'
import type { Settings } from '../settings.ts'
import { BuiltInVerifier } from './built-in-verifier.ts'
import type { ClientRegistry } from './client-registry.ts'
import { createIssuer, type Issuer } from './dev-issuer.ts'
import { IssuerKeyFile } from './issuer-keys.ts'

/** Whose tokens are accepted: the built-in issuer's, or those of the operator's own OpenID provider; with that one nobody signs in here. */
export async function openIssuer(options: {
  settings: Settings
  /** Scheme, host and port of the plain listener: the built-in issuer's name. */
  url: string
  clients: ClientRegistry
  clock: Clock
  random: Random
  log: Log
}): Promise<{ issuer: Issuer | undefined; verifier: TokenVerifier; sessions: PageSessions | undefined }> {
  const { settings, url, clients, clock, random } = options
  const { foreignIssuer } = settings
  if (foreignIssuer !== undefined) {
    const keys = new DiscoveredKeys({ ...foreignIssuer, clock, log: options.log })
    const verifier = new JoseTokenVerifier({ ...foreignIssuer, keys: keys.find })
    return { issuer: undefined, verifier, sessions: undefined }
  }
  const named = namesOfIssuer(settings, url)
  const keys = await IssuerKeyFile.open(path.join(settings.dataFolder, 'issuer-key.json'), clock)
  return {
    issuer: createIssuer({ ...named, keys, clients, clock }),
    verifier: new BuiltInVerifier({ ...named, keys, clients }),
    sessions: new PageSessions({ keys, issuer: named.issuer, clients, clock, random }),
  }
}

/**
 * What the built-in issuer is called, and what its tokens are for: after the address people know the vault by, or,
 * when nobody has said it, after the plain listener's.
 */
export function namesOfIssuer(
  { publicUrl, audience }: Pick<Settings, 'publicUrl' | 'audience'>,
  url: string,
): { issuer: string; audience: string } {
  const known = publicUrl ?? url
  return { issuer: `${known}/`, audience: audience ?? `${known}/api/v2/` }
}
