import { compileWrite } from '../../../../shared/adapters/dynamodb/write-expression.ts'
import { InvariantError } from '../../../../shared/domain/errors.ts'
import type { Condition } from '../../../../shared/ports/item-store.ts'

const key = { partition: 'p', sort: 's' }
const encodedKey = { pk: { S: 'p' }, sk: { S: 's' } }

function conditionOf(when: readonly Condition[]) {
  const check = compileWrite('vault', { op: 'check', key, when }).ConditionCheck
  return {
    expression: check?.ConditionExpression,
    names: check?.ExpressionAttributeNames,
    values: check?.ExpressionAttributeValues,
  }
}

describe('compileWrite, conditions', () => {
  test('item-absent and item-present ask for the partition key', () => {
    expect(conditionOf([{ kind: 'item-absent' }])).toEqual({
      expression: 'attribute_not_exists(#n0)',
      names: { '#n0': 'pk' },
    })
    expect(conditionOf([{ kind: 'item-present' }]).expression).toBe('attribute_exists(#n0)')
  })

  test('equals follows a path, one placeholder a name', () => {
    expect(conditionOf([{ kind: 'equals', attribute: 'lease.fence', value: 7 }])).toEqual({
      expression: '#n0.#n1 = :v0',
      names: { '#n0': 'lease', '#n1': 'fence' },
      values: { ':v0': { N: '7' } },
    })
  })

  test('absent takes no value', () => {
    expect(conditionOf([{ kind: 'absent', attribute: 'attempt' }])).toEqual({
      expression: 'attribute_not_exists(#n0)',
      names: { '#n0': 'attempt' },
    })
  })

  test('several are joined by AND, and the OR inside absent-or-at-most stays inside', () => {
    const { expression, names, values } = conditionOf([
      { kind: 'equals', attribute: 'version', value: 3 },
      { kind: 'absent-or-at-most', attribute: 'lease.untilMs', value: 1000 },
      { kind: 'equals', attribute: 'version', value: 3 },
    ])
    expect(expression).toBe('#n0 = :v0 AND (attribute_not_exists(#n1.#n2) OR #n1.#n2 <= :v1) AND #n0 = :v2')
    expect(names).toEqual({ '#n0': 'version', '#n1': 'lease', '#n2': 'untilMs' })
    expect(values).toEqual({ ':v0': { N: '3' }, ':v1': { N: '1000' }, ':v2': { N: '3' } })
  })

  test('no text of a name or value reaches the expression', () => {
    const hostile = 'size OR attribute_exists(pk)'
    const { expression } = conditionOf([{ kind: 'equals', attribute: hostile, value: hostile }])
    expect(expression).toBe('#n0 = :v0')
  })

  test('a check without conditions is a bug', () => {
    expect(() => compileWrite('vault', { op: 'check', key, when: [] })).toThrow(InvariantError)
  })
})

describe('compileWrite', () => {
  test('a put carries the whole item, and asks for the old one only when it has a condition', () => {
    expect(compileWrite('vault', { op: 'put', key, attributes: { name: 'n' } })).toEqual({
      Put: { TableName: 'vault', Item: { ...encodedKey, name: { S: 'n' } } },
    })
    expect(
      compileWrite('vault', { op: 'put', key, attributes: {}, when: [{ kind: 'item-absent' }] }),
    ).toEqual({
      Put: {
        TableName: 'vault',
        Item: encodedKey,
        ConditionExpression: 'attribute_not_exists(#n0)',
        ExpressionAttributeNames: { '#n0': 'pk' },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    })
  })

  test('a delete carries the key', () => {
    expect(compileWrite('vault', { op: 'delete', key })).toEqual({
      Delete: { TableName: 'vault', Key: encodedKey },
    })
  })

  test('an update sets, removes and adds; names with dots stay whole, and undefined removes', () => {
    const write = {
      op: 'update',
      key,
      set: { 'a.b': 1, gone: undefined, status: { x: undefined } },
      remove: ['lease'],
      add: { fence: 1 },
    } as const
    expect(compileWrite('vault', write)).toEqual({
      Update: {
        TableName: 'vault',
        Key: encodedKey,
        UpdateExpression: 'SET #n0 = :v0, #n2 = :v1 REMOVE #n1, #n3 ADD #n4 :v2',
        ExpressionAttributeNames: {
          '#n0': 'a.b',
          '#n1': 'gone',
          '#n2': 'status',
          '#n3': 'lease',
          '#n4': 'fence',
        },
        ExpressionAttributeValues: { ':v0': { N: '1' }, ':v1': { M: {} }, ':v2': { N: '1' } },
      },
    })
  })

  test('an update of nothing still has an expression, as a transaction demands', () => {
    expect(compileWrite('vault', { op: 'update', key }).Update).toEqual({
      TableName: 'vault',
      Key: encodedKey,
      UpdateExpression: 'REMOVE #n0',
      ExpressionAttributeNames: { '#n0': '__unused' },
    })
  })

  test.each([{ set: { pk: 'other' } }, { remove: ['sk'] }, { add: { pk: 1 } }])(
    'an update of the key is a bug: %j',
    (change) => {
      expect(() => compileWrite('vault', { op: 'update', key, ...change })).toThrow(InvariantError)
    },
  )
})
