import type { ConnectionRow } from '../../domain/connection.ts'
import type { JsonObject } from '../../domain/json.ts'
import { connectionDueAtMs } from '../../domain/rotation-policy.ts'
import type { MintedGrant } from '../../ports/oauth-client.ts'
import type { HeldChange } from '../commit/commit-held.ts'
import type { SecretContent } from '../commit/secret-content.ts'
import type { GrantPorts } from './grant-ports.ts'
import { statusWithGrant } from './grant-records.ts'
import type { MintedConnection } from './minted-connection.ts'
import { dueMembers } from './postpone-rotation.ts'

/** A provider's good answer, with what was asked. */
export interface GrantAnswer {
  readonly content: SecretContent
  readonly minted: Readonly<Record<string, MintedGrant>>
  readonly issuedAtMs: number
  readonly askedScopes: readonly string[]
  readonly oauthAppId: string | undefined
}

/** A code is good once; the digest of the whole setup stays in the row, so sending it again changes nothing. */
export function withoutUsedCode(setup: JsonObject): JsonObject {
  const { code: _code, code_verifier: _verifier, ...rest } = setup
  return rest
}

/** The row that holds new grants, whoever commits them: the rotation itself, or a later rescue. */
export function grantChange(
  ports: Pick<GrantPorts, 'clock'>,
  current: ConnectionRow,
  facts: {
    held: Pick<MintedConnection, 'setup'>
    secret: NonNullable<ConnectionRow['secret']>
    grants: NonNullable<ConnectionRow['grants']>
    answer: Pick<GrantAnswer, 'askedScopes' | 'oauthAppId'>
  },
): HeldChange {
  const requiredScopes = facts.answer.askedScopes
  const standing = statusWithGrant(facts.held.setup, { requiredScopes, grants: facts.grants })
  return {
    members: {
      ...standing,
      secret: facts.secret,
      grants: facts.grants,
      requiredScopes,
      credentialVersion: current.credentialVersion + 1,
      refreshedAtMs: ports.clock.nowMs(),
      attempt: undefined,
      failure: undefined,
      ...(facts.answer.oauthAppId === undefined ? {} : { oauthAppId: facts.answer.oauthAppId }),
      ...dueMembers(current.id, connectionDueAtMs({ ...current, grants: facts.grants })),
    },
    event: eventOf(current, standing.status),
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
