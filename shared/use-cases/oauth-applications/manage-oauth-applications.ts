import { findConnector } from '../../connectors/catalogue.ts'
import { isShareable } from '../../connectors/shared-setup.ts'
import { VaultError } from '../../domain/errors.ts'
import { newId, newUuid } from '../../domain/ids.ts'
import type { JsonValue } from '../../domain/json.ts'
import { defaultOauthAppKey, OAUTH_APP_PREFIX, oauthAppKey, oauthAppsPartition } from '../../domain/keys.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { applicationOf, type OauthApplication } from '../../rows/application-row.ts'
import type { Intent } from '../../rows/intent-row.ts'
import { INTENT_DEADLINE_MS, openIntent } from '../commit/intent.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import { undoIntent } from '../commit/undo-intent.ts'
import {
  type ApplicationSetup,
  acceptApplicationSetup,
  holdsSetup,
  isAnotherClient,
  secretsOf,
} from './application-setup.ts'
import { refuseUsedApplication } from './application-users.ts'
import { changed, commitApplication } from './commit-application.ts'
import { findDefaultApplication, findOauthApplication } from './oauth-application.ts'
import type { AddressPorts } from './shared-setup-of.ts'

/** Registrations of one tenant: several an app for as many environments, for the apps there are. */
const MAX_APPLICATIONS = 200

export interface OauthApplicationInput {
  readonly name: string
  /** Client and secret may come later: the provider wants the callback URL before it makes them. */
  readonly clientId?: string
  readonly clientSecret?: SecretText
  readonly isDefault?: boolean
  /** Of an app of any provider: all else that the connections share. */
  readonly setup?: JsonValue
}

/**
 * Creates an OAuth application; the first of an app becomes its default, but for apps of any provider, whose
 * connections name theirs. Throws `invalid-body`, `conflict`.
 */
export async function createOauthApplication(
  ports: Ports & AddressPorts,
  input: OauthApplicationInput & { tenant: string; appId: string },
): Promise<OauthApplication> {
  requireCodeApp(input.appId)
  if ((await listOauthApplications(ports, input.tenant)).length >= MAX_APPLICATIONS) {
    throw new VaultError(
      'conflict',
      `There are ${MAX_APPLICATIONS} OAuth applications already. Delete one first.`,
    )
  }
  const nowMs = ports.clock.nowMs()
  const id = newId('oa_', { nowMs, random: ports.random })
  const current = await findDefaultApplication(ports, input.tenant, input.appId)
  const accepted = acceptedSetup(ports, input.appId, input, 'create')
  const draft = {
    tenant: input.tenant,
    id,
    appId: input.appId,
    name: input.name,
    ...(input.clientId === undefined ? {} : { clientId: input.clientId }),
    ...accepted?.members,
    isDefault: input.isDefault === true || (current === undefined && accepted === undefined),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    version: 1,
    generations: 0,
    op: newUuid(ports.random),
  }
  const { secrets, secretFields } = secretsOf(undefined, input.clientSecret, accepted)
  return commitApplication(
    ports,
    { ...draft, ...secretFields },
    { secrets, previous: undefined, current, isAnother: true },
  )
}

function acceptedSetup(
  ports: AddressPorts,
  appId: string,
  { setup, isDefault }: Partial<OauthApplicationInput>,
  way: 'create' | 'update',
): ApplicationSetup | undefined {
  if (holdsSetup(appId) && isDefault === true) {
    throw new VaultError('invalid-body', 'Connections of this app name their application', {
      field: 'is_default',
      allowed: 'leaving is_default out',
    })
  }
  const isLeftOut = setup === undefined && (way === 'update' || !holdsSetup(appId))
  return isLeftOut ? undefined : acceptApplicationSetup(ports, appId, setup)
}

/** The tenant's applications in the order of creation. */
export async function listOauthApplications(
  ports: Pick<Ports, 'items'>,
  tenant: string,
): Promise<OauthApplication[]> {
  const page = await ports.items.query({
    partition: oauthAppsPartition(tenant),
    sortPrefix: OAUTH_APP_PREFIX,
    limit: MAX_APPLICATIONS,
  })
  return page.items.flatMap((item) => applicationOf(item.attributes) ?? [])
}

/** The application; throws `not-found`. */
export async function getOauthApplication(
  ports: Ports,
  tenant: string,
  id: string,
): Promise<OauthApplication> {
  const application = await findOauthApplication(ports, tenant, id)
  if (application === undefined) throw new VaultError('not-found', 'OAuth application not found')
  return application
}

