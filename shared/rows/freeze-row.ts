import type { Freeze } from '../domain/freeze.ts'
import { rowCodec } from './row-codec.ts'

/** Freezes, as they are stored. */
export const FREEZE_ROWS = rowCodec<Freeze>('freeze', 1)
