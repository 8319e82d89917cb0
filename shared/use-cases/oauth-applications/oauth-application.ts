import type { ConnectionRow } from '../../domain/connection.ts'
import { InvariantError } from '../../domain/errors.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import { defaultOauthAppKey, OAUTH_APP_PREFIX, oauthAppKey } from '../../domain/keys.ts'
import { isSecretIdOf } from '../../domain/secret-id.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { ClientIdentity } from '../../ports/oauth-client.ts'
import type { Ports } from '../../ports/ports.ts'
import { applicationOf, DEFAULT_APPLICATION_ROWS, type OauthApplication } from '../../rows/application-row.ts'
import type { OpenedSecrets } from '../memory/opened-secrets.ts'

/** The client a token request is made as, and what names its state: a broken client stays broken until this changes. */
export interface ApplicationClient {
  readonly client: ClientIdentity
  readonly stateName: string
  /** The same client with the secret it had before, until that is over; opened only when it is needed. */
  readonly previous?: PreviousClient
}

/** A client as it was before its secret was changed. Opening throws what the secret store does. */
interface PreviousClient {
  readonly untilMs: number
  open(): Promise<OpenedClient>
}

/** A client, and the setup's values as they are with its secret. */
interface OpenedClient {
  readonly client: ClientIdentity
  readonly values: JsonObject
}

/** A setup as a provider is asked with it: its values, and the OAuth application it names that some of them are of. */
export interface EffectiveSetup {
  readonly values: JsonObject
  readonly shared?: OauthApplication
  /** What that holds that is no secret. */
  readonly held?: JsonObject
  /** The values with these secrets of the application in the place of its newest. */
  readonly withSecrets?: (secrets: JsonObject) => JsonObject
}

/** The application, or undefined. Throws `InvariantError` when its item is not its own, as `findConnection` does. */
export async function findOauthApplication(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  id: string,
): Promise<OauthApplication | undefined> {
  // The partition also holds the items that name each app's default.
  if (!id.startsWith(OAUTH_APP_PREFIX)) return undefined
  const application = applicationOf(await ports.items.get(oauthAppKey(tenant, id)))
  if (application === undefined || isOwnApplication(application, tenant, id)) return application
  throw new InvariantError('an OAuth application is not its own, or points at a secret of another')
}

function isOwnApplication(application: OauthApplication, tenant: string, id: string): boolean {
  if (application.tenant !== tenant || application.id !== id) return false
  const pointers = [application.secret, application.previous?.secret]
  return pointers.every(
    (pointer) =>
      pointer === undefined || isSecretIdOf({ tenant, ownerId: id, kinds: ['a'] }, pointer.secretId),
  )
}

/** The application that connections of this app use when they name none. */
export async function findDefaultApplication(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  appId: string,
): Promise<OauthApplication | undefined> {
  const named = DEFAULT_APPLICATION_ROWS.find(await ports.items.get(defaultOauthAppKey(tenant, appId)))
  return named === undefined ? undefined : findOauthApplication(ports, tenant, named.id)
}

/**
 * The client for a connection: out of its setup as `effectiveSetup` gives it, or the operator's application. Undefined
 * when an application is needed and there is none.
 */
