import type { AttributeValue as Encoded, TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { InvariantError } from '../../domain/errors.ts'
import type { AttributeValue, Condition, Write } from '../../ports/item-store.ts'
import { assertNotKeyName, encodeItem, encodeKey, encodeValue } from './attribute-codec.ts'
import { TABLE_DEFINITION } from './table-definition.ts'

/** A name no attribute has, for an update that changes nothing: a transaction's Update needs an expression. */
const UNUSED_NAME = '__unused'

/**
 * The names and values of one request's expressions. Every name and value goes through a placeholder, so that
 * none can be a reserved word or change the expression's meaning.
 */
export class Placeholders {
  readonly #names = new Map<string, string>()
  readonly #values: Encoded[] = []

  /** The placeholder of a top-level attribute; dots in it have no meaning. */
  name(name: string): string {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const placeholder = `#n${this.#names.size}`
    this.#names.set(name, placeholder)
    return placeholder
  }

  /** The placeholders of a path such as `lease.untilMs`. */
  path(path: string): string {
    return path
      .split('.')
      .map((name) => this.name(name))
      .join('.')
  }

  value(value: AttributeValue): string {
    this.#values.push(encodeValue(value))
    return `:v${this.#values.length - 1}`
  }

  /** The two members of a request; DynamoDB refuses empty ones, so they are left out then. */
  members(): {
    ExpressionAttributeNames?: Record<string, string>
    ExpressionAttributeValues?: Record<string, Encoded>
  } {
    const names = [...this.#names].map(([name, placeholder]) => [placeholder, name])
    const values = this.#values.map((value, index) => [`:v${index}`, value])
    return {
      ...(names.length > 0 && { ExpressionAttributeNames: Object.fromEntries(names) }),
      ...(values.length > 0 && { ExpressionAttributeValues: Object.fromEntries(values) }),
    }
  }
}

/**
 * One write as TransactWriteItems takes it. The members of its Put, Update and Delete are also those of PutItem,
 * UpdateItem and DeleteItem. A failed condition answers with the item as it is.
 */
export function compileWrite(tableName: string, write: Write): TransactWriteItem {
  const placeholders = new Placeholders()
  const condition = compileConditions(write.when ?? [], placeholders)
  const shared = {
    TableName: tableName,
    ...(condition !== undefined && {
      ConditionExpression: condition,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    }),
  }
  switch (write.op) {
    case 'put':
      return { Put: { ...shared, Item: encodeItem(write.key, write.attributes), ...placeholders.members() } }
    case 'delete':
      return { Delete: { ...shared, Key: encodeKey(write.key), ...placeholders.members() } }
    case 'update': {
      const update = compileUpdate(write, placeholders)
      return {
        Update: {
          ...shared,
          Key: encodeKey(write.key),
          UpdateExpression: update,
          ...placeholders.members(),
        },
      }
    }
    case 'check':
      if (condition === undefined) throw new InvariantError('a check without a condition checks nothing')
      return {
        ConditionCheck: {
          ...shared,
          Key: encodeKey(write.key),
          ConditionExpression: condition,
          ...placeholders.members(),
        },
      }
  }
}

/** All conditions joined by AND; undefined when there is none. */
export function compileConditions(
  conditions: readonly Condition[],
  placeholders: Placeholders,
): string | undefined {
  if (conditions.length === 0) return undefined
  return conditions.map((condition) => compileCondition(condition, placeholders)).join(' AND ')
}

function compileCondition(condition: Condition, placeholders: Placeholders): string {
  // The partition key is there exactly when the item is.
  const key = TABLE_DEFINITION.partitionKey.name
  switch (condition.kind) {
    case 'item-absent':
      return `attribute_not_exists(${placeholders.name(key)})`
    case 'item-present':
      return `attribute_exists(${placeholders.name(key)})`
    case 'equals':
      return `${placeholders.path(condition.attribute)} = ${placeholders.value(condition.value)}`
    case 'absent':
      // A path whose parent is missing, or is no map, does not exist either.
      return `attribute_not_exists(${placeholders.path(condition.attribute)})`
    case 'absent-or-at-most': {
      const path = placeholders.path(condition.attribute)
      return `(attribute_not_exists(${path}) OR ${path} <= ${placeholders.value(condition.value)})`
    }
  }
}

function compileUpdate(write: Extract<Write, { op: 'update' }>, placeholders: Placeholders): string {
  const sets: string[] = []
  const removes: string[] = []
  const adds: string[] = []
  for (const [name, value] of Object.entries(write.set ?? {})) {
    assertNotKeyName(name)
    // Not stored is what an undefined member means, so an older value may not stay either.
    if (value === undefined) removes.push(placeholders.name(name))
    else sets.push(`${placeholders.name(name)} = ${placeholders.value(value)}`)
  }
  for (const name of write.remove ?? []) {
    assertNotKeyName(name)
    removes.push(placeholders.name(name))
  }
  for (const [name, amount] of Object.entries(write.add ?? {})) {
    assertNotKeyName(name)
    adds.push(`${placeholders.name(name)} ${placeholders.value(amount)}`)
  }
  const clauses: string[] = []
  if (sets.length > 0) clauses.push(`SET ${sets.join(', ')}`)
  if (removes.length > 0) clauses.push(`REMOVE ${removes.join(', ')}`)
  if (adds.length > 0) clauses.push(`ADD ${adds.join(', ')}`)
  if (clauses.length === 0) clauses.push(`REMOVE ${placeholders.name(UNUSED_NAME)}`)
  return clauses.join(' ')
}
