import { rowCodec } from './row-codec.ts'

/** How far a move of what is sealed of a tenant to another key has come, for the run after one that was stopped. */
export interface KeyMoveRow {
  /** The key that it is moved to. */
  readonly keyArn: string
  readonly startedAtMs: number
  /** Which pass over the table it is, counted from 1, and what this one came to so far. */
  readonly pass: number
  readonly looked: number
  readonly rewrapped: number
  readonly current: number
  readonly contended: number
  readonly failed: number
  /** Where the pass goes on. */
  readonly cursor: string
}

/** Moves to another key, as they are stored. */
export const KEY_MOVE_ROWS = rowCodec<KeyMoveRow>('move to another key', 1)
