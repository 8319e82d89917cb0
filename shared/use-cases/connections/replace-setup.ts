import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionKey } from '../../domain/keys.ts'
import { checkIfMatch } from '../../domain/preconditions.ts'
import { SETUP_MISSING } from '../../domain/rotation.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { FirstGrantRequest } from '../../ports/grant-runner.ts'
import { ConditionFailedError } from '../../ports/item-store.ts'
import { SecretNotFoundError, type StagedVersion } from '../../ports/secret-store.ts'
import type { Intent } from '../../rows/intent-row.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { commitSecret, type Staging } from '../commit/commit-protocol.ts'
import {
  connectionBusy,
  connectionNotFound,
  findConnection,
  getConnection,
} from '../commit/connection-rows.ts'
import { ASKING_DEADLINE_MS, INTENT_DEADLINE_MS } from '../commit/intent.ts'
import { endOfGrant, marksOf } from '../commit/rescue-item.ts'
import { countedPointer, kindOfSetup, placeForSecret } from '../commit/secret-place.ts'
import type { AcceptedSetup } from './accept-setup.ts'
import { asksProvider, type FirstGrantOutcome, type FirstGrantPorts, firstGrant } from './first-grant.ts'
import { type GrantFate, grantFate } from './grant-fate.ts'
import { type AcceptedImport, importGrant } from './import-grant.ts'
import { isRevoked, leftWith, type Replaced, retireSetup } from './retire-setup.ts'
import type { CredentialEndInput } from './set-credential-end.ts'
import { setupChange } from './setup-change.ts'

/** Where the version of a new setup comes from. */
export type SetupSource =
  | { readonly kind: 'sent'; readonly value: SecretText }
  /** Merged over the stored one, and staged, by whoever can read that. */
  | {
      readonly kind: 'merged'
      /** The members that were sent. */
      readonly sent: readonly string[]
      stage(at: { secretId: string; versionId: string; isNew: boolean }): Promise<StagedVersion>
    }

/** The setup that takes the place, and the grant that it goes on with where one is brought along. */
interface Replacement {
  readonly accepted: AcceptedSetup
  readonly source: SetupSource
  readonly imported?: AcceptedImport | undefined
}

/** What an update asks for beside the setup. */
export interface SetupReplacement extends CredentialEndInput {
  readonly name?: string
  readonly ifMatch?: string
  readonly verify?: boolean
}

/**
 * Puts an accepted setup in the place of the connection's own, and answers the row. A grant of the same client stays,
 * or is replaced by one that is there; that of another client ends in the same transaction.
 * Throws what `updateConnection` throws.
 */
export async function replaceSetup(
  ports: FirstGrantPorts,
  row: ConnectionRow,
  { accepted, source, imported }: Replacement,
  input: SetupReplacement,
): Promise<ConnectionRow> {
  const op = newUuid(ports.random)
  // Of the grant that the connection holds now, as long as no other is there.
  const held = grantFate(row, accepted, false)
  const { reserve, reserved, ...place } = placeForSecret(ports, row, {
    kind: kindOfSetup(accepted.setup),
    key: connectionKey(row.tenant, row.id),
    isGone: row.failure?.code === SETUP_MISSING,
  })
  const { secretId, newSecret } = place
  // Where versions are beside the rows, the secret is made here: who stages into it may make none.
  const isNew = newSecret && ports.secrets.staging === 'with-the-row'
  const verify = input.verify === true
  const seenFirst = imported !== undefined || asksProvider(accepted, { verify })
  const deadlineAtMs = ports.clock.nowMs() + (seenFirst ? ASKING_DEADLINE_MS : INTENT_DEADLINE_MS)
  const intent = intentOf(row, { op, secretId, newSecret, deadlineAtMs, imported })
  let updated: ConnectionRow | undefined
  // What the commit replaces is the row as it is then: a rotation may have moved the pointer since it was read.
  let replaced: Replaced = { row, fate: 'none' }
  let committed: SecretPointer
  try {
    committed = await commitSecret(ports, {
      intent,
      place,
      besideIntent: [reserve],
      value: source.kind === 'sent' ? source.value : () => source.stage({ secretId, versionId: op, isNew }),
      seenFirst,
      commit: async ({ pointer, beside, begun }: Staging) => {
        const request = firstGrantRequest(row, accepted, { secret: pointer, op, held })
        const first = await newGrant(ports, request, { accepted, imported }, { verify, held })
        updated = await changeConnection(ports, begun ? reserved : row, (current) => {
          checkIfMatch(current, input.ifMatch)
          if (source.kind === 'merged' && current.secret?.versionId !== row.secret?.versionId)
            throw connectionBusy()
          replaced = { row: current, fate: grantFate(current, accepted, first.granted) }
          const nowMs = ports.clock.nowMs()
          const secret = countedPointer(pointer, current.secret, { begun })
          const sent = source.kind === 'merged' ? source.sent : undefined
          const to = { name: input.name ?? current.name, first, secret, op, nowMs, sent, end: input }
          const dueAtMs = nowMs + INTENT_DEADLINE_MS
          const ended = isRevoked(replaced) ? endOfGrant(current, { op, nowMs, dueAtMs }) : []
          const left = leftWith(ports, replaced, secret)
          return {
            ...setupChange(current, accepted, to),
            beside: [...beside, ...ended, ...left, ...first.beside],
          }
        })
      },
    })
  } catch (error) {
    throw await reasonOf(ports, row, error)
  }
  await retireSetup(ports, replaced, { op, secret: committed })
  return updated ?? getConnection(ports, row.tenant, row.id)
}

function intentOf(
  { tenant, id: ownerId }: ConnectionRow,
  {
    imported,
    ...plan
  }: Pick<Intent, 'op' | 'secretId' | 'newSecret' | 'deadlineAtMs'> & Pick<Replacement, 'imported'>,
): Intent {
  const sealed = imported === undefined ? {} : { sealedMark: imported.mark }
  return { kind: 'update', tenant, ownerId, ...plan, ...sealed }
}

/** The grant of the new setup: one that was brought along, else what is to be had of its provider. */
function newGrant(
  ports: FirstGrantPorts,
  request: FirstGrantRequest,
  { accepted, imported }: Pick<Replacement, 'accepted' | 'imported'>,
  how: { verify: boolean; held: GrantFate },
): Promise<FirstGrantOutcome> {
  if (imported === undefined) return firstGrant(ports, request, accepted, how)
  return importGrant(ports, request, accepted, imported)
}

async function reasonOf(ports: FirstGrantPorts, row: ConnectionRow, error: unknown): Promise<unknown> {
  const isGone = error instanceof SecretNotFoundError
  if (!isGone && !(error instanceof ConditionFailedError)) return error
  // A delete came in between, which commits first, and its secret takes no versions any more; or another's setup.
  if (isGone && (await findConnection(ports, row.tenant, row.id)) === undefined) return connectionNotFound()
  return connectionBusy(error)
}

function firstGrantRequest(
  row: ConnectionRow,
  accepted: AcceptedSetup,
  { secret, op, held }: { secret: SecretPointer; op: string; held: GrantFate },
): FirstGrantRequest {
  return {
    tenant: row.tenant,
    id: row.id,
    appId: row.appId,
    setupType: accepted.setup.type,
    ...accepted.digests,
    secret,
    op,
    authorization: op,
    ...(held === 'kept' ? { replaces: marksOf(row.grants) } : {}),
  }
}
