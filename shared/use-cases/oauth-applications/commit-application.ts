import { canonicalJson } from '../../domain/canonical-json.ts'
import type { SecretPointer } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { defaultOauthAppKey, oauthAppKey } from '../../domain/keys.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  APPLICATION_ROWS,
  DEFAULT_APPLICATION_ROWS,
  type OauthApplication,
} from '../../rows/application-row.ts'
import { commitItem, commitItemWithSecret, type ItemChange, placeUnchanged } from '../commit/commit-item.ts'
import { discardReplaced } from '../commit/discard-version.ts'
import { sealableSetup } from '../commit/sealable-setup.ts'

/**
 * How long the client secret before the newest is kept and tried: where a provider has two, an operator may take a week
 * to change over, and where it has one, the change comes later there or here.
 */
const PREVIOUS_SECRET_MS = 7 * 24 * 3_600_000

/** What becomes of an application that was seen. */
interface ApplicationChange {
  readonly previous: OauthApplication | undefined
  /** The default of its app so far. */
  readonly current: OauthApplication | undefined
  readonly secrets: JsonObject | undefined
  /** Whether it becomes another client, which none of the old one's secrets is of. */
  readonly isAnother: boolean
}

/**
 * Stores an application, and the values of its secret where they are new, in one commit. The ones before are kept and
 * tried for a while. Throws `conflict` when others change it.
 */
export async function commitApplication(
  ports: Ports,
  draft: Omit<OauthApplication, 'secret'>,
  { previous: seen, current, secrets, isAnother }: ApplicationChange,
): Promise<OauthApplication> {
  const change: ItemChange<OauthApplication> = {
    key: oauthAppKey(draft.tenant, draft.id),
    seen,
    writes: (next, before) => [applicationWrite(next, before), ...defaultWrites(next, current)],
  }
  const secretDigest = secrets === undefined ? seen?.secretDigest : await clientSecretDigestOf(ports, secrets)
  // A deploy tool sends the same with each run: that is no new secret, and would push out the one before it.
  const isNew = secretDigest !== seen?.secretDigest
  const { previous: earlier, ...bare } = draft
  const previous = isNew && seen?.secret !== undefined ? previousFrom(ports, seen.secret) : earlier
  const next = {
    ...bare,
    ...(previous === undefined || isAnother ? {} : { previous }),
    ...(secretDigest === undefined ? {} : { secretDigest }),
  }
  const application = await changed(() =>
    isNew && secrets !== undefined
      ? commitItemWithSecret<OauthApplication>(ports, next, change, {
          kind: 'a',
          value: sealableSetup(secrets),
        })
      : commitSame(ports, next, change),
  )
  await letGo(ports, [seen?.secret, earlier?.secret], application)
  return application
}

/** The keyed digest of what an application keeps secret, by which the same sent again is told. */
export function clientSecretDigestOf(ports: Pick<Ports, 'digester'>, secrets: JsonObject): Promise<string> {
  return ports.digester.digest('client-secret', new SecretText(canonicalJson(secrets)))
}

function previousFrom(ports: Ports, secret: SecretPointer): OauthApplication['previous'] {
  return { secret, untilMs: ports.clock.nowMs() + PREVIOUS_SECRET_MS }
}

async function commitSame(
  ports: Ports,
  next: Omit<OauthApplication, 'secret'>,
  change: ItemChange<OauthApplication>,
): Promise<OauthApplication> {
  const kept = change.seen?.secret
  const application = { ...next, ...(kept === undefined ? {} : { secret: kept }) }
  await commitItem(ports, application, change)
  return application
}

/** What the application pointed at and does not any more. */
async function letGo(
  ports: Ports,
  pointers: readonly (SecretPointer | undefined)[],
  { secret, previous }: OauthApplication,
): Promise<void> {
  const kept = [secret, previous?.secret]
  for (const pointer of pointers) {
    if (pointer === undefined || kept.some((one) => one?.versionId === pointer.versionId)) continue
    await discardReplaced(ports, pointer, kept)
  }
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
    key: defaultOauthAppKey(application.tenant, application.appId),
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
