import { intentKey, workShard } from '../../domain/keys.ts'
import { sameAs, type Write } from '../../ports/item-store.ts'
import { INTENT_ROWS, type Intent } from '../../rows/intent-row.ts'

/** Longer than any request may take (API Gateway: 30 s) and its retries, so that a live operation is not undone. */
export const INTENT_DEADLINE_MS = 60_000
/**
 * Of an operation that asks a provider: `grants` may hear the answer, and try to keep it, for the 90 s of a hold after
 * it was called, and what undoes the operation has to find what it kept.
 */
export const ASKING_DEADLINE_MS = 180_000

/** The write that closes the intent as part of a commit. */
export function closeIntent(intent: Intent): Write {
  return { op: 'delete', key: intentKey(intent.tenant, intent.op), when: [sameAs('state', 'open')] }
}

/** The write that opens an intent; it is worked once its deadline is past, unless it is closed before. */
export function openIntent(intent: Intent): Write {
  const attributes = {
    ...INTENT_ROWS.encode({ ...intent, state: 'open' }),
    due_shard: workShard(intent.op),
    due_at: intent.deadlineAtMs,
  }
  return { op: 'put', key: intentKey(intent.tenant, intent.op), attributes, when: [{ kind: 'item-absent' }] }
}
