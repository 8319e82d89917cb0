import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { ENV } from '../../functions/config.ts'
import { usagePartition } from '../../shared/domain/keys.ts'
import { BREAKERS_PARTITION, budgetsPartition, WRITES_PARTITION } from '../../shared/domain/limit-keys.ts'
import type { SecretKind } from '../../shared/domain/secret-id.ts'
import { COMPARISON_PARTITION, SECRET_STORE_KEY } from '../../shared/domain/store-keys.ts'
import type { GrantName } from '../function-table.ts'
import { EVENT_GRANTS } from './event-grants.ts'
import {
  allow,
  type Conditions,
  dueIndex,
  type Granted,
  items,
  leadingKeys,
  onTable,
  onWrappingKeys,
  type VaultResources,
  wrappingKeys,
} from './grant-statements.ts'
import { SECRET_STORES, type SecretPermission } from './secret-stores.ts'

const READ_ITEMS = ['dynamodb:GetItem', 'dynamodb:Query']
/** Rows are never checked without being written; only the sealed store does that, with its own items. */
const WRITE_ITEMS = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem']

/**
 * Permissions and variables of one grant. Row permissions are bound to the beginning of the partition key, so that
 * who may change connections cannot touch an authorization's state or a sealed value.
 */
export function grantOf(name: GrantName, resources: VaultResources): Granted {
  return GRANTS[name](resources)
}

