import type { Attributes } from '../ports/item-store.ts'
import { rowCodec } from './row-codec.ts'

/** A code that is sent to its provider, the operation that sends it, and whether that has ended. */
export interface CodeClaimRow {
  readonly op: string
  readonly claimedAtMs: number
  readonly over?: boolean
}

/** Claims of codes, as they are stored. */
export const CODE_CLAIM_ROWS = rowCodec<CodeClaimRow>('claim of a code', 1)

/** Which connection an imported token belongs to. */
export const IMPORTED_ROWS = rowCodec<{ readonly connectionId: string }>('claim of an imported grant', 1)

/** What is remembered of a request with an Idempotency-Key. */
export interface IdempotencyRecord {
  readonly op: string
  readonly state: 'in-progress' | 'done'
  /** From when another request may take the key. */
  readonly replaceableAtMs: number
  /** Keyed, because the body holds secrets. */
  readonly bodyDigest: string
  /** The row that was created, as rows are stored. */
  readonly row?: Attributes
}

/** Records of Idempotency-Keys, as they are stored. */
export const IDEMPOTENCY_ROWS = rowCodec<IdempotencyRecord>('record of an Idempotency-Key', 1)
