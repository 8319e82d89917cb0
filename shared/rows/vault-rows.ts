import type { StoreMark } from '../domain/restored-store.ts'
import type { Attributes } from '../ports/item-store.ts'
import { rowCodec } from './row-codec.ts'
import type { Envelope } from './sealed-rows.ts'

/** Which format the items of a whole store have; raised when what is there can no longer be read item by item. */
export const STORE_FORMAT = 2

/** What the items of a store say of all of it. */
interface StoreFormat {
  readonly format: typeof STORE_FORMAT
}

/** Which kind of secret store the rows point into. */
export const SECRET_STORE_ROWS = rowCodec<StoreFormat & { readonly kind: string }>('secret store', 1)

/** A sealed known text and its digest, which prove that the keys belong to the store. */
export const KEY_CHECK_ROWS = rowCodec<StoreFormat & Envelope & { readonly digest: string }>('key check', 1)

/** That the store came out of a copy. */
export const RESTORED_ROWS = rowCodec<StoreMark>('mark of a restored store', 1)

/** A write that proves that writing works. */
export const PROBE_ROWS = rowCodec<{ readonly atMs: number }>('probe of the disk', 1)

/** Whether what is stored is of the store's format; asked before it is decoded, to be told in other words. */
export function hasStoreFormat(stored: Attributes): boolean {
  return stored['format'] === STORE_FORMAT
}
