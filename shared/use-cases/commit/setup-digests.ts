import type { Setup } from '../../connectors/connector.ts'
import { grantBinding, withoutCode } from '../../connectors/grant-binding.ts'
import { canonicalSetup } from '../../connectors/setup-schema.ts'
import type { JsonObject } from '../../domain/json.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { Ports } from '../../ports/ports.ts'

/** A setup as a row knows it: keyed digests, by which equal ones are told without opening any. */
export interface SetupDigests {
  /** Of the whole setup without its code: equal means that nothing would change. */
  readonly setupDigest: string
  /** Of what a grant is bound to: a change that leaves it leaves the grant. Absent for a static setup. */
  readonly clientDigest?: string
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
