import type { ConnectionRow } from '../domain/connection.ts'
import { rowCodec } from './row-codec.ts'

/** A deleted connection: the row as it was, and how far its deletion has come. */
export interface Tombstone {
  /** `deleting`: revocation and secret are still to be dealt with · `deleted`: only the removal is left. */
  readonly state: 'deleting' | 'deleted'
  readonly row: ConnectionRow
  readonly deletedAtMs: number
  /** True when the caller asked to destroy it at once: it cannot be restored. */
  readonly purge: boolean
  /** How the provider answered the revocation, by grant name. */
  readonly revocations?: Readonly<Record<string, string>>
  readonly op: string
}

/** Tombstones, as they are stored: each holds a whole row. */
export const TOMBSTONE_ROWS = rowCodec<Tombstone>('tombstone', 1)
