import { InvariantError } from '../domain/errors.ts'
import {
  type Attributes,
  type AttributeValue,
  type Condition,
  ConditionFailedError,
  type ItemKey,
  type Write,
} from './item-store.ts'
import { assertItemFits } from './valid-writes.ts'

/** A write of a transaction once it is decided: what the item becomes; `after` undefined means it goes. */
export interface DecidedWrite {
  readonly key: ItemKey
  readonly after: Attributes | undefined
}

/**
 * Whether `condition` holds for an item as it is now (undefined: there is none). Values of different types
 * are never equal and never ordered, and a stored null is not absent, as in DynamoDB.
 */
export function conditionHolds(item: Attributes | undefined, condition: Condition): boolean {
  switch (condition.kind) {
    case 'item-absent':
      return item === undefined
    case 'item-present':
      return item !== undefined
    case 'equals':
      return valueAt(item, condition.attribute) === condition.value
    case 'absent':
      return valueAt(item, condition.attribute) === undefined
    case 'absent-or-at-most': {
      const value = valueAt(item, condition.attribute)
      return value === undefined || (typeof value === 'number' && value <= condition.value)
    }
  }
}

/**
 * The attributes an item has after an update; `current` undefined means the update creates it. A member of
 * `set` that is undefined removes the attribute. Throws InvariantError when `add` meets something that is
 * not a number. Shares unchanged values with `current`, which must not be mutated afterwards.
 */
export function applyUpdate(
  current: Attributes | undefined,
  write: Extract<Write, { op: 'update' }>,
): Attributes {
  const next: Record<string, AttributeValue | undefined> = { ...current }
  for (const [name, value] of Object.entries(write.set ?? {})) {
    if (value === undefined) delete next[name]
    else next[name] = copyValue(value)
  }
  for (const name of write.remove ?? []) delete next[name]
  for (const [name, amount] of Object.entries(write.add ?? {})) {
    const before = next[name]
    if (before !== undefined && typeof before !== 'number') {
      throw new InvariantError(`attribute ${name} is not a number, so nothing can be added to it`)
    }
    next[name] = (before ?? 0) + amount
  }
  return next
}

/**
 * Decides a whole transaction before anything is written: what each item becomes, checks left out. Possible
 * because the writes are on different items. `currentOf` reads one item and is called only where it matters.
 * Throws ConditionFailedError for the first write whose conditions do not hold.
 */
export function decideWrites(
  writes: readonly Write[],
  currentOf: (key: ItemKey) => Attributes | undefined,
): DecidedWrite[] {
  const decided: DecidedWrite[] = []
  for (const [writeIndex, write] of writes.entries()) {
    const conditions = write.when ?? []
    const current = conditions.length > 0 || write.op === 'update' ? currentOf(write.key) : undefined
    if (!conditions.every((condition) => conditionHolds(current, condition))) {
      throw new ConditionFailedError(writeIndex, current === undefined ? undefined : copyAttributes(current))
    }
    if (write.op === 'put') {
      decided.push({ key: write.key, after: copyAttributes(write.attributes) })
    } else if (write.op === 'update') {
      const after = applyUpdate(current, write)
      assertItemFits(write.key, after)
      decided.push({ key: write.key, after })
    } else if (write.op === 'delete') {
      decided.push({ key: write.key, after: undefined })
    }
  }
  return decided
}

/** A deep copy without the members that are undefined: what a store keeps, and what it hands out. */
export function copyAttributes(attributes: Attributes): Attributes {
  const copy: Record<string, AttributeValue> = {}
  for (const name of Object.keys(attributes)) {
    const value = attributes[name]
    if (value !== undefined) copy[name] = copyValue(value)
  }
  return copy
}

function copyValue(value: AttributeValue): AttributeValue {
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map(copyValue)
  return copyAttributes(value)
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: AttributeValue): value is readonly AttributeValue[] {
  return Array.isArray(value)
}

/** The value at a path such as `attempt.fence`; only own members of objects are followed. */
function valueAt(item: Attributes | undefined, path: string): AttributeValue | undefined {
  let value: AttributeValue | undefined = item
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || isList(value)) return undefined
    if (!Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}