/** Changes what is given; a new client secret replaces the old one. Throws `not-found`, `conflict`. */
export async function updateOauthApplication(
  ports: Ports & AddressPorts,
  input: Partial<OauthApplicationInput> & { tenant: string; id: string },
): Promise<OauthApplication> {
  const previous = await getOauthApplication(ports, input.tenant, input.id)
  if (input.isDefault === false && previous.isDefault) {
    throw new VaultError('invalid-body', 'An app keeps its default until another application becomes it', {
      field: 'is_default',
      allowed: 'true, on the application that shall be the default',
    })
  }
  const clientId = input.clientId ?? previous.clientId
  const accepted = acceptedSetup(ports, previous.appId, input, 'update')
  const { secrets, secretFields } = secretsOf(previous, input.clientSecret, accepted)
  const next = {
    ...previous,
    ...accepted?.members,
    ...secretFields,
    name: input.name ?? previous.name,
    ...(clientId === undefined ? {} : { clientId }),
    isDefault: input.isDefault ?? previous.isDefault,
    updatedAtMs: ports.clock.nowMs(),
    version: previous.version + 1,
    op: newUuid(ports.random),
  }
  const isAnother = isAnotherClient(previous, next)
  if (isAnother) {
    await refuseUsedApplication(ports, previous, 'Add another application for another client or provider.')
  }
  const current = await findDefaultApplication(ports, input.tenant, previous.appId)
  return commitApplication(ports, next, { secrets, previous, current, isAnother })
}

/**
 * Deletes an application that no connection uses: what it authorized could not be renewed without it. Throws
 * `not-found`, and `conflict` with its users, or while it is the default and others are there to be it.
 */
export async function deleteOauthApplication(ports: Ports, tenant: string, id: string): Promise<void> {
  const application = await getOauthApplication(ports, tenant, id)
  const others = (await listOauthApplications(ports, tenant)).some(
    (other) => other.appId === application.appId && other.id !== id,
  )
  if (application.isDefault && others) {
    throw new VaultError(
      'conflict',
      'It is the default of its app. Make another application the default first.',
    )
  }
  await refuseUsedApplication(ports, application, 'Delete them first, or give them another.')
  const isGone = async () => (await findOauthApplication(ports, tenant, id)) === undefined
  // The secrets go with their application, by intents that reconcile finishes when this process cannot.
  const intents = destroyIntents(ports, application)
  const writes = [...removalWrites(application), ...intents.map(openIntent)]
  await changed(() => transactSurely(ports, writes, isGone))
  for (const intent of intents) await destroyNow(ports, intent)
}

/** One for each name that its secrets have: the one before the newest may be of the generation before. */
function destroyIntents(ports: Ports, { tenant, id, secret, previous }: OauthApplication): Intent[] {
  const secretIds = [secret, previous?.secret].flatMap((pointer) => pointer?.secretId ?? [])
  return [...new Set(secretIds)].map((secretId) => ({
    kind: 'destroy',
    tenant,
    ownerId: id,
    op: newUuid(ports.random),
    secretId,
    newSecret: true,
    deadlineAtMs: ports.clock.nowMs() + INTENT_DEADLINE_MS,
  }))
}

async function destroyNow(ports: Ports, intent: Intent): Promise<void> {
  try {
    await undoIntent(ports, intent)
  } catch (error) {
    ports.log.warn('left the secret of a deleted OAuth application to reconcile', {
      op: intent.op,
      ...errorFields(error),
    })
  }
}

function removalWrites({ tenant, id, appId, version, isDefault }: OauthApplication): Write[] {
  const removal: Write = {
    op: 'delete',
    key: oauthAppKey(tenant, id),
    when: [{ kind: 'equals', attribute: 'version', value: version }],
  }
  if (!isDefault) return [removal]
  const key = defaultOauthAppKey(tenant, appId)
  return [removal, { op: 'delete', key, when: [{ kind: 'equals', attribute: 'id', value: id }] }]
}

function requireCodeApp(appId: string): void {
  const usesApplication = findConnector(appId)?.setups.some(
    (setup) => setup.grant?.client.from === 'oauth-application' || isShareable(setup),
  )
  if (usesApplication === true) return
  throw new VaultError('invalid-body', 'This app is not authorized through an OAuth application', {
    field: 'app_id',
    allowed: 'OAUTH2, or an app with a setup of type OAUTH_CODE',
  })
}
