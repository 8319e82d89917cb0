import { findSetupOf } from '../../connectors/catalogue.ts'
import { VaultError } from '../../domain/errors.ts'
import { newId, newUuid } from '../../domain/ids.ts'
import { subscriptionKey } from '../../domain/keys.ts'
import { shownName } from '../../domain/schema-issue.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { Subscription, SubscriptionFilter, SubscriptionTarget } from '../../domain/subscription.ts'
import { errorFields } from '../../ports/error-fields.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { UrlCheck } from '../../ports/outgoing-fetch.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Intent } from '../../rows/intent-row.ts'
import { commitItem, commitItemWithSecret, type ItemChange } from '../commit/commit-item.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { discardReplaced } from '../commit/discard-version.ts'
import { INTENT_DEADLINE_MS, openIntent } from '../commit/intent.ts'
import { undoIntent } from '../commit/undo-intent.ts'
import { newSigningSecret, signingContent } from './signing-secret.ts'
import {
  getSubscription,
  listSubscriptions,
  MAX_SUBSCRIPTIONS,
  subscriptionEventWrite,
  subscriptionWrite,
} from './subscription-rows.ts'

/** Design: two keys sign for a day, so that a receiver can change over in its own time. */
const BOTH_KEYS_MS = 24 * 3_600_000

export interface SubscriptionPorts extends Ports {
  readonly checkUrl: UrlCheck
}

export interface SubscriptionInput {
  readonly tenant: string
  readonly clientId: string
  readonly name?: string
  readonly target: SubscriptionTarget
  readonly filter: SubscriptionFilter
}

/** A subscription with its signing secret, which is shown this once; there is none for a connection's target. */
export interface SubscriptionWithSecret {
  readonly subscription: Subscription
  readonly secret?: SecretText
}

/** Adds a subscription. Throws `invalid-body` for a target that cannot be sent to, and `conflict` when there are 50. */
export async function createSubscription(
  ports: SubscriptionPorts,
  input: SubscriptionInput,
): Promise<SubscriptionWithSecret> {
  await checkTarget(ports, input.tenant, input.target)
  await refuseUnknownConnections(ports, input.tenant, input.filter.connectionIds)
  if ((await listSubscriptions(ports, input.tenant)).length >= MAX_SUBSCRIPTIONS) {
    throw new VaultError('conflict', `There are ${MAX_SUBSCRIPTIONS} subscriptions already. Delete some.`)
  }
  const nowMs = ports.clock.nowMs()
  const draft: Subscription = {
    id: newId('su_', { nowMs, random: ports.random }),
    tenant: input.tenant,
    ...(input.name === undefined ? {} : { name: input.name }),
    target: input.target,
    filter: withoutRepeats(input.filter),
    status: 'enabled',
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    createdBy: input.clientId,
    version: 1,
    generations: 0,
    op: newUuid(ports.random),
  }
  if (input.target.kind === 'webhook') return commitWithSecret(ports, draft, undefined)
  await commit(ports, draft, { seen: undefined })
  return { subscription: draft }
}

/** What of a subscription may be changed; a member that is undefined stays, and null takes away. */
export interface SubscriptionChange {
  readonly name?: string | null | undefined
  readonly target?: SubscriptionTarget | undefined
  readonly filter?: { readonly [Member in keyof SubscriptionFilter]: SubscriptionFilter[Member] | null }
  readonly status?: 'enabled' | 'paused' | undefined
}

/** Changes what is given; pausing and resuming are told in the feed. Throws `not-found`, `invalid-body`, `conflict`. */
export async function updateSubscription(
  ports: SubscriptionPorts,
  at: { tenant: string; id: string; clientId: string },
  change: SubscriptionChange,
): Promise<Subscription> {
  const seen = await getSubscription(ports, at.tenant, at.id)
  const { target } = change
  if (target !== undefined && target.kind !== seen.target.kind) {
    throw new VaultError('invalid-body', 'A subscription keeps its kind of target', {
      field: target.kind === 'webhook' ? 'url' : 'target_connection_id',
      allowed: 'a new subscription for another kind',
    })
  }
  if (target !== undefined) await checkTarget(ports, at.tenant, target)
  const known = new Set(seen.filter.connectionIds)
  const added = change.filter?.connectionIds?.filter((id) => !known.has(id))
  await refuseUnknownConnections(ports, at.tenant, added)
  const { reason, name, ...before } = seen
  const status = change.status ?? seen.status
  const next: Subscription = {
    ...before,
    ...(reason === undefined || status !== seen.status ? {} : { reason }),
    ...withoutNulls({ name: change.name === undefined ? name : change.name }),
    target: target ?? seen.target,
    filter: withoutRepeats(withoutNulls({ ...seen.filter, ...change.filter })),
    status,
    ...(status === 'paused' && seen.status !== 'paused' ? { reason: 'by_person' } : {}),
    ...nextVersion(ports, seen),
  }
  await commit(ports, next, { seen, actorId: at.clientId })
  return next
}

/**
 * Gives a webhook a new signing secret, shown this once. The old one signs beside it for a day, or ends now.
 * Throws `not-found`, `conflict` for a target that has none.
 */
export async function rotateSigningSecret(
  ports: SubscriptionPorts,
  at: { tenant: string; id: string },
  { expirePreviousNow }: { expirePreviousNow: boolean },
): Promise<SubscriptionWithSecret> {
  const seen = await getSubscription(ports, at.tenant, at.id)
  if (seen.secret === undefined) {
    throw new VaultError(
      'conflict',
      'What goes to a connection of the vault is not signed: it has no secret.',
    )
  }
  const { previousSecret: forgotten, previousUntilMs: _, ...kept } = seen
  const window = expirePreviousNow
    ? {}
    : { previousSecret: seen.secret, previousUntilMs: ports.clock.nowMs() + BOTH_KEYS_MS }
  const rotated = await commitWithSecret(ports, { ...kept, ...window, ...nextVersion(ports, seen) }, seen)
  const ended = [forgotten, expirePreviousNow ? seen.secret : undefined]
  const { secret, previousSecret } = rotated.subscription
  for (const pointer of ended) {
    if (pointer !== undefined) await discardReplaced(ports, pointer, [secret, previousSecret])
  }
  return rotated
}

