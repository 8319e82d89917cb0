import type { ConnectionRow } from '../../domain/connection.ts'
import type { RotationResult } from '../../ports/grant-runner.ts'
import type { Rescue } from '../../rows/rescue-row.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import type { Granted } from '../grants/ask-provider.ts'
import { grantChange } from '../grants/grant-change.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { keepAnswer } from '../grants/keep-answer.ts'
import type { HeldConnection } from '../grants/minted-connection.ts'
import type { AnswerSeals, TokensByName } from '../grants/sealed-tokens.ts'
import { findRescue, settleRescue } from '../grants/settle-rescue.ts'
import { commitFailure } from './commit-failure.ts'

/** A renewal's good answer, with what it replaces and what it will be sealed into. */
export interface Renewal {
  readonly granted: Granted
  readonly seals: AnswerSeals
  readonly old: TokensByName
  readonly askedScopes: readonly string[]
}

/** Keeps a renewed grant, and tells what became of the rotation. */
export async function keepRenewal(
  ports: GrantPorts,
  held: HeldConnection,
  { granted, seals, old, askedScopes }: Renewal,
): Promise<RotationResult> {
  const { row, setup } = held
  const sealed = seals.seal(granted.tokens, { pointer: row.grant, tokens: old })
  const to = {
    pointer: sealed.pointer,
    grants: granted.states,
    requiredScopes: askedScopes,
    ...(granted.oauthAppId === undefined ? {} : { oauthAppId: granted.oauthAppId }),
  }
  const kept = await keepAnswer(ports, {
    row,
    mark: seals.mark,
    sealed,
    commit: (beside) =>
      commitHeld(ports, row, (current) => {
        // A new setup of the same client may have asked for other scopes meanwhile.
        const requiredScopes = current.requiredScopes ?? askedScopes
        return { ...grantChange(ports, current, setup, { ...to, requiredScopes }), beside }
      }),
    rescue: rescueOf(ports, held, { granted, sealed, askedScopes }),
  })
  if (kept.kind === 'kept') return { kind: 'rotated', row: kept.row }
  if (kept.kind === 'lost') return answerLost(ports, row)
  const current = await findConnection(ports, row.tenant, row.id)
  if (current !== undefined) return { kind: 'busy', row: current }
  // Deleted while the provider answered: the grant must not outlive that.
  const rescue = await findRescue(ports, { tenant: row.tenant, id: row.id, op: row.attempt.op })
  if (rescue !== undefined) await settleRescue(ports, rescue)
  return { kind: 'gone' }
}

function rescueOf(
  ports: GrantPorts,
  { row }: HeldConnection,
  {
    granted,
    sealed,
    askedScopes,
  }: Pick<Renewal, 'granted' | 'askedScopes'> & { sealed: { pointer: Rescue['grant'] } },
): Rescue {
  const replaced = granted.names.flatMap((name) => {
    const mark = row.grants?.[name]?.mark
    return mark === undefined ? [] : [[name, mark] as const]
  })
  return {
    of: 'renewal',
    op: row.attempt.op,
    tenant: row.tenant,
    connectionId: row.id,
    appId: row.appId,
    setupType: row.setupType ?? '',
    setupDigest: row.setupDigest ?? '',
    ...(row.clientDigest === undefined ? {} : { clientDigest: row.clientDigest }),
    ...(row.account === undefined ? {} : { account: row.account }),
    ...(row.authorization === undefined ? {} : { authorization: row.authorization }),
    ...(row.secret === undefined ? {} : { secret: row.secret }),
    ...((granted.oauthAppId ?? row.oauthAppId) === undefined
      ? {}
      : { oauthAppId: (granted.oauthAppId ?? row.oauthAppId)! }),
    grant: sealed.pointer,
    grants: Object.fromEntries(granted.names.map((name) => [name, granted.states[name]!])),
    requiredScopes: askedScopes,
    replaces: Object.fromEntries(replaced),
    createdAtMs: ports.clock.nowMs(),
  }
}

async function answerLost(ports: GrantPorts, row: ConnectionRow): Promise<RotationResult> {
  const failure = {
    class: 'unknown',
    code: 'answer_not_stored',
    message: 'The provider answered but the answer could not be stored.',
    next: 'unknown',
  } as const
  return { kind: 'failed', row: await commitFailure(ports, row, { failure }) }
}
