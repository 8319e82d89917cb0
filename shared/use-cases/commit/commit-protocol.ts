import type { SecretPointer } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import type { StagedVersion } from '../../ports/secret-store.ts'
import type { Intent } from '../../rows/intent-row.ts'
import { closeIntent, openIntent } from './intent.ts'
import type { SecretPlace } from './secret-place.ts'
import { doubtOf, failureOf, isOfUnknownOutcome, withPatience } from './transact-surely.ts'
import { type UndoPorts, undoIntent } from './undo-intent.ts'

/*
 * Two stores, one commit point: the row's pointer. Where a version is stored at once, an intent stands beside the row
 * first, and the commit removes it in the same transaction, on the condition that it is still open. So whoever finds
 * an intent past its deadline may close it first and clean up after: a commit that comes late then fails. An undone
 * intent stays for a while as a mark, so that an absent one means one thing only: committed.
 * Where versions are kept among the rows there is nothing to undo: the version comes with the pointer to it.
 */

/** A version that is about to be pointed at, and what belongs into the transaction that does. */
export interface Staging {
  readonly pointer: SecretPointer
  readonly beside: readonly Write[]
  /** Whether an intent stands. Without one nothing is written yet, and the commit settles its own outcome. */
  readonly begun: boolean
}

interface CommitPlan {
  readonly intent: Intent
  /** Where the version goes: the intent names the same secret. */
  readonly place: Pick<SecretPlace, 'generation' | 'staged'>
  /** What belongs to the start where there is one: it is written with the intent. */
  readonly besideIntent?: readonly Write[]
  /** The value to stage, or what stages it elsewhere under the operation's name. */
  readonly value: SecretText | (() => Promise<StagedVersion>)
  /** Whether a provider is to see the version before anything points at it: then it is stored first, in any store. */
  readonly seenFirst: boolean
  /** Applies the final transaction, with all that `beside` holds. */
  commit(staging: Staging): Promise<void>
}

/**
 * Stages one secret version and commits the pointer to it. Whatever fails before the commit is undone. A commit of
 * unknown outcome that proves to be done is answered like any other, so `commit` may have thrown. Throws
 * `store-unavailable` when a store failed, and passes on what `commit` threw.
 */
export async function commitSecret(ports: UndoPorts, plan: CommitPlan): Promise<SecretPointer> {
  if (ports.secrets.staging === 'at-once' || plan.seenFirst) return commitInSteps(ports, plan)
  try {
    const { versionId, writes } = await stageFor(ports, plan)
    const pointer = pointerOf(plan, versionId)
    await plan.commit({ pointer, beside: writes, begun: false })
    return pointer
  } catch (error) {
    throw failureOf(error)
  }
}

function pointerOf({ intent: { secretId }, place: { generation, staged } }: CommitPlan, versionId: string) {
  return { secretId, versionId, generation, staged }
}

function stageFor(ports: Ports, { intent, value }: CommitPlan): Promise<StagedVersion> {
  if (typeof value === 'function') return value()
  return ports.secrets.stage(intent.secretId, intent.op, value, { isNew: intent.newSecret })
}

async function commitInSteps(ports: UndoPorts, plan: CommitPlan): Promise<SecretPointer> {
  const { intent } = plan
  let started = false
  let pointer: SecretPointer | undefined
  const start = async (staged: readonly Write[] = []): Promise<void> => {
    await ports.items.transact([openIntent(intent), ...(plan.besideIntent ?? []), ...staged])
    started = true
  }
  try {
    const among = ports.secrets.staging === 'with-the-row'
    if (!among) await start()
    // Who stages elsewhere may make no secret.
    if (typeof plan.value === 'function' && intent.newSecret) await ports.secrets.create(intent.secretId)
    const { versionId, writes } = await stageFor(ports, plan)
    if (among) await start(writes)
    pointer = pointerOf(plan, versionId)
    await plan.commit({ pointer, beside: [closeIntent(intent)], begun: true })
    return pointer
  } catch (error) {
    // A refused start wrote nothing; an unknown one may have left an intent, which undoing removes.
    if (!started && !isOfUnknownOutcome(error)) throw failureOf(error)
    const end = await undoPatiently(ports, intent)
    if (pointer === undefined || !isOfUnknownOutcome(error)) throw failureOf(error)
    if (end === 'absent') return pointer
    throw end === 'undone' ? failureOf(error) : doubtOf(error)
  }
}

/**
 * The transaction that commits an operation. A condition that fails here means that the operation outlived its
 * deadline and reconcile undid it, or another request took its Idempotency-Key over: nothing was changed.
 */
export async function commitOnce(ports: Ports, writes: readonly Write[]): Promise<void> {
  try {
    await ports.items.transact(writes)
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error
    throw new VaultError(
      'store-unavailable',
      'The request took too long and was undone; nothing was changed. Try again.',
      {
        retryAfterSeconds: 1,
        cause: error,
      },
    )
  }
}

/** Undoes an operation; `absent` when it turns out to be committed, and then nothing is touched. */
async function undoPatiently(ports: UndoPorts, intent: Intent): Promise<'undone' | 'absent' | 'unreachable'> {
  try {
    return await withPatience(ports, () => undoIntent(ports, intent))
  } catch (error) {
    // The stores are out of reach: the intent stays, and reconcile undoes the operation after its deadline.
    ports.log.warn('left an unfinished operation to reconcile', { op: intent.op, ...errorFields(error) })
    return 'unreachable'
  }
}
