import { InvariantError } from '../domain/errors.ts'
import {
  type Attributes,
  type Condition,
  type ItemKey,
  MAX_TRANSACTION_WRITES,
  type Write,
} from './item-store.ts'

/** DynamoDB: an item, its names and key included, is at most 400 KB (Developer Guide, "Quotas", item size). */
export const MAX_ITEM_BYTES = 400 * 1024
/** DynamoDB: the items of one transaction together are at most 4 MB (TransactWriteItems). */
export const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
/** DynamoDB: a partition key is at most 2048 bytes; that of an index too. */
export const MAX_PARTITION_BYTES = 2048
/** DynamoDB: a sort key is at most 1024 bytes. */
export const MAX_SORT_BYTES = 1024
/** DynamoDB: lists and maps nest at most 32 levels deep. */
export const MAX_ATTRIBUTE_DEPTH = 32

/** An upper bound for a double: DynamoDB takes a byte for two digits, one for the sign, one for the exponent. */
const NUMBER_BYTES = 11
/** DynamoDB ("item sizes and formats"): 3 bytes for a list or map, and 1 more for each member. */
const CONTAINER_BYTES = 3
const MEMBER_BYTES = 1

/**
 * Throws InvariantError unless every adapter can take these writes: 1 to 100 of them, on different items,
 * keys not empty and well-formed, values that JSON and DynamoDB both can hold, sizes within DynamoDB's limits,
 * a check with at least one condition, and `due_shard` with `due_at` always written or removed together.
 */
export function validateWrites(writes: readonly Write[]): void {
  if (writes.length < 1 || writes.length > MAX_TRANSACTION_WRITES) {
    throw new InvariantError(`a transaction has 1 to ${MAX_TRANSACTION_WRITES} writes, not ${writes.length}`)
  }
  const keys = new Set<string>()
  let totalBytes = 0
  for (const write of writes) {
    validateKey(write.key)
    keys.add(`${write.key.partition.length}:${write.key.partition}${write.key.sort}`)
    for (const condition of write.when ?? []) validateCondition(condition)
    if (write.op === 'put') {
      validateIndexPair(write.attributes)
      totalBytes += assertItemFits(write.key, write.attributes)
    } else if (write.op === 'update') {
      totalBytes += validateUpdate(write)
    } else if (write.op === 'check' && write.when.length === 0) {
      throw new InvariantError('a check without a condition checks nothing')
    }
  }
  if (keys.size !== writes.length) throw new InvariantError('a transaction writes each item at most once')
  if (totalBytes > MAX_TRANSACTION_BYTES) {
    throw new InvariantError(`a transaction holds at most ${MAX_TRANSACTION_BYTES} bytes`)
  }
}

/** Throws InvariantError unless the key is non-empty, well-formed Unicode and short enough for DynamoDB. */
export function validateKey(key: ItemKey): void {
  validateKeyPart('partition', key.partition, MAX_PARTITION_BYTES)
  validateKeyPart('sort', key.sort, MAX_SORT_BYTES)
}

/**
 * The item's size in bytes by DynamoDB's rules, rounded up. Throws InvariantError when it is larger than
 * `MAX_ITEM_BYTES`, or holds something that is not a plain JSON value, such as a class instance or NaN.
 */
export function assertItemFits(key: ItemKey, attributes: Attributes): number {
  const bytes =
    Buffer.byteLength(key.partition) + Buffer.byteLength(key.sort) + attributesBytes(attributes, 0)
  if (bytes > MAX_ITEM_BYTES) {
    throw new InvariantError(`an item is at most ${MAX_ITEM_BYTES} bytes, not ${bytes}`)
  }
  return bytes
}

function validateUpdate(write: Extract<Write, { op: 'update' }>): number {
  const set = write.set ?? {}
  const add = write.add ?? {}
  const names = [...Object.keys(set), ...(write.remove ?? []), ...Object.keys(add)]
  for (const name of names) validateTopLevelName(name)
  if (new Set(names).size !== names.length) {
    throw new InvariantError('an update names each attribute at most once')
  }
  if (!Object.values(add).every(Number.isFinite))
    throw new InvariantError('an update adds finite numbers only')
  validateIndexPair(set)
  const touched = names.filter((name) => name === 'due_shard' || name === 'due_at')
  const given = [set['due_shard'], set['due_at']].filter((value) => value !== undefined)
  // Whether the item has the other half is not known here, so an update always takes a stand on both.
  if ('due_at' in add || 'due_shard' in add || touched.length === 1 || given.length === 1) {
    throw new InvariantError('an update sets or removes due_shard and due_at together')
  }
  return assertItemFits(write.key, set)
}

