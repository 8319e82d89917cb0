import type { ConnectionRow } from '../domain/connection.ts'
import { rowCodec } from './row-codec.ts'

/** Connections, as they are stored. */
export const CONNECTION_ROWS = rowCodec<ConnectionRow>('connection', 1)
