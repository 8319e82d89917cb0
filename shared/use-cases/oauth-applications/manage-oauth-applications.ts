import { findConnector } from '../../connectors/catalogue.ts'
import { VaultError } from '../../domain/errors.ts'
import { newId, newUuid } from '../../domain/ids.ts'
import { oauthAppKey, oauthAppsPartition } from '../../domain/keys.ts'
import { secretIdOf } from '../../domain/secret-id.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import { type Attributes, ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { commitSecret } from '../commit/commit-protocol.ts'
import { discardVersion } from '../commit/discard-version.ts'
import { closeIntent, INTENT_DEADLINE_MS, type Intent, openIntent } from '../commit/intent.ts'
import { sealableContent } from '../commit/secret-content.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import { undoIntent } from '../commit/undo-intent.ts'
import {
  defaultApplicationSort,
  findDefaultApplication,
  findOauthApplication,
  type OauthApplication,
} from './oauth-application.ts'

/** Registrations of one tenant: several an app for as many environments, for the apps there are. */
const MAX_APPLICATIONS = 200

export interface OauthApplicationInput {
  readonly name: string
  /** Client and secret may come later: the provider wants the callback URL before it makes them. */
  readonly clientId?: string
  readonly clientSecret?: SecretText
  readonly isDefault?: boolean
}

/** Creates an OAuth application; the first of an app becomes its default. Throws `invalid-body`, `conflict`. */
export async function createOauthApplication(
  ports: Ports,
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
  const draft = {
    tenant: input.tenant,
    id,
    appId: input.appId,
    name: input.name,
    ...(input.clientId === undefined ? {} : { clientId: input.clientId }),
    isDefault: input.isDefault === true || current === undefined,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    version: 1,
    op: newUuid(ports.random),
  }
  return commitApplication(ports, draft, { clientSecret: input.clientSecret, previous: undefined, current })
}

/** The tenant's applications in the order of creation. */
export async function listOauthApplications(
  ports: Pick<Ports, 'items'>,
  tenant: string,
): Promise<OauthApplication[]> {
  const page = await ports.items.query({
    partition: oauthAppsPartition(tenant),
    sortPrefix: 'oa_',
    limit: MAX_APPLICATIONS,
  })
  return page.items.map((item) => item.attributes as unknown as OauthApplication)
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
  ports: Ports,
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
  const next = {
    ...previous,
    name: input.name ?? previous.name,
    ...(clientId === undefined ? {} : { clientId }),
    isDefault: input.isDefault ?? previous.isDefault,
    updatedAtMs: ports.clock.nowMs(),
    version: previous.version + 1,
    op: newUuid(ports.random),
  }
  const current = await findDefaultApplication(ports, input.tenant, previous.appId)
  return commitApplication(ports, next, { clientSecret: input.clientSecret, previous, current })
}

/**
 * Deletes an application. Connections it authorized keep their access tokens until those expire; they cannot be
 * renewed without it. Throws `not-found`, and `conflict` while it is the default and others are there to be it.
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
  const isGone = async () => (await findOauthApplication(ports, tenant, id)) === undefined
  const { secret } = application
  if (secret === undefined) {
    await changed(() => transactSurely(ports, removalWrites(application), isGone))
    return
  }
  // The secret goes with its application, by an intent that reconcile finishes when this process cannot.
  const intent: Intent = {
    kind: 'destroy',
    tenant,
    ownerId: id,
    op: newUuid(ports.random),
    secretId: secret.secretId,
    newSecret: true,
    deadlineAtMs: ports.clock.nowMs() + INTENT_DEADLINE_MS,
  }
  await changed(() => transactSurely(ports, [...removalWrites(application), openIntent(intent)], isGone))
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
  const key = oauthAppKey(tenant, defaultApplicationSort(appId))
  return [removal, { op: 'delete', key, when: [{ kind: 'equals', attribute: 'id', value: id }] }]
}

function requireCodeApp(appId: string): void {
  const usesApplication = findConnector(appId)?.setups.some(
    (setup) => setup.grant?.client.from === 'oauth-application',
  )
  if (usesApplication === true) return
  throw new VaultError('invalid-body', 'This app is not authorized through an OAuth application', {
    field: 'app_id',
    allowed: 'an app with a setup of type OAUTH_CODE',
  })
}

type Draft = Omit<OauthApplication, 'secret'>

async function commitApplication(
  ports: Ports,
  draft: Draft,
  facts: {
    clientSecret: SecretText | undefined
    previous: OauthApplication | undefined
    current: OauthApplication | undefined
  },
): Promise<OauthApplication> {
  const { previous, clientSecret } = facts
  if (clientSecret === undefined) {
    const application = { ...draft, ...(previous?.secret === undefined ? {} : { secret: previous.secret }) }
    const isApplied = async () => (await findOauthApplication(ports, draft.tenant, draft.id))?.op === draft.op
    await changed(() => transactSurely(ports, applicationWrites(application, facts), isApplied))
    return application
  }
  const kept = previous?.secret
  // A try that was undone has used its name up: that of a draft's first secret is new each time.
  const generation = kept?.generation ?? (previous === undefined ? 1 : Math.floor(draft.updatedAtMs / 1000))
  const secretId = kept?.secretId ?? secretIdOf({ tenant: draft.tenant, ownerId: draft.id, generation })
  const intent: Intent = {
    kind: previous === undefined ? 'create' : 'update',
    tenant: draft.tenant,
    ownerId: draft.id,
    op: draft.op,
    secretId,
    newSecret: kept === undefined,
    deadlineAtMs: ports.clock.nowMs() + INTENT_DEADLINE_MS,
  }
  let application: OauthApplication | undefined
  await changed(() =>
    commitSecret(ports, {
      intent,
      generation,
      value: sealableContent({ setup: { client_secret: clientSecret.reveal() } }),
      commit: async (secret) => {
        application = { ...draft, secret }
        await ports.items.transact([closeIntent(intent), ...applicationWrites(application, facts)])
      },
    }),
  )
  if (kept !== undefined) await discardVersion(ports, kept)
  return application!
}

function applicationWrites(
  application: OauthApplication,
  facts: { previous: OauthApplication | undefined; current: OauthApplication | undefined },
): Write[] {
  const { previous, current } = facts
  const writes: Write[] = [
    {
      op: 'put',
      key: oauthAppKey(application.tenant, application.id),
      attributes: application as unknown as Attributes,
      when:
        previous === undefined
          ? [{ kind: 'item-absent' }]
          : [{ kind: 'equals', attribute: 'version', value: previous.version }],
    },
  ]
  if (!application.isDefault || current?.id === application.id) return writes
  writes.push({
    op: 'put',
    key: oauthAppKey(application.tenant, defaultApplicationSort(application.appId)),
    attributes: { id: application.id },
    when:
      current === undefined
        ? [{ kind: 'item-absent' }]
        : [{ kind: 'equals', attribute: 'id', value: current.id }],
  })
  if (current !== undefined) {
    writes.push({
      op: 'update',
      key: oauthAppKey(current.tenant, current.id),
      // Its version rises too: who changes it by an older reading would make it the default again.
      set: { isDefault: false, version: current.version + 1 },
      when: [{ kind: 'equals', attribute: 'version', value: current.version }],
    })
  }
  return writes
}

async function changed<T>(commit: () => Promise<T>): Promise<T> {
  try {
    return await commit()
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error
    throw new VaultError(
      'conflict',
      'The OAuth application is being changed by others; nothing was changed. Try again.',
      {
        retryAfterSeconds: 1,
        cause: error,
      },
    )
  }
}
