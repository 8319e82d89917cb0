import { VaultError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { oauthAppKey } from '../../domain/keys.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  APPLICATION_ROWS,
  DEFAULT_APPLICATION_ROWS,
  type OauthApplication,
} from '../../rows/application-row.ts'
import { commitItem, commitItemWithSecret, type ItemChange, placeUnchanged } from '../commit/commit-item.ts'
import { discardReplaced } from '../commit/discard-version.ts'
import { sealableContent } from '../commit/secret-content.ts'
import { defaultApplicationSort } from './oauth-application.ts'

/**
 * Stores an application, and the values of its secret where there are new ones, in one commit. `current` is the default
 * of its app so far. Throws `conflict` when others change it.
 */
export async function commitApplication(
  ports: Ports,
  draft: Omit<OauthApplication, 'secret'>,
  {
    previous,
    current,
    secrets,
  }: {
    readonly previous: OauthApplication | undefined
    readonly current: OauthApplication | undefined
    readonly secrets: JsonObject | undefined
  },
): Promise<OauthApplication> {
  const change: ItemChange<OauthApplication> = {
    key: oauthAppKey(draft.tenant, draft.id),
    seen: previous,
    writes: (next, before) => [applicationWrite(next, before), ...defaultWrites(next, current)],
  }
  const kept = previous?.secret
  if (secrets === undefined) {
    const application = { ...draft, ...(kept === undefined ? {} : { secret: kept }) }
    await changed(() => commitItem(ports, application, change))
    return application
  }
  const value = sealableContent({ setup: secrets })
  const application = await changed(() =>
    commitItemWithSecret<OauthApplication>(ports, draft, change, { kind: 'a', value }),
  )
  if (kept !== undefined) await discardReplaced(ports, kept, [application.secret])
  return application
}

function applicationWrite(application: OauthApplication, before: OauthApplication | undefined): Write {
  return {
    op: 'put',
    key: oauthAppKey(application.tenant, application.id),
    attributes: APPLICATION_ROWS.encode(application),
    when: placeUnchanged(before),
  }
}

/** What makes an application the default of its app in the place of the current one. */
function defaultWrites(application: OauthApplication, current: OauthApplication | undefined): Write[] {
  if (!application.isDefault || current?.id === application.id) return []
  const pointer: Write = {
    op: 'put',
    key: oauthAppKey(application.tenant, defaultApplicationSort(application.appId)),
    attributes: DEFAULT_APPLICATION_ROWS.encode({ id: application.id }),
    when:
      current === undefined
        ? [{ kind: 'item-absent' }]
        : [{ kind: 'equals', attribute: 'id', value: current.id }],
  }
  if (current === undefined) return [pointer]
  return [
    pointer,
    {
      op: 'update',
      key: oauthAppKey(current.tenant, current.id),
      // Its version rises too: who changes it by an older reading would make it the default again.
      set: { isDefault: false, version: current.version + 1 },
      when: [{ kind: 'equals', attribute: 'version', value: current.version }],
    },
  ]
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