/** Deletes a subscription; what waits for it is not sent, and its signing secret goes with it. Throws `not-found`. */
export async function deleteSubscription(ports: Ports, tenant: string, id: string): Promise<void> {
  const seen = await getSubscription(ports, tenant, id)
  const removal: Write = { op: 'delete', key: subscriptionKey(tenant, id), when: [{ kind: 'item-present' }] }
  if (seen.secret === undefined) return ports.items.transact([removal])
  const intent: Intent = {
    kind: 'destroy',
    tenant,
    ownerId: id,
    op: newUuid(ports.random),
    secretId: seen.secret.secretId,
    newSecret: true,
    deadlineAtMs: ports.clock.nowMs() + INTENT_DEADLINE_MS,
  }
  await ports.items.transact([removal, openIntent(intent)])
  try {
    await undoIntent(ports, intent)
  } catch (error) {
    // It is gone, and says so; its intent has reconcile remove the signing key.
    ports.log.warn('left the end of a subscription to reconcile', { tenant, ...errorFields(error) })
  }
}

/** A filter by what is not there would let nothing through, and nobody would notice. */
async function refuseUnknownConnections(
  ports: Ports,
  tenant: string,
  ids: readonly string[] = [],
): Promise<void> {
  const rows = await Promise.all(ids.map((id) => findConnection(ports, tenant, id)))
  const unknown = ids.find((_, index) => rows[index] === undefined)
  if (unknown === undefined) return
  throw new VaultError('invalid-body', `There is no connection ${shownName(unknown)}`, {
    field: 'connection_ids',
    allowed: 'ids of connections that are there',
  })
}

/** The same lists, each value once. */
function withoutRepeats({ types, appIds, connectionIds }: SubscriptionFilter): SubscriptionFilter {
  return {
    ...(types && { types: [...new Set(types)] }),
    ...(appIds && { appIds: [...new Set(appIds)] }),
    ...(connectionIds && { connectionIds: [...new Set(connectionIds)] }),
  }
}

type WithoutNulls<T> = { [Member in keyof T]: Exclude<T[Member], null> }

/** The members that hold something. */
function withoutNulls<T extends object>(members: T): Partial<WithoutNulls<T>> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<WithoutNulls<T>>
}

function nextVersion(ports: Ports, seen: Subscription): Pick<Subscription, 'version' | 'updatedAtMs' | 'op'> {
  return { version: seen.version + 1, updatedAtMs: ports.clock.nowMs(), op: newUuid(ports.random) }
}

/** Stores a change, with the event of a status that became another one. */
async function commit(
  ports: Ports,
  next: Subscription,
  { seen, actorId }: { seen: Subscription | undefined; actorId?: string },
): Promise<void> {
  const told = seen === undefined || seen.status === next.status ? [] : [statusEvent(ports, next, actorId)]
  await changed(() => commitItem(ports, next, changeOf(next, seen), told))
}

function changeOf({ tenant, id }: Subscription, seen: Subscription | undefined): ItemChange<Subscription> {
  return {
    key: subscriptionKey(tenant, id),
    seen,
    writes: (next, before) => [subscriptionWrite(next, before)],
  }
}

const STATUS_EVENTS = {
  enabled: 'subscription.resumed',
  paused: 'subscription.paused',
  ended: 'subscription.ended',
} as const

function statusEvent(ports: Ports, next: Subscription, actorId: string | undefined): Write {
  return subscriptionEventWrite(next, {
    type: STATUS_EVENTS[next.status],
    id: newUuid(ports.random),
    sequence: next.version,
    nowMs: ports.clock.nowMs(),
    reason: next.reason ?? 'by_person',
    ...(actorId === undefined ? {} : { actor: { id: actorId } }),
  })
}

async function commitWithSecret(
  ports: Ports,
  draft: Subscription,
  seen: Subscription | undefined,
): Promise<SubscriptionWithSecret> {
  const secret = newSigningSecret(ports.random)
  const subscription = await changed(() =>
    commitItemWithSecret(ports, draft, changeOf(draft, seen), { kind: 'w', value: signingContent(secret) }),
  )
  return { subscription, secret }
}

async function checkTarget(
  ports: SubscriptionPorts,
  tenant: string,
  target: SubscriptionTarget,
): Promise<void> {
  if (target.kind === 'webhook') {
    const refused = ports.checkUrl(target.url)
    if (refused === undefined) return
    throw new VaultError('invalid-body', refused.message.replace(/\.$/, ''), {
      field: 'url',
      allowed: 'an https address on the public internet, port 443',
    })
  }
  const row = await findConnection(ports, tenant, target.connectionId)
  const setup = row === undefined ? undefined : findSetupOf(row.appId, row.setupType)
  if (setup?.webhookBody !== undefined) return
  throw new VaultError('invalid-body', 'There is no such connection that posts to a webhook', {
    field: 'target_connection_id',
    allowed: 'a connection of the vault whose setup is a webhook URL, such as Slack or Zapier',
  })
}

async function changed<T>(apply: () => Promise<T>): Promise<T> {
  try {
    return await apply()
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error
    throw new VaultError('conflict', 'The subscription is being changed by others. Nothing was changed.', {
      retryAfterSeconds: 1,
      cause: error,
    })
  }
}
