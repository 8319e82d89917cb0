import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { TABLE_DEFINITION } from '../../shared/adapters/dynamodb/table-definition.ts'

/** Both emulators make a table at once; AWS takes seconds. */
const MAX_POLLS = 60
const POLL_MS = 250

/** Makes the vault's table with its index and time to live, and resolves when it can be used. */
export async function createTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const { partitionKey, sortKey, dueIndex, timeToLiveAttribute } = TABLE_DEFINITION
  const attributes = [partitionKey, sortKey, dueIndex.partitionKey, dueIndex.sortKey]
  const schema = (keys: { partitionKey: { name: string }; sortKey: { name: string } }) => [
    { AttributeName: keys.partitionKey.name, KeyType: 'HASH' as const },
    { AttributeName: keys.sortKey.name, KeyType: 'RANGE' as const },
  ]
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: attributes.map(({ name, type }) => ({
        AttributeName: name,
        AttributeType: type,
      })),
      KeySchema: schema(TABLE_DEFINITION),
      GlobalSecondaryIndexes: [
        {
          IndexName: dueIndex.name,
          KeySchema: schema(dueIndex),
          Projection: { ProjectionType: dueIndex.projection },
        },
      ],
    }),
  )
  await untilActive(client, tableName)
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: tableName,
      TimeToLiveSpecification: { AttributeName: timeToLiveAttribute, Enabled: true },
    }),
  )
}

async function untilActive(client: DynamoDBClient, tableName: string): Promise<void> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }))
    if (Table?.TableStatus === 'ACTIVE') return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`table ${tableName} did not become active`)
}
