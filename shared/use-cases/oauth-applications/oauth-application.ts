import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { InvariantError } from '../../domain/errors.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import { oauthAppKey } from '../../domain/keys.ts'
import { isSecretIdOf } from '../../domain/secret-id.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { ClientIdentity } from '../../ports/oauth-client.ts'
import type { Ports } from '../../ports/ports.ts'
import type { OpenedSecrets } from '../commit/opened-secrets.ts'

/** The operator's registration at a provider: the client that code apps are authorized with. */
export interface OauthApplication {
  readonly tenant: string
  readonly id: string
  readonly appId: string
  readonly name: string
  /** Absent while it is a draft, made for its callback URL before the client exists at the provider. */
  readonly clientId?: string
  readonly isDefault: boolean
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly version: number
  readonly secret?: SecretPointer
  readonly op: string
}

/** The client a token request is made as, and what names its state: a broken client stays broken until this changes. */
export interface ApplicationClient {
  readonly client: ClientIdentity
  readonly stateName: string
}

/** The sort key of the item that names an app's default application. */
export function defaultApplicationSort(appId: string): string {
  return `default#${appId}`
}

/** The application, or undefined. Throws `InvariantError` when its item is not its own, as `findConnection` does. */
export async function findOauthApplication(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  id: string,
): Promise<OauthApplication | undefined> {
  // The partition also holds the items that name each app's default.
  if (!id.startsWith('oa_')) return undefined
  const item = await ports.items.get(oauthAppKey(tenant, id))
  const application = item as unknown as OauthApplication | undefined
  if (application === undefined || isOwnApplication(application, tenant, id)) return application
  throw new InvariantError('an OAuth application is not its own, or points at a secret of another')
}

function isOwnApplication(application: OauthApplication, tenant: string, id: string): boolean {
  if (application.tenant !== tenant || application.id !== id) return false
  const { secret } = application
  return secret === undefined || isSecretIdOf({ tenant, ownerId: id }, secret.secretId)
}

/** The application that connections of this app use when they name none. */
export async function findDefaultApplication(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  appId: string,
): Promise<OauthApplication | undefined> {
  const pointer = await ports.items.get(oauthAppKey(tenant, defaultApplicationSort(appId)))
  return pointer === undefined ? undefined : findOauthApplication(ports, tenant, String(pointer['id']))
}

/**
 * The client for a connection: out of its own setup, or the operator's application. Undefined when the app needs
 * an application and there is none.
 */
export async function findApplicationClient(
  ports: Pick<Ports, 'items'> & { opened: OpenedSecrets },
  row: Pick<ConnectionRow, 'tenant' | 'appId' | 'oauthAppId' | 'setupDigest'>,
  profile: GrantProfile,
  setup: JsonObject,
): Promise<(ApplicationClient & { oauthAppId?: string }) | undefined> {
  if (profile.client.from === 'setup') {
    const id = setup[profile.client.id]
    const secret = setup[profile.client.secret]
    return {
      client: {
        id: String(id ?? ''),
        ...(typeof secret === 'string' ? { secret: new SecretText(secret) } : {}),
      },
      stateName: `setup ${row.setupDigest}`,
    }
  }
  const application =
    row.oauthAppId === undefined
      ? await findDefaultApplication(ports, row.tenant, row.appId)
      : await findOauthApplication(ports, row.tenant, row.oauthAppId)
  // A client secret goes to the token endpoint of its own app only.
  if (application === undefined || application.appId !== row.appId) return undefined
  if (application.clientId === undefined || application.secret === undefined) return undefined
  const opened = await ports.opened.open(application.secret)
  return {
    client: {
      id: application.clientId,
      secret: new SecretText(String(opened.content.setup['client_secret'])),
    },
    stateName: `application ${application.id} ${application.version}`,
    oauthAppId: application.id,
  }
}