export async function findApplicationClient(
  ports: Pick<Ports, 'items'> & { opened: OpenedSecrets },
  row: Pick<ConnectionRow, 'tenant' | 'appId' | 'oauthAppId' | 'setupDigest'>,
  profile: GrantProfile,
  { values, shared, withSecrets }: EffectiveSetup,
): Promise<(ApplicationClient & { oauthAppId?: string }) | undefined> {
  const { client } = profile
  if (client.from === 'setup') {
    const asked = clientIn(values, client)
    if (applicationNamed(profile, values) === undefined)
      return { client: asked, stateName: `setup ${row.setupDigest}` }
    if (shared === undefined || withSecrets === undefined || !isReadyApplication(shared)) return undefined
    const previous = previousOf(ports, shared, (secrets) => {
      const before = withSecrets(secrets)
      return { client: clientIn(before, client), values: before }
    })
    return { client: asked, stateName: stateNameOf(shared), oauthAppId: shared.id, ...previous }
  }
  const application =
    row.oauthAppId === undefined
      ? await findDefaultApplication(ports, row.tenant, row.appId)
      : await findOauthApplication(ports, row.tenant, row.oauthAppId)
  // A client secret goes to the token endpoint of its own app only.
  if (application === undefined || application.appId !== row.appId) return undefined
  const { clientId: id, secret } = application
  if (id === undefined || secret === undefined) return undefined
  const clientWith = (secrets: JsonObject): ClientIdentity => ({
    id,
    secret: new SecretText(String(secrets['client_secret'])),
  })
  return {
    client: clientWith((await ports.opened.open(secret)).setup),
    stateName: stateNameOf(application),
    oauthAppId: application.id,
    ...previousOf(ports, application, (secrets) => ({ client: clientWith(secrets), values })),
  }
}

function clientIn(values: JsonObject, names: { readonly id: string; readonly secret: string }) {
  const secret = values[names.secret]
  return {
    id: String(values[names.id] ?? ''),
    ...(typeof secret === 'string' ? { secret: new SecretText(secret) } : {}),
  }
}

/**
 * How the client was before its secret was changed, where the application says so; `read` makes it of what was kept.
 */
function previousOf(
  ports: { readonly opened: OpenedSecrets },
  { previous }: OauthApplication,
  read: (secrets: JsonObject) => OpenedClient,
): Pick<ApplicationClient, 'previous'> {
  if (previous === undefined) return {}
  const open = async () => read((await ports.opened.open(previous.secret)).setup)
  return { previous: { untilMs: previous.untilMs, open } }
}

/**
 * The client secret before the newest, while it is tried: the row keeps it until the next comparison of both stores.
 */
export function triedPrevious({ previous }: OauthApplication, nowMs: number): OauthApplication['previous'] {
  return previous !== undefined && nowMs < previous.untilMs ? previous : undefined
}

/** Whether it has all that a token request needs; drafts do not. A client that signs with a key, or is public, has no secret. */
export function isReadyApplication({ clientId, secret, setup }: OauthApplication): boolean {
  const needsNone = ['private_key_jwt', 'none'].includes(String(setup?.['token_endpoint_auth_method']))
  return clientId !== undefined && (secret !== undefined || needsNone)
}

/**
 * The setup as a provider is asked with it: what the OAuth application holds that it names, and over that its own. As
 * it is where it names none, and where there is no such application any more.
 */
export async function effectiveSetup(
  ports: Pick<Ports, 'items'> & { opened: OpenedSecrets },
  { tenant, appId }: Pick<ConnectionRow, 'tenant' | 'appId'>,
  profile: GrantProfile | undefined,
  own: JsonObject,
): Promise<EffectiveSetup> {
  const named = profile === undefined ? undefined : applicationNamed(profile, own)
  if (profile?.client.from !== 'setup' || named === undefined) return { values: own }
  const shared = await findOauthApplication(ports, tenant, named)
  if (shared?.appId !== appId) return { values: own }
  const { clientId, secret, setup } = shared
  const secrets = secret === undefined ? {} : (await ports.opened.open(secret)).setup
  const client = clientId === undefined ? {} : { [profile.client.id]: clientId }
  const held = { ...setup, ...client }
  const withSecrets = (kept: JsonObject): JsonObject => ({ ...setup, ...kept, ...client, ...own })
  return { values: withSecrets(secrets), shared, held, withSecrets }
}

/** The id by which a setup names the application that holds its client. */
function applicationNamed({ client }: GrantProfile, values: JsonObject): string | undefined {
  if (client.from !== 'setup' || client.application === undefined) return undefined
  const named = values[client.application]
  return typeof named === 'string' ? named : undefined
}

function stateNameOf({ id, version }: OauthApplication): string {
  return `application ${id} ${version}`
}
