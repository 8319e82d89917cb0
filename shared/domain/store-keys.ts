import type { ItemKey } from './item-key.ts'

/** Holds what is said of the whole store, and belongs to no tenant. */
const VAULT_PARTITION = 'VAULT'

/** Says which kind of secret store the rows point into. */
export const SECRET_STORE_KEY: ItemKey = { partition: VAULT_PARTITION, sort: 'secret-store' }

/** Where the text is kept that proves which keys belong to a database. */
export const KEY_CHECK_KEY: ItemKey = { partition: VAULT_PARTITION, sort: 'key-check' }

/**
 * Where a store says that it came out of a copy. Its original may still run, with the same refresh tokens: whichever of
 * the two sends one first takes it from the other, and many providers end the whole grant when the second follows.
 */
export const RESTORED_KEY: ItemKey = { partition: VAULT_PARTITION, sort: 'restored' }

/** What is written to prove that writing works. */
export const WRITE_PROBE_KEY: ItemKey = { partition: VAULT_PARTITION, sort: 'write-probe' }

/** Holds how far the daily comparison has come: `pass`, and each segment by its number. */
export const COMPARISON_PARTITION = 'VAULT#COMPARISON'

/** The comparison under way, or the last one. */
export const COMPARISON_KEY: ItemKey = { partition: COMPARISON_PARTITION, sort: 'pass' }

/** One of its segments. */
export function comparedSegmentKey(index: number): ItemKey {
  return { partition: COMPARISON_PARTITION, sort: `segment#${index}` }
}
