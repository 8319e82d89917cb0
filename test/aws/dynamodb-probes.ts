import { randomUUID } from 'node:crypto'
import {
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { createTable } from '../support/create-table.ts'
import { type EmulatorName, emulatorClientConfig } from '../support/emulator-under-test.ts'

/*
 * Each probe answers true while the emulator departs from what AWS documents, on a table of its own.
 */

const KEY = { pk: { S: 'p' }, sk: { S: 's' } }

/** Rounds of racers; one alone may by chance come out right. */
const RACE_ROUNDS = 10
const RACERS = 20
const BALLAST_NUMBERS = 5_000

async function onTable<Answer>(
  emulator: EmulatorName,
  use: (client: DynamoDBClient, tableName: string) => Promise<Answer>,
): Promise<Answer> {
  const client = new DynamoDBClient({ maxAttempts: 1, ...emulatorClientConfig(emulator) })
  const tableName = `probe-${randomUUID()}`
  await createTable(client, tableName)
  try {
    return await use(client, tableName)
  } finally {
    await client.send(new DeleteTableCommand({ TableName: tableName }))
    client.destroy()
  }
}

/** Whether a transaction sent twice with one ClientRequestToken is applied twice. */
export function appliesARepeatedTransactionTwice(emulator: EmulatorName): Promise<boolean> {
  return onTable(emulator, async (client, tableName) => {
    const add = {
      TableName: tableName,
      Key: KEY,
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }
    const request = { TransactItems: [{ Update: add }], ClientRequestToken: randomUUID() }
    await client.send(new TransactWriteItemsCommand(request))
    await client.send(new TransactWriteItemsCommand(request))
    const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key: KEY }))
    return Item?.['n']?.N === '2'
  })
}

/** Whether a condition that compares text with a number fails as an error instead of as a condition. */
export function failsOnComparingTextWithANumber(emulator: EmulatorName): Promise<boolean> {
  return onTable(emulator, async (client, tableName) => {
    await client.send(new PutItemCommand({ TableName: tableName, Item: { ...KEY, a: { S: 'text' } } }))
    const check = {
      TableName: tableName,
      Key: KEY,
      ConditionExpression: 'a <= :n',
      ExpressionAttributeValues: { ':n': { N: '4' } },
    }
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems: [{ ConditionCheck: check }] }))
      return false
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error
      return error.CancellationReasons?.[0]?.Code !== 'ConditionalCheckFailed'
    }
  })
}

/** Whether writes that were acknowledged beside a failing transaction disappear with it. */
export function undoesTheWritesOfOthers(emulator: EmulatorName): Promise<boolean> {
  return onTable(emulator, async (client, tableName) => {
    // A table so large that a transaction which copies it takes long enough for others to come between.
    const ballast = { L: Array.from({ length: BALLAST_NUMBERS }, (_, index) => ({ N: String(index) })) }
    const Item = { ...KEY, sk: { S: 'ballast' }, ballast }
    await client.send(new PutItemCommand({ TableName: tableName, Item }))
    let acknowledged = 0
    const failing = { TableName: tableName, Key: KEY, ConditionExpression: 'attribute_exists(never)' }
    for (let round = 0; round < RACE_ROUNDS; round++) {
      const transactions = Array.from({ length: RACERS }, () =>
        client
          .send(new TransactWriteItemsCommand({ TransactItems: [{ ConditionCheck: failing }] }))
          .catch(() => undefined),
      )
      const additions = Array.from({ length: RACERS }, async () => {
        const values = { ':one': { N: '1' } }
        const update = { TableName: tableName, Key: KEY, UpdateExpression: 'ADD n :one' }
        await client.send(new UpdateItemCommand({ ...update, ExpressionAttributeValues: values }))
        acknowledged++
      })
      await Promise.all([...transactions, ...additions])
      const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key: KEY }))
      if (Number(Item?.['n']?.N ?? 0) < acknowledged) return true
    }
    return false
  })
}
