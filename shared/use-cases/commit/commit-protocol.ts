import type { SecretPointer } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import { intentKey, workShard } from '../../domain/keys.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import {
  type Attributes,
  ConditionFailedError,
  StoreUnavailableError,
  type Write,
} from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { type UndoPorts, undoIntent } from './undo-intent.ts'

/*
 * Two stores, one commit point: the row's pointer. An intent stands beside the row before the secret is put, and
 * the commit removes it in the same transaction, on the condition that it is still open. So whoever finds an
 * intent past its deadline may close it first and clean up after: a commit that comes late then fails. An undone
 * intent stays for a while as a mark, so that an absent one means one thing only: committed.
 */

/** Longer than any request may take (API Gateway: 30 s) and its retries, so that a live operation is not undone. */
export const INTENT_DEADLINE_MS = 60_000
/** Waits between tries to learn the outcome of a commit; about 3 s in all, then the answer is 503. */
const RESOLVE_WAITS_MS = [50, 150, 400, 900, 1500]

/** What is about to happen to a secret, so that a crash leaves a trace of it. Holds no secret. */
export interface Intent {
  /** `destroy`: the commit took the owner away, and what is left to do is to undo its secret. */
  readonly kind: 'create' | 'update' | 'destroy'
  readonly tenant: string
  readonly ownerId: string
  readonly op: string
  readonly secretId: string
  /** True when this operation makes the secret itself and not just another version of it. */
  readonly newSecret: boolean
  readonly deadlineAtMs: number
  /** The Idempotency-Key record to release when the operation is undone. */
  readonly idempotencySort?: string
}

/** The write that closes the intent as part of a commit. */
export function closeIntent(intent: Intent): Write {
  return {
    op: 'delete',
    key: intentKey(intent.tenant, intent.op),
    when: [{ kind: 'equals', attribute: 'state', value: 'open' }],
  }
}

/** The write that opens an intent; it is worked once its deadline is past, unless it is closed before. */
export function openIntent(intent: Intent): Write {
  const attributes: Attributes = {
    ...intent,
    state: 'open',
    due_shard: workShard(intent.op),
    due_at: intent.deadlineAtMs,
  }
  return { op: 'put', key: intentKey(intent.tenant, intent.op), attributes, when: [{ kind: 'item-absent' }] }
}

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

/** Applies one transaction and, when its outcome is unknown, asks `isApplied` until the store tells. */
export async function transactSurely(
  ports: Ports,
  writes: readonly Write[],
  isApplied: () => Promise<boolean>,
): Promise<void> {
  try {
    await ports.items.transact(writes)
  } catch (error) {
    if (!isOfUnknownOutcome(error)) throw failureOf(error)
    if (!(await isAppliedAfterAll(ports, error, isApplied))) throw failureOf(error)
  }
}

async function isAppliedAfterAll(
  ports: Ports,
  error: unknown,
  isApplied: () => Promise<boolean>,
): Promise<boolean> {
  try {
    return await withPatience(ports, isApplied)
  } catch (silence) {
    if (silence instanceof StoreUnavailableError) throw doubtOf(error)
    throw silence
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

async function withPatience<T>(ports: Ports, act: () => Promise<T>): Promise<T> {
  for (const waitMs of RESOLVE_WAITS_MS) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
      await ports.clock.sleep(waitMs)
    }
  }
  return act()
}

/** A store's failure in the caller's words; everything else as it is. */
export function failureOf(error: unknown): unknown {
  if (!(error instanceof StoreUnavailableError)) return error
  return storeFailure('The vault could not reach its store; nothing was changed. Try again.', error)
}

/** For a write that may or may not be there: a client that repeats it blindly may make a second one. */
function doubtOf(error: unknown): VaultError {
  return storeFailure(
    'The vault lost its store while it was writing. Look whether the change is there before you send it again.',
    error instanceof VaultError ? error.cause : error,
  )
}

function storeFailure(message: string, cause: unknown): VaultError {
  return new VaultError('store-unavailable', message, { retryAfterSeconds: 1, cause })
}

/** Whether a write that failed this way may have been applied; `transactSurely` keeps the store's error as cause. */
function isOfUnknownOutcome(error: unknown): boolean {
  const failure = error instanceof VaultError ? error.cause : error
  return failure instanceof StoreUnavailableError && failure.outcome === 'unknown'
}
