import { TABLE_DEFINITION } from '../../shared/adapters/dynamodb/table-definition.ts'
import type { RecordedRequest } from './recording-proxy.ts'

/** One permission that a request needs, in IAM's words (service authorization reference). */
export interface AwsCall {
  /** The app id in the user agent: the name of the function; empty when there is none. */
  readonly caller: string
  /** `service:Action`. */
  readonly action: string
  /** The ARN that the request names, `*` where IAM knows no resource. */
  readonly resource: string
  /** IAM's condition keys, with what the request has for each. */
  readonly conditionKeys: Readonly<Record<string, readonly string[]>>
}

type Json = Readonly<Record<string, unknown>>
type Need = Omit<AwsCall, 'caller'>

const PLACE = 'us-east-1:000000000000'
const SERVICES: Readonly<Record<string, (operation: string, body: Json) => readonly Need[]>> = {
  DynamoDB_20120810: onTable,
  secretsmanager: onSecret,
  TrentService: onKey,
  AmazonSQS: onQueue,
  AWSEvents: onBus,
}
/** IAM has one action for a message and for a batch of them. */
const BATCHES: Readonly<Record<string, string>> = {
  SendMessageBatch: 'SendMessage',
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
}

/**
 * The permissions that a request needs on an emulator's account. One that this knows nothing of is an action on
 * the resource `unknown`, which no policy allows.
 */
export function awsCallsOf({ userAgent, target, path, body }: RecordedRequest): readonly AwsCall[] {
  const caller = /(?:^| )app\/(\S+)/.exec(userAgent)?.[1] ?? ''
  return needsOf({ target, path, body }).map((need) => ({ caller, ...need }))
}

function needsOf({ target, path, body }: Omit<RecordedRequest, 'userAgent'>): readonly Need[] {
  const invoked = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path)?.[1]
  if (invoked !== undefined) {
    const name = decodeURIComponent(invoked)
    const resource = name.startsWith('arn:') ? name : `arn:aws:lambda:${PLACE}:function:${name}`
    return [need('lambda:InvokeFunction', resource)]
  }
  const [service = '', operation = ''] = target.split('.')
  const read = SERVICES[service]
  if (read === undefined) return [need(target || path, 'unknown')]
  return read(operation, JSON.parse(body) as Json)
}

function need(action: string, resource: string, conditionKeys: Need['conditionKeys'] = {}): Need {
  return { action, resource, conditionKeys }
}

function onTable(operation: string, body: Json): readonly Need[] {
  if (operation === 'TransactWriteItems') {
    // A transaction needs what each of its members needs, and nothing of its own.
    return (body['TransactItems'] as readonly Readonly<Record<string, Json>>[]).flatMap((item) =>
      Object.entries(item).map(([kind, write]) =>
        onItem(kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`, write),
      ),
    )
  }
  return [onItem(operation, body)]
}

function onItem(operation: string, body: Json): Need {
  const index = body['IndexName']
  const resource = `arn:aws:dynamodb:${PLACE}:table/${body['TableName']}`
  return need(`dynamodb:${operation}`, index === undefined ? resource : `${resource}/index/${index}`, {
    ...leadingKeys(body),
    'dynamodb:Attributes': attributesOf(body),
  })
}

/** The value of the partition key, of the index's own where one is read. A scan has none. */
function leadingKeys(body: Json): Need['conditionKeys'] {
  const key = (body['Key'] ?? body['Item']) as Readonly<Record<string, { S: string }>> | undefined
  const condition = body['KeyConditionExpression']
  if (key !== undefined) return { 'dynamodb:LeadingKeys': [key[TABLE_DEFINITION.partitionKey.name]?.S ?? ''] }
  if (condition === undefined) return {}
  const { name } =
    body['IndexName'] === undefined ? TABLE_DEFINITION.partitionKey : TABLE_DEFINITION.dueIndex.partitionKey
  const names = body['ExpressionAttributeNames'] as Readonly<Record<string, string>>
  const values = body['ExpressionAttributeValues'] as Readonly<Record<string, { S: string }>>
  const equalities = [...String(condition).matchAll(/(#\w+) = (:\w+)/g)]
  const found = equalities.find(([, placeholder = '']) => names[placeholder] === name)?.[2] ?? ''
  return { 'dynamodb:LeadingKeys': [values[found]?.S ?? ''] }
}

/** The attributes that a request names. Expressions hold placeholders only (`write-expression.ts`). */
function attributesOf(body: Json): string[] {
  const named = Object.values((body['ExpressionAttributeNames'] ?? {}) as Readonly<Record<string, string>>)
  const keys = Object.keys((body['Key'] ?? body['Item'] ?? {}) as Json)
  return [...new Set([...keys, ...named])]
}

function onSecret(operation: string, body: Json): readonly Need[] {
  const action = `secretsmanager:${operation}`
  if (operation === 'ListSecrets') return [need(action, '*')]
  const secret = String(body['SecretId'] ?? body['Name'])
  // Secrets Manager adds six random characters to the name.
  const resource = secret.startsWith('arn:')
    ? secret
    : `arn:aws:secretsmanager:${PLACE}:secret:${secret}-AAAAAA`
  const tags = (body['Tags'] ?? []) as readonly { Key: string; Value: string }[]
  const conditionKeys = Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, [Value]]))
  const call = need(action, resource, conditionKeys)
  const tagsToo = operation === 'CreateSecret' && tags.length > 0
  return tagsToo ? [call, need('secretsmanager:TagResource', resource, conditionKeys)] : [call]
}

function onKey(operation: string, body: Json): readonly Need[] {
  const context = Object.entries((body['EncryptionContext'] ?? {}) as Readonly<Record<string, string>>)
  const conditionKeys = Object.fromEntries(
    context.map(([name, value]) => [`kms:EncryptionContext:${name}`, [value]]),
  )
  return [need(`kms:${operation}`, String(body['KeyId'] ?? 'unknown'), conditionKeys)]
}

function onBus(operation: string, body: Json): readonly Need[] {
  const entries = (body['Entries'] ?? []) as readonly { EventBusName?: string }[]
  const names = new Set(entries.map(({ EventBusName = 'default' }) => EventBusName))
  return [...names].map((name) => need(`events:${operation}`, `arn:aws:events:${PLACE}:event-bus/${name}`))
}

function onQueue(operation: string, body: Json): readonly Need[] {
  const name = new URL(String(body['QueueUrl'])).pathname.split('/').at(-1)
  return [need(`sqs:${BATCHES[operation] ?? operation}`, `arn:aws:sqs:${PLACE}:${name}`)]
}
