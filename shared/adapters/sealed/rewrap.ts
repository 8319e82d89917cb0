import { findSealedGrant, versionOfKey } from '../../domain/sealed-keys.ts'
import { KEY_CHECK_KEY } from '../../domain/store-keys.ts'
import { ConditionFailedError, type Item, type ItemStore } from '../../ports/item-store.ts'
import { type KeyContext, KeyUnavailableError, type KeyWrapper } from '../../ports/key-wrapper.ts'
import { SealBrokenError } from '../../ports/secret-store.ts'
import { envelopeOf } from './envelope.ts'
import { KEY_CHECK_CONTEXT } from './key-check.ts'
import { placeOf, placeOfGrant } from './sealed-places.ts'

/** `contended`: the item changed between the read and the write, so another pass has to look at it again. */
export type RewrapOutcome = 'rewrapped' | 'current' | 'contended'

/** What one page of a pass over all sealed items came to. */
export interface RewrapPage {
  readonly rewrapped: number
  /** Already wrapped by the active key. */
  readonly current: number
  readonly contended: number
  /** Items whose key did not open; a pass goes on past them, and their keys must be kept. */
  readonly failed: readonly Item['key'][]
  readonly nextToken?: string
}

interface Ports {
  readonly items: ItemStore
  readonly keys: KeyWrapper
}

/** Has the active key wrap the data key of a sealed item, if it is still the one that was read. */
export async function rewrapItem(
  item: Item,
  context: KeyContext,
  { items, keys }: Ports,
): Promise<RewrapOutcome> {
  const { keyId, wrapped } = envelopeOf(item.attributes)
  const before = { keyId, wrapped }
  const after = await keys.rewrap(before, context)
  if (after === before) return 'current'
  try {
    await items.transact([
      {
        op: 'update',
        key: item.key,
        set: { keyId: after.keyId, wrapped: after.wrapped },
        when: [{ kind: 'equals', attribute: 'wrapped', value: wrapped }],
      },
    ])
    return 'rewrapped'
  } catch (error) {
    if (error instanceof ConditionFailedError) return 'contended'
    throw error
  }
}

/** `rewrapItem` for every sealed item of one page of the store, or for those of one tenant. */
export async function rewrapPage(
  query: { limit: number; nextToken?: string },
  ports: Ports,
  tenant?: string,
): Promise<RewrapPage> {
  const page = await ports.items.scan(query)
  const counts = { rewrapped: 0, current: 0, contended: 0 }
  const failed: Item['key'][] = []
  for (const item of page.items) {
    const context = contextOf(item.key)
    if (context === undefined || (tenant !== undefined && context.tenant !== tenant)) continue
    try {
      counts[await rewrapItem(item, context, ports)] += 1
    } catch (error) {
      if (!(error instanceof KeyUnavailableError) && !(error instanceof SealBrokenError)) throw error
      failed.push(item.key)
    }
  }
  return page.nextToken === undefined
    ? { ...counts, failed }
    : { ...counts, failed, nextToken: page.nextToken }
}

/** The context of a sealed item's data key, or undefined when nothing is sealed there. */
export function contextOf(key: Item['key']): KeyContext | undefined {
  if (key.partition === KEY_CHECK_KEY.partition && key.sort === KEY_CHECK_KEY.sort) return KEY_CHECK_CONTEXT
  const grant = findSealedGrant(key)
  if (grant !== undefined) return placeOfGrant(grant).context
  const version = versionOfKey(key)
  return version === undefined ? undefined : placeOf(version.secretId, version.versionId).context
}

/** How many sealed items of one page another key than `activeKeyId` wraps. */
export async function countForeignWraps(
  query: { limit: number; nextToken?: string },
  items: ItemStore,
  activeKeyId: string,
): Promise<{ count: number; nextToken?: string }> {
  const page = await items.scan(query)
  const foreign = page.items.filter(
    ({ key, attributes }) => contextOf(key) !== undefined && attributes['keyId'] !== activeKeyId,
  )
  const count = foreign.length
  return page.nextToken === undefined ? { count } : { count, nextToken: page.nextToken }
}