function validateIndexPair(attributes: Attributes): void {
  const shard = attributes['due_shard']
  const dueAtMs = attributes['due_at']
  const expiresAtS = attributes['expires_at_s']
  if ((shard === undefined) !== (dueAtMs === undefined)) {
    throw new InvariantError('due_shard and due_at are written together or not at all')
  }
  if (shard !== undefined) {
    if (typeof shard !== 'string') throw new InvariantError('due_shard is a string')
    validateKeyPart('due_shard', shard, MAX_PARTITION_BYTES)
  }
  if (dueAtMs !== undefined && typeof dueAtMs !== 'number') {
    throw new InvariantError('due_at is a number of epoch milliseconds')
  }
  if (expiresAtS !== undefined && typeof expiresAtS !== 'number') {
    throw new InvariantError('expires_at_s is a number of epoch seconds')
  }
}

function validateKeyPart(part: string, value: string, maxBytes: number): void {
  // A lone surrogate has no UTF-8 form: two different keys would become one.
  if (value === '' || !value.isWellFormed() || Buffer.byteLength(value) > maxBytes) {
    throw new InvariantError(`${part} is 1 to ${maxBytes} bytes of well-formed text`)
  }
}

function validateName(name: string): void {
  // __proto__ is no ordinary member of an object: assigning it would change the copy's prototype.
  if (name === '' || name === '__proto__' || !name.isWellFormed()) {
    throw new InvariantError('the name of an attribute is well-formed text, not empty and not __proto__')
  }
}

function validateTopLevelName(name: string): void {
  validateName(name)
  // A condition would take it for a path. Deeper names, such as hosts, may have dots.
  if (name.includes('.')) throw new InvariantError('the name of an attribute has no dot')
}

function validateCondition(condition: Condition): void {
  if (condition.kind === 'item-absent' || condition.kind === 'item-present') return
  if (condition.attribute.split('.').includes('')) {
    throw new InvariantError('the attribute of a condition is a name, or names joined by single dots')
  }
  if ('value' in condition) attributeBytes(condition.value, 0)
}

function attributesBytes(attributes: object, depth: number): number {
  const prototype: unknown = Object.getPrototypeOf(attributes)
  // A plain object's prototype is the root of its realm; a class instance (a SecretText, a Date) has a longer chain.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new InvariantError('an attribute is a plain JSON value, not an instance of a class')
  }
  let bytes = 0
  for (const [name, value] of Object.entries(attributes)) {
    if (depth === 0) validateTopLevelName(name)
    else validateName(name)
    if (value !== undefined)
      bytes += Buffer.byteLength(name) + MEMBER_BYTES + attributeBytes(value, depth + 1)
  }
  return bytes
}

function attributeBytes(value: unknown, depth: number): number {
  if (depth > MAX_ATTRIBUTE_DEPTH) {
    throw new InvariantError(`attributes nest at most ${MAX_ATTRIBUTE_DEPTH} levels deep`)
  }
  if (typeof value === 'string') {
    // A lone surrogate survives JSON but not DynamoDB's UTF-8.
    if (!value.isWellFormed()) throw new InvariantError('an attribute is well-formed text')
    return Buffer.byteLength(value)
  }
  if (typeof value === 'boolean' || value === null) return 1
  if (typeof value === 'number' && Number.isFinite(value)) return NUMBER_BYTES
  if (Array.isArray(value)) {
    let bytes = CONTAINER_BYTES
    for (const member of value) bytes += MEMBER_BYTES + attributeBytes(member, depth + 1)
    return bytes
  }
  if (typeof value === 'object') return CONTAINER_BYTES + attributesBytes(value, depth)
  throw new InvariantError(`an attribute is a plain JSON value, not ${typeof value}`)
}
