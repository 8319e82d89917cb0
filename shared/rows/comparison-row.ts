import { rowCodec } from './row-codec.ts'

/** One comparison of both stores, which may take many runs. */
export interface ComparisonPass {
  readonly startedAtMs: number
  /** How many segments it has. */
  readonly of: number
  readonly finishedAtMs?: number
}

/** How far one segment of it has come. */
export interface ComparedSegment {
  /** Of which pass: the instant of its start. */
  readonly pass: number
  readonly phase: 'rows' | 'secrets' | 'done'
  readonly cursor?: string
  readonly counts: Readonly<Record<string, number>>
  /** Who works on it, and until when; absent when nobody does. */
  readonly holder?: string
  readonly heldUntilMs?: number
}

/** Comparisons, as they are stored. */
export const COMPARISON_ROWS = rowCodec<ComparisonPass>('comparison', 1)

/** Their segments, as they are stored. */
export const COMPARED_SEGMENT_ROWS = rowCodec<ComparedSegment>('segment of a comparison', 1)
