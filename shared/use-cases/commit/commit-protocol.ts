import type { SecretPointer } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Intent } from './intent.ts'
import { openIntent } from './intent.ts'
import { doubtOf, failureOf, isOfUnknownOutcome, withPatience } from './transact-surely.ts'
import { type UndoPorts, undoIntent } from './undo-intent.ts'

/*
 * Two stores, one commit point: the row's pointer. An intent stands beside the row before the secret is put, and
 * the commit removes it in the same transaction, on the condition that it is still open. So whoever finds an
 * intent past its deadline may close it first and clean up after: a commit that comes late then fails. An undone
 * intent stays for a while as a mark, so that an absent one means one thing only: committed.
 */

/**
 * Puts one secret version and commits the pointer to it. `besideIntent` are writes that belong to the start,
 * `commit` applies the final transaction, which must hold `closeIntent`. Whatever fails before the commit is
 * undone. A commit of unknown outcome that proves to be done is answered like any other, so `commit` may have
 * thrown. Throws `store-unavailable` when a store failed, and passes on what `commit` threw.
 */
export async function commitSecret(
  ports: UndoPorts,
  plan: {
    intent: Intent
    generation: number
    besideIntent?: readonly Write[]
    value: SecretText
    commit(pointer: SecretPointer): Promise<void>
  },
): Promise<SecretPointer> {
  const { intent } = plan
  let started = false
  let pointer: SecretPointer | undefined
  try {
    await ports.items.transact([openIntent(intent), ...(plan.besideIntent ?? [])])
    started = true
    const { versionId } = await ports.secrets.put(intent.secretId, intent.op, plan.value, {
      isNew: intent.newSecret,
    })
    pointer = { secretId: intent.secretId, versionId, generation: plan.generation }
    await plan.commit(pointer)
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
