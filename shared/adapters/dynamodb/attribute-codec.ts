import type { AttributeValue as Encoded } from '@aws-sdk/client-dynamodb'
import { InvariantError } from '../../domain/errors.ts'
import type { Attributes, AttributeValue, ItemKey } from '../../ports/item-store.ts'
import { TABLE_DEFINITION } from './table-definition.ts'

/** DynamoDB numbers: zero, or a magnitude from 1e-130 to 9.99e125 (Developer Guide, "Data types", Number). */
const SMALLEST_MAGNITUDE = 1e-130
const LARGEST_MAGNITUDE = 9.99e125

const PARTITION_NAME = TABLE_DEFINITION.partitionKey.name
const SORT_NAME = TABLE_DEFINITION.sortKey.name

/**
 * One JSON value as DynamoDB takes it; members that are undefined are left out.
 * Throws InvariantError for a number that DynamoDB cannot hold.
 */
export function encodeValue(value: AttributeValue): Encoded {
  if (value === null) return { NULL: true }
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'boolean') return { BOOL: value }
  if (typeof value === 'number') return { N: encodeNumber(value) }
  if (isList(value)) return { L: value.map(encodeValue) }
  return { M: encodeAttributes(value) }
}

/** The members of an object, encoded; those that are undefined are left out. */
export function encodeAttributes(attributes: Attributes): Record<string, Encoded> {
  const members: [string, Encoded][] = []
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) members.push([name, encodeValue(value)])
  }
  // Unlike an assignment, this makes `__proto__` a member like any other.
  return Object.fromEntries(members)
}

/** The two key attributes of an item. */
export function encodeKey(key: ItemKey): Record<string, Encoded> {
  return { [PARTITION_NAME]: { S: key.partition }, [SORT_NAME]: { S: key.sort } }
}

/** A whole item, key included. Throws InvariantError when an attribute has the name of a key. */
export function encodeItem(key: ItemKey, attributes: Attributes): Record<string, Encoded> {
  for (const name of Object.keys(attributes)) assertNotKeyName(name)
  return { ...encodeAttributes(attributes), ...encodeKey(key) }
}

/** Throws InvariantError when `name` is that of a key attribute, which no write may touch. */
export function assertNotKeyName(name: string): void {
  if (name !== PARTITION_NAME && name !== SORT_NAME) return
  throw new InvariantError(`the attribute name ${name} is taken by the table's key`)
}

/** Back from DynamoDB. Throws InvariantError for a kind of value that `encodeValue` does not make. */
export function decodeValue(encoded: Encoded): AttributeValue {
  if (encoded.S !== undefined) return encoded.S
  if (encoded.N !== undefined) return Number(encoded.N)
  if (encoded.BOOL !== undefined) return encoded.BOOL
  if (encoded.NULL !== undefined) return null
  if (encoded.L !== undefined) return encoded.L.map(decodeValue)
  if (encoded.M !== undefined) return decodeMembers(encoded.M)
  throw new InvariantError(
    `a stored attribute is of a kind the vault does not write: ${Object.keys(encoded)}`,
  )
}

/** The attributes of an item, its key left out. */
export function decodeAttributes(item: Record<string, Encoded>): Attributes {
  const { [PARTITION_NAME]: _partition, [SORT_NAME]: _sort, ...attributes } = item
  return decodeMembers(attributes)
}

/** The key of an item. Throws InvariantError when it has none. */
export function decodeKey(item: Record<string, Encoded>): ItemKey {
  const partition = item[PARTITION_NAME]?.S
  const sort = item[SORT_NAME]?.S
  if (partition === undefined || sort === undefined) {
    throw new InvariantError('DynamoDB answered an item without its key')
  }
  return { partition, sort }
}

function decodeMembers(members: Record<string, Encoded>): { [name: string]: AttributeValue } {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, decodeValue(value)]))
}

function encodeNumber(value: number): string {
  const magnitude = Math.abs(value)
  // NaN and the infinities fail both comparisons.
  if (value === 0 || (magnitude >= SMALLEST_MAGNITUDE && magnitude <= LARGEST_MAGNITUDE)) return String(value)
  throw new InvariantError('a stored number is finite, and zero or from 1e-130 to 9.99e125')
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: AttributeValue): value is readonly AttributeValue[] {
  return Array.isArray(value)
}