const GRANTS: Readonly<Record<GrantName, (resources: VaultResources) => Granted>> = {
  ...EVENT_GRANTS,
  'read-rows': (it) => onTable(it, [items(it, 'TENANT#*', READ_ITEMS)]),
  'write-rows': (it) => onTable(it, [items(it, 'TENANT#*', [...READ_ITEMS, ...WRITE_ITEMS])]),
  // A scan has no key to bind; sealed values it meets are ciphertext, and whoever has this has no key for them.
  'scan-rows': (it) => onTable(it, [allow(['dynamodb:Scan'], it.tableArn)]),
  'keep-comparison': (it) =>
    onTable(it, [
      items(it, COMPARISON_PARTITION, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem']),
    ]),
  'note-use': (it) => onTable(it, [noteUse(it)]),
  'share-budgets': (it) =>
    onTable(it, [items(it, budgetsPartition('*'), ['dynamodb:GetItem', 'dynamodb:UpdateItem'])]),
  'share-breakers': (it) =>
    onTable(it, [
      items(it, BREAKERS_PARTITION, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem']),
    ]),
  'count-use': (it) => onTable(it, [items(it, USAGE_ITEMS, ['dynamodb:UpdateItem'])]),
  'start-states': (it) => onTable(it, [items(it, 'STATE#*', ['dynamodb:GetItem', 'dynamodb:PutItem'])]),
  'advance-states': (it) => {
    const { [ENV.publicUrl]: publicUrl, [ENV.headless]: headless } = it.http
    const { statements, environment } = onTable(it, [
      items(it, 'STATE#*', ['dynamodb:GetItem', 'dynamodb:UpdateItem']),
    ])
    return {
      statements,
      environment: {
        ...environment,
        [ENV.publicUrl]: publicUrl,
        ...(headless === undefined ? {} : { [ENV.headless]: headless }),
      },
    }
  },
  'query-work': (it) => onTable(it, [dueIndex(it, 'work#*')]),
  'query-due': (it) => ({
    statements: [dueIndex(it, 'rotation#*')],
    environment: {
      [ENV.tableName]: it.tableName,
      [ENV.rotationsPerMinute]: String(it.rotationsPerMinute),
    },
  }),
  'begin-secret-store': (it) => onSecrets(it, [items(it, SECRET_STORE_ITEM, ['dynamodb:PutItem'])]),
  'create-secrets': (it) => onSecrets(it, [...secrets(it, 'create'), ...writeTurns(it)]),
  'put-secrets': (it) => onSecrets(it, secrets(it, 'put')),
  'stage-setups': (it) => onSecrets(it, secrets(it, 'stage', ['s', 'm'])),
  'restore-secrets': (it) => onSecrets(it, secrets(it, 'restore')),
  'remove-secrets': (it) => onSecrets(it, [...secrets(it, 'remove'), ...writeTurns(it)]),
  // Who may open what, by the kind of secret, which is in its name.
  'read-static-setups': (it) => onSecrets(it, secrets(it, 'read', ['s'])),
  'read-setups': (it) => onSecrets(it, secrets(it, 'read', ['s', 'm', 'a'])),
  'read-signing-keys': (it) => onSecrets(it, secrets(it, 'read', ['w'])),
  // Tokens are sealed beside the rows, each part in partitions and under a key context of its own.
  'read-access-tokens': (it) =>
    onTokens(it, [
      items(it, ['ACCESS#*'], ['dynamodb:GetItem']),
      ...onWrappingKeys(it, ['kms:Decrypt'], contextOf(['access'])),
    ]),
  'keep-grants': (it) =>
    onTokens(it, [
      items(it, ['ACCESS#*', 'REFRESH#*'], ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem']),
      ...onWrappingKeys(it, ['kms:GenerateDataKey', 'kms:Decrypt'], contextOf(['access', 'refresh'])),
    ]),
  'remove-tokens': (it) =>
    onTable(it, [items(it, ['ACCESS#*', 'REFRESH#*'], ['dynamodb:Query', 'dynamodb:DeleteItem'])]),
  digest: (it) => ({
    statements: [allow(['kms:GenerateMac'], it.digestKeyArn)],
    environment: { [ENV.digestKeyArn]: it.digestKeyArn },
  }),
  // The places are rows of tenants, which whoever calls providers writes anyhow.
  'take-turns': (it) => ({ statements: [], environment: { [ENV.instances]: String(it.instances) } }),
  'verify-tokens': (it) => ({ statements: [], environment: it.http }),
  'invoke-grants': (it) => ({
    statements: [allow(['lambda:InvokeFunction'], it.grantsFunctionArn)],
    environment: { [ENV.grantsFunction]: it.grantsFunctionName },
  }),
  'send-work': (it) => ({
    statements: [allow(['sqs:SendMessage'], it.workQueueArn)],
    environment: { [ENV.workQueueUrl]: it.workQueueUrl },
  }),
  'send-freezes': (it) => ({
    statements: [allow(['sqs:SendMessage'], it.freezeQueueArn)],
    environment: { [ENV.freezeQueueUrl]: it.freezeQueueUrl },
  }),
  'measure-work': (it) => ({
    statements: [allow(['sqs:GetQueueAttributes'], it.workQueueArn)],
    environment: {},
  }),
  'receive-work': (it) => ({
    statements: [it.workQueueArn, it.freezeQueueArn].map((queueArn) =>
      allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], queueArn),
    ),
    environment: {},
  }),
}

/** The parts of a grant whose data keys may be used: every context has exactly one of `part` and `secretId`. */
function contextOf(parts: readonly string[]): Conditions {
  return { StringEquals: { 'kms:EncryptionContext:part': parts } }
}

function onTokens(it: VaultResources, statements: readonly PolicyStatement[]): Granted {
  return { statements, environment: { [ENV.tableName]: it.tableName, ...wrappingKeys(it) } }
}

/** What a flow may leave in a row, and nothing else is even compared: the hour of a fetch, and when it complained. */
function noteUse(it: VaultResources): PolicyStatement {
  return allow(['dynamodb:UpdateItem'], it.tableArn, {
    ...leadingKeys(['TENANT#*']),
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'lastFetchedHour', 'rejectedAtMs'] },
  })
}

/** Turns to write to Secrets Manager, whose quota all instances share. */
function writeTurns(it: VaultResources): PolicyStatement[] {
  if (it.secretStore === 'sealed') return []
  return [items(it, WRITES_PARTITION, ['dynamodb:UpdateItem'])]
}

/** A permission on secrets of these kinds, or of all, in the store that the deployment has. */
function secrets(
  it: VaultResources,
  permission: SecretPermission,
  kinds?: readonly SecretKind[],
): PolicyStatement[] {
  return SECRET_STORES[it.secretStore][permission](it, kinds)
}

function onSecrets(it: VaultResources, statements: readonly PolicyStatement[]): Granted {
  return {
    // Whoever has to do with secrets looks first whether this is the store that the rows were begun with.
    statements: [items(it, SECRET_STORE_ITEM, ['dynamodb:GetItem']), ...statements],
    environment: {
      [ENV.secretStore]: it.secretStore,
      ...wrappingKeys(it),
      [ENV.secretWriters]: String(it.secretWriters),
    },
  }
}

const SECRET_STORE_ITEM = SECRET_STORE_KEY.partition

/** The counts of every tenant: who fetches may raise these, and changes nothing else of what it reads. */
const USAGE_ITEMS = usagePartition('*')
