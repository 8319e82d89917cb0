import { ConditionFailedError, type ItemStore, type Write } from './item-store.ts'

/** Applies the writes and answers true, or false where a condition did not hold and nothing was written. */
export async function tryTransact(
  items: Pick<ItemStore, 'transact'>,
  ...writes: readonly Write[]
): Promise<boolean> {
  try {
    await items.transact(writes)
    return true
  } catch (error) {
    if (error instanceof ConditionFailedError) return false
    throw error
  }
}
