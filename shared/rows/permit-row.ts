import type { Permit } from '../domain/permit.ts'
import { rowCodec } from './row-codec.ts'

/** Permits, as they are stored. */
export const PERMIT_ROWS = rowCodec<Permit>('permit', 1)
