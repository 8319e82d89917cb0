import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow, ConnectionStatus } from '../../domain/connection.ts'
import { connectionDueAtMs } from '../../domain/rotation-policy.ts'
import type { SealedGrant } from '../../ports/grant-runner.ts'
import type { Rescue } from '../../rows/rescue-row.ts'
import type { VisibleChange } from '../commit/change-connection.ts'
import { fingerprintOf } from '../commit/connection-rows.ts'
import type { GrantPorts } from './grant-ports.ts'
import { statusWithGrant } from './grant-records.ts'
import { dueMembers } from './postpone-rotation.ts'

/** New grants as the row will know them: where they are sealed, and each one's state by name. */
type NewGrants = Pick<SealedGrant, 'grant' | 'grants' | 'requiredScopes' | 'oauthAppId'>

/** The members of a row that holds new grants. */
export function grantMembers(
  current: Pick<ConnectionRow, 'id' | 'warnedRefreshExpiryMs'>,
  setup: Setup,
  { grant, grants, oauthAppId, requiredScopes }: NewGrants,
): Partial<ConnectionRow> {
  return {
    ...statusWithGrant(setup, { requiredScopes, grants }),
    grant,
    grants,
    requiredScopes,
    attempt: undefined,
    failure: undefined,
    ...(oauthAppId === undefined ? {} : { oauthAppId }),
    ...dueMembers(current.id, connectionDueAtMs({ ...current, grants })),
  }
}

/** What is over with the grant that an authorization replaces: that may have been another person's. */
const OF_THE_OLD = { account: undefined, authorizedBy: undefined, warnedRefreshExpiryMs: undefined }

/**
 * The change that puts in its place what a provider answered, told as the rescue that stands for it where the row is
 * not to be had: by whoever asked, or later by whoever finds that. `grants` are all that its sealed items hold. The
 * fence rises, so that no answer of another attempt can be committed over it.
 */
export function grantChange(
  ports: Pick<GrantPorts, 'clock'>,
  current: ConnectionRow,
  setup: Setup,
  rescue: Rescue,
): VisibleChange {
  const isAnew = rescue.of === 'authorize'
  // A new setup of the same client may have asked for other scopes since a renewal was asked for.
  const asked = rescue.of === 'renewal' ? current.requiredScopes : undefined
  const before = isAnew ? { ...current, ...OF_THE_OLD } : current
  const members = grantMembers(before, setup, { ...rescue, requiredScopes: asked ?? rescue.requiredScopes })
  const status = members.status ?? current.status
  return {
    members: {
      ...members,
      ...(isAnew ? { ...OF_THE_OLD, oauthAppId: rescue.oauthAppId } : {}),
      ...besideGrant(current, rescue),
      credentialVersion: current.credentialVersion + 1,
      refreshedAtMs: ports.clock.nowMs(),
      fence: current.fence + 1,
    },
    event: isAnew ? authorizedEvent(current.status, status) : renewedEvent(current.status, status),
  }
}

/** What comes with an authorization; a bare setup only where the connection has none of its type. */
function besideGrant(current: ConnectionRow, { members = {} }: Rescue): Partial<ConnectionRow> {
  const { clientDigest, setupDigest, setupType, ...others } = members
  if (setupDigest === undefined || setupType === current.setupType) return others
  return { ...members, fingerprint: fingerprintOf({ id: current.id, name: current.name, setupDigest }) }
}

function renewedEvent(before: ConnectionStatus, after: ConnectionStatus): VisibleChange['event'] {
  if (after === 'degraded' && before === 'ready')
    return { type: 'connection.degraded', changed: ['credentials', 'scopes', 'status'] }
  if (after === 'ready' && before !== 'ready')
    return { type: 'connection.recovered', changed: ['credentials', 'status'] }
  return { type: 'connection.credentials_rotated', changed: ['credentials'] }
}

function authorizedEvent(before: ConnectionStatus, after: ConnectionStatus): VisibleChange['event'] {
  const changed = ['authorization', 'credentials']
  if (after === 'degraded' && before !== 'degraded') return { type: 'connection.degraded', changed }
  const wasBroken = before === 'reauthorization_required' || before === 'degraded'
  const isMended = wasBroken && after === 'ready'
  return { type: isMended ? 'connection.recovered' : 'connection.updated', changed }
}
