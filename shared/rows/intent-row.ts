import { rowCodec } from './row-codec.ts'

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

/** An intent as it is stored: `undoing` from when somebody found it past its deadline, so that no commit can follow. */
export interface StoredIntent extends Intent {
  readonly state: 'open' | 'undoing'
}

/** Intents, as they are stored. */
export const INTENT_ROWS = rowCodec<StoredIntent>('intent', 1)
