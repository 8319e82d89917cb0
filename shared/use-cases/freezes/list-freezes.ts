import type { Freeze } from '../../domain/freeze.ts'
import { freezesPartition } from '../../domain/keys.ts'
import type { ItemStore } from '../../ports/item-store.ts'
import { pagesOf } from '../../ports/pages-of.ts'
import { FREEZE_ROWS } from '../../rows/freeze-row.ts'

/** Freezes read at a time; a store may answer fewer, because a freeze of a large app holds long lists of ids. */
const PAGE_FREEZES = 1000

/** Every freeze of the tenant that is in force, in the order they were made: all pages, for none may be overlooked. */
export async function listFreezes(
  ports: { readonly items: Pick<ItemStore, 'query'> },
  tenant: string,
): Promise<Freeze[]> {
  const freezes: Freeze[] = []
  for await (const page of pagesOf(ports.items, {
    partition: freezesPartition(tenant),
    limit: PAGE_FREEZES,
  })) {
    freezes.push(...page.map(({ attributes }) => FREEZE_ROWS.decode(attributes)))
  }
  return freezes.filter((freeze) => freeze.endedAtMs === undefined)
}
