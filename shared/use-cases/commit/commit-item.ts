import type { SecretKind } from '../../domain/secret-id.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { type Condition, type ItemKey, sameAs, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { commitSecret } from './commit-protocol.ts'
import { INTENT_DEADLINE_MS } from './intent.ts'
import { firstPlace, placeForSecret, type SecretHolder } from './secret-place.ts'
import { settleItem } from './settle-commit.ts'
import { transactSurely } from './transact-surely.ts'

/** What is put whole and may hold a secret: an OAuth application, a subscription. */
interface VersionedItem extends SecretHolder {
  readonly version: number
}

/** How an item is put in the place of the one that was seen there. */
export interface ItemChange<Item> {
  readonly key: ItemKey
  readonly seen: Item | undefined
  /** All that is written, on the condition that `before` is what is there. */
  writes(next: Item, before: Item | undefined): readonly Write[]
}

/** The conditions under which an item may take the place of the one that was seen there, or of none. */
export function placeUnchanged(seen: Pick<VersionedItem, 'version' | 'op'> | undefined): Condition[] {
  if (seen === undefined) return [{ kind: 'item-absent' }]
  return [sameAs('version', seen.version), sameAs('op', seen.op)]
}

/** Puts an item, with what belongs beside it, and settles an unknown outcome. Throws `ConditionFailedError`. */
export function commitItem<Item extends VersionedItem>(
  ports: Ports,
  next: Item,
  { key, seen, writes }: ItemChange<Item>,
  beside: readonly Write[] = [],
): Promise<void> {
  return transactSurely(ports, [...writes(next, seen), ...beside], () =>
    settleItem(ports, key, { next, seen }),
  )
}

/** Puts an item with the next version of its secret, in one commit, and answers it. Throws likewise. */
export async function commitItemWithSecret<Item extends VersionedItem>(
  ports: Ports,
  draft: Item,
  change: ItemChange<Item>,
  { kind, value }: { kind: SecretKind; value: SecretText },
): Promise<Item> {
  const { key, seen, writes } = change
  const later = seen === undefined ? undefined : placeForSecret(ports, seen, { kind, key })
  const place = later ?? firstPlace(ports, draft, kind)
  let item = draft
  await commitSecret(ports, {
    intent: {
      kind: seen === undefined ? 'create' : 'update',
      tenant: draft.tenant,
      ownerId: draft.id,
      op: draft.op,
      secretId: place.secretId,
      newSecret: place.newSecret,
      deadlineAtMs: ports.clock.nowMs() + INTENT_DEADLINE_MS,
    },
    place,
    besideIntent: later === undefined ? [] : [later.reserve],
    value,
    seenFirst: false,
    commit: async ({ pointer, beside, begun }) => {
      const generations = Math.max(draft.generations, pointer.generation)
      item = { ...draft, generations, secret: pointer }
      if (!begun) return commitItem(ports, item, change, beside)
      await ports.items.transact([...writes(item, later?.reserved), ...beside])
    },
  })
  return item
}
