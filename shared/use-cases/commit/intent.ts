import { intentKey, workShard } from '../../domain/keys.ts'
import type { Attributes, Write } from '../../ports/item-store.ts'

/** Longer than any request may take (API Gateway: 30 s) and its retries, so that a live operation is not undone. */
export const INTENT_DEADLINE_MS = 60_000

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
  /** The mark of a grant that was brought along and is sealed before the commit; undoing removes it. */
  readonly sealedMark?: string
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
