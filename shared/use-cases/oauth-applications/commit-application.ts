import { VaultError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { oauthAppKey } from '../../domain/keys.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { commitSecret, type Staging } from '../commit/commit-protocol.ts'
import { discardReplaced } from '../commit/discard-version.ts'
import { INTENT_DEADLINE_MS, type Intent } from '../commit/intent.ts'
import { sealableContent } from '../commit/secret-content.ts'
import { firstPlace, placeForSecret } from '../commit/secret-place.ts'
import { settleItem } from '../commit/settle-commit.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import { APPLICATION_ROWS, defaultApplicationSort, type OauthApplication } from './oauth-application.ts'

interface Facts {
  readonly previous: OauthApplication | undefined
  readonly current: OauthApplication | undefined
}

type Draft = Omit<OauthApplication, 'secret'>

/**
 * Stores an application, and the values of its secret where there are new ones, in one commit. Throws `conflict` when
 * others change it.
 */
export async function commitApplication(
  ports: Ports,
  draft: Draft,
  facts: Facts & { readonly secrets: JsonObject | undefined },
): Promise<OauthApplication> {
  const { previous, secrets } = facts
  if (secrets === undefined) {
    const application = { ...draft, ...(previous?.secret === undefined ? {} : { secret: previous.secret }) }
    await changed(() => applied(ports, application, { facts, beside: [] }))
    return application
  }
  const kept = previous?.secret
  const first = previous === undefined ? firstPlace(ports, draft, 'a') : undefined
  const later =
    previous === undefined
      ? undefined
      : placeForSecret(ports, previous, { kind: 'a', key: oauthAppKey(draft.tenant, draft.id) })
  const place = (first ?? later)!
  const intent: Intent = {
    kind: previous === undefined ? 'create' : 'update',
    tenant: draft.tenant,
    ownerId: draft.id,
    op: draft.op,
    secretId: place.secretId,
    newSecret: place.newSecret,
    deadlineAtMs: ports.clock.nowMs() + INTENT_DEADLINE_MS,
  }
  let application: OauthApplication | undefined
  await changed(() =>
    commitSecret(ports, {
      intent,
      place,
      besideIntent: later === undefined ? [] : [later.reserve],
      value: sealableContent({ setup: secrets }),
      seenFirst: false,
      commit: async ({ pointer, beside, begun }: Staging) => {
        const generations = Math.max(draft.generations, pointer.generation)
        application = { ...draft, generations, secret: pointer }
        if (!begun) return applied(ports, application, { facts, beside })
        const seen = { ...facts, previous: later?.reserved }
        await ports.items.transact([...applicationWrites(application, seen), ...beside])
      },
    }),
  )
  if (kept !== undefined) await discardReplaced(ports, kept, [application!.secret])
  return application!
}

/** Applies it and settles an unknown outcome. */
function applied(
  ports: Ports,
  application: OauthApplication,
  { facts, beside }: { facts: Facts; beside: readonly Write[] },
): Promise<void> {
  return transactSurely(ports, [...applicationWrites(application, facts), ...beside], () =>
    settleItem(ports, oauthAppKey(application.tenant, application.id), {
      next: application,
      seen: facts.previous,
    }),
  )
}

function applicationWrites(application: OauthApplication, facts: Facts): Write[] {
  const { previous, current } = facts
  const writes: Write[] = [
    {
      op: 'put',
      key: oauthAppKey(application.tenant, application.id),
      attributes: APPLICATION_ROWS.encode(application),
      when:
        previous === undefined
          ? [{ kind: 'item-absent' }]
          : [
              { kind: 'equals', attribute: 'version', value: previous.version },
              { kind: 'equals', attribute: 'op', value: previous.op },
            ],
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

/** What a commit answers; one that met another's change ends in `conflict`. */
export async function changed<T>(commit: () => Promise<T>): Promise<T> {
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
