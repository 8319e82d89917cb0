import type { ConnectionRow } from '../../domain/connection.ts'
import { connectionDueAtMs } from '../../domain/rotation-policy.ts'
import type { SealedGrant } from '../../ports/grant-runner.ts'
import type { HeldChange } from '../commit/change-connection.ts'
import type { GrantPorts } from './grant-ports.ts'
import { statusWithGrant } from './grant-records.ts'
import type { MintedConnection } from './minted-connection.ts'
import { dueMembers } from './postpone-rotation.ts'

/** New grants as the row will know them: where they are sealed, and each one's state by name. */
export interface NewGrants extends Pick<SealedGrant, 'grant' | 'grants' | 'requiredScopes'> {
  readonly oauthAppId?: string | undefined
}

/** The members of a row that holds new grants, whoever commits them: a rotation, a person's authorization, a rescue. */
export function grantMembers(
  current: Pick<ConnectionRow, 'id' | 'warnedRefreshExpiryMs'>,
  setup: MintedConnection['setup'],
  to: NewGrants,
): Partial<ConnectionRow> {
  const { grants, requiredScopes } = to
  return {
    ...statusWithGrant(setup, { requiredScopes, grants }),
    grant: to.grant,
    grants,
    requiredScopes,
    attempt: undefined,
    failure: undefined,
    ...(to.oauthAppId === undefined ? {} : { oauthAppId: to.oauthAppId }),
    ...dueMembers(current.id, connectionDueAtMs({ ...current, grants })),
  }
}

/** The change that puts renewed grants in their place, with the event that tells of it. */
export function grantChange(
  ports: Pick<GrantPorts, 'clock'>,
  current: ConnectionRow,
  setup: MintedConnection['setup'],
  to: NewGrants,
): HeldChange {
  const members = grantMembers(current, setup, to)
  return {
    members: {
      ...members,
      credentialVersion: current.credentialVersion + 1,
      refreshedAtMs: ports.clock.nowMs(),
    },
    event: eventOf(current, members.status ?? current.status),
  }
}

function eventOf(current: ConnectionRow, status: ConnectionRow['status']): HeldChange['event'] {
  if (status === 'degraded' && current.status === 'ready') {
    return { type: 'connection.degraded', changed: ['credentials', 'scopes', 'status'] }
  }
  if (status === 'ready' && current.status !== 'ready') {
    return { type: 'connection.recovered', changed: ['credentials', 'status'] }
  }
  return { type: 'connection.credentials_rotated', changed: ['credentials'] }
}
