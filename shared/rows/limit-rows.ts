import type { Bucket } from '../domain/token-bucket.ts'
import { rowCodec } from './row-codec.ts'

/** What is left of a tenant's budget, which processes share; `op` changes with each share that is taken. */
export const BUCKET_ROWS = rowCodec<Bucket & { readonly op: string }>('budget', 1)

/** Until when a breaker is open, and until when somebody finds out; `op` changes with each look that is told. */
export const BREAKER_ROWS = rowCodec<{
  readonly op: string
  readonly openUntilMs: number
  readonly probingUntilMs: number
  readonly isRefused: boolean
}>('breaker', 1)

/** A turn that a call has, and until when if its process dies. */
export const TURN_ROWS = rowCodec<{ readonly op: string; readonly untilMs: number }>('turn', 1)

/** How many writes of a second were taken of a quota of the secret store; the first makes the count. */
export const WRITE_TURNS_ROWS = rowCodec<{ readonly taken?: number }>('count of writes', 1)
