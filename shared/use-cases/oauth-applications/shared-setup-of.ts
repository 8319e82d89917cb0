import { findSetup } from '../../connectors/catalogue.ts'
import type { Connector } from '../../connectors/connector.ts'
import { type ValidSetup, validateAs } from '../../connectors/setup-schema.ts'
import { APPLICATION_FIELD, isShareable, sharedSetup } from '../../connectors/shared-setup.ts'
import { ownValue } from '../../connectors/template.ts'
import { VaultError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { UrlCheck } from '../../ports/outgoing-fetch.ts'
import type { Ports } from '../../ports/ports.ts'
import { findOauthApplication } from './oauth-application.ts'

/** A setup that names an OAuth application: what it says itself, and what the application holds that is no secret. */
export interface SharedSetup extends ValidSetup {
  readonly oauthAppId: string
  readonly held: JsonObject
}

/** What says of an address, without a call, that the vault will never call it. */
export interface AddressPorts {
  readonly checkUrl: UrlCheck
}

/**
 * The setup of a connection that names an OAuth application, checked against what that leaves open; undefined where
 * it names none. Throws `VaultError('invalid-body')`.
 */
export async function findSharedSetup(
  ports: Pick<Ports, 'items'> & AddressPorts,
  { tenant, connector }: { tenant: string; connector: Connector },
  input: unknown,
): Promise<SharedSetup | undefined> {
  if (!connector.setups.some(isShareable)) return undefined
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined
  const named = ownValue(input as JsonObject, APPLICATION_FIELD.name)
  if (named === undefined) return undefined
  const application = typeof named === 'string' ? await findOauthApplication(ports, tenant, named) : undefined
  const setup =
    application?.appId === connector.appId ? findSetup(connector, application.setupType) : undefined
  if (application === undefined || setup === undefined) {
    throw new VaultError('invalid-body', 'There is no such OAuth application', {
      field: `setup.${APPLICATION_FIELD.name}`,
      allowed: `the id of one for ${connector.appId}; GET /api/v2/flows/vault/oauth-apps lists them`,
    })
  }
  const { clientId, secretFields = [] } = application
  const held = { ...application.setup, ...(clientId === undefined ? {} : { client_id: clientId }) }
  const open = sharedSetup(setup, [...Object.keys(held), ...secretFields])
  const valid = validateAs(open, input, ports.checkUrl)
  return { ...valid, setup, oauthAppId: application.id, held }
}
