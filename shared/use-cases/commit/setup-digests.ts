import type { Setup } from '../../connectors/connector.ts'
import { grantBinding, withoutCode } from '../../connectors/grant-binding.ts'
import { canonicalSetup } from '../../connectors/setup-schema.ts'
import type { JsonObject } from '../../domain/json.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { Ports } from '../../ports/ports.ts'
import type { SetupDigests } from '../../ports/setup-facts.ts'

/** The digest of a code, which works once at the provider of its app. */
export function codeDigestOf(ports: Pick<Ports, 'digester'>, appId: string, code: string): Promise<string> {
  return ports.digester.digest('code', new SecretText(`${appId}\n${code}`))
}

/** The digests of an accepted setup. */
export async function setupDigestsOf(
  ports: Pick<Ports, 'digester'>,
  appId: string,
  { setup, values }: { setup: Setup; values: JsonObject },
): Promise<SetupDigests> {
  const binding = grantBinding(appId, setup, values)
  const text = `${appId}\n${canonicalSetup(withoutCode(setup, values))}`
  const [setupDigest, clientDigest] = await Promise.all([
    ports.digester.digest('setup', new SecretText(text)),
    binding === undefined ? undefined : ports.digester.digest('client', new SecretText(binding)),
  ])
  return { setupDigest, ...(clientDigest === undefined ? {} : { clientDigest }) }
}
