import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { ENV } from '../../functions/config.ts'
import { secretStoreKey, usagePartition } from '../../shared/domain/keys.ts'
import { SECRET_ID_PREFIX } from '../../shared/domain/secret-id.ts'
import type { GrantName } from '../function-table.ts'
import { EVENT_GRANTS } from './event-grants.ts'
import {
  allow,
  type Conditions,
  dueIndex,
  type Granted,
  items,
  onTable,
  type VaultResources,
} from './grant-statements.ts'

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
  'note-use': (it) => onTable(it, [noteUse(it)]),
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
  'create-secrets': (it) => onSecrets(it, createSecrets(it)),
  'put-secrets': (it) => onSecrets(it, putSecrets(it)),
  'restore-secrets': (it) => onSecrets(it, restoreSecrets(it)),
  'read-secrets': (it) => onSecrets(it, readSecrets(it)),
  'remove-secrets': (it) => onSecrets(it, removeSecrets(it)),
  // Tokens are sealed beside the rows, each part in partitions and under a key context of its own.
  'read-access-tokens': (it) =>
    onTokens(it, [
      items(it, ['ACCESS#*'], ['dynamodb:GetItem']),
      allow(['kms:Decrypt'], it.wrappingKeyArn, contextOf(['access'])),
    ]),
  'keep-grants': (it) =>
    onTokens(it, [
      items(it, ['ACCESS#*', 'REFRESH#*'], ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem']),
      allow(['kms:GenerateDataKey', 'kms:Decrypt'], it.wrappingKeyArn, contextOf(['access', 'refresh'])),
    ]),
  'remove-tokens': (it) =>
    onTable(it, [items(it, ['ACCESS#*', 'REFRESH#*'], ['dynamodb:Query', 'dynamodb:DeleteItem'])]),
  digest: (it) => ({
    statements: [allow(['kms:GenerateMac'], it.digestKeyArn)],
    environment: { [ENV.digestKeyArn]: it.digestKeyArn },
  }),
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
  const environment = { [ENV.tableName]: it.tableName, [ENV.wrappingKeyArn]: it.wrappingKeyArn }
  return { statements, environment }
}

/** What a flow may leave in a row, and nothing else is even compared: the hour of a fetch, and when it complained. */
function noteUse(it: VaultResources): PolicyStatement {
  return allow(['dynamodb:UpdateItem'], it.tableArn, {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['TENANT#*'] },
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'lastFetchedHour', 'rejectedAtMs'] },
  })
}

function onSecrets(it: VaultResources, statements: readonly PolicyStatement[]): Granted {
  return {
    // Whoever has to do with secrets looks first whether this is the store that the rows were begun with.
    statements: [items(it, SECRET_STORE_ITEM, ['dynamodb:GetItem']), ...statements],
    environment: {
      [ENV.secretStore]: it.secretStore,
      [ENV.wrappingKeyArn]: it.wrappingKeyArn,
      [ENV.secretWriters]: String(it.secretWriters),
    },
  }
}

const SECRET_STORE_ITEM = secretStoreKey().partition

/** The counts of every tenant: who fetches may raise these, and changes nothing else of what it reads. */
const USAGE_ITEMS = usagePartition('*')

/** Names in the sealed store begin like this; see `shared/adapters/sealed/sealed-items.ts`. */
const SEALED = `SECRET#${SECRET_ID_PREFIX}*`

/**
 * What can be done with a secret that this very deployment made: another stage's, or an earlier one's, is not touched.
 * One that `mayBeGone` has no tag to compare: a plain condition refuses the call before it can be answered so, and
 * what a crash left could never be finished.
 */
function onOwnSecrets(it: VaultResources, actions: readonly string[], mayBeGone = false): PolicyStatement {
  const operator = mayBeGone ? 'StringEqualsIfExists' : 'StringEquals'
  const own = { [operator]: { 'aws:ResourceTag/flow-vault:deployment': it.deploymentId } }
  return allow(actions, it.secretsArn, own)
}

/** To make a secret, and to destroy it again when the operation it was made for is undone. */
function createSecrets(it: VaultResources): PolicyStatement[] {
  if (it.secretStore === 'sealed') {
    return [
      items(it, SEALED, ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem']),
      ...keyForWriting(it),
    ]
  }
  // A secret of this vault says so in a tag from its first moment: `reconcile` touches no other.
  const tagged = { StringEquals: { 'aws:RequestTag/flow-vault:deployment': it.deploymentId } }
  return [
    allow(['secretsmanager:CreateSecret', 'secretsmanager:TagResource'], it.secretsArn, tagged),
    onOwnSecrets(it, ['secretsmanager:DeleteSecret'], true),
    ...keyForWriting(it),
  ]
}

/** To put one more version to a secret that is there, and to let go of the one it replaces. */
function putSecrets(it: VaultResources): PolicyStatement[] {
  if (it.secretStore === 'sealed') {
    return [
      items(it, SEALED, [
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:DeleteItem',
        'dynamodb:ConditionCheckItem',
      ]),
      ...keyForWriting(it),
    ]
  }
  return [onOwnSecrets(it, ['secretsmanager:PutSecretValue']), ...keyForWriting(it)]
}

/** To give a secret back that waits for its deletion; a repeat is told from a failure by looking at it. */
function restoreSecrets(it: VaultResources): PolicyStatement[] {
  if (it.secretStore === 'sealed') return [items(it, SEALED, ['dynamodb:GetItem', 'dynamodb:UpdateItem'])]
  return [onOwnSecrets(it, ['secretsmanager:DescribeSecret', 'secretsmanager:RestoreSecret'], true)]
}

function readSecrets(it: VaultResources): PolicyStatement[] {
  if (it.secretStore === 'sealed') {
    const bound = { StringLike: { 'kms:EncryptionContext:secretId': `${SECRET_ID_PREFIX}*` } }
    return [items(it, SEALED, ['dynamodb:GetItem']), allow(['kms:Decrypt'], it.wrappingKeyArn, bound)]
  }
  return [
    onOwnSecrets(it, ['secretsmanager:GetSecretValue']),
    allow(['kms:Decrypt'], it.wrappingKeyArn, {
      StringEquals: { 'kms:ViaService': secretsManager(it) },
      StringLike: { 'kms:EncryptionContext:SecretARN': it.secretsArn },
    }),
  ]
}

function removeSecrets(it: VaultResources): PolicyStatement[] {
  if (it.secretStore === 'sealed') {
    return [
      items(it, SEALED, ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem']),
    ]
  }
  return [
    onOwnSecrets(
      it,
      ['secretsmanager:DescribeSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:RestoreSecret'],
      true,
    ),
    // ListSecrets knows no resources (service authorization reference): it shows names and tags, never a value.
    allow(['secretsmanager:ListSecrets'], '*'),
  ]
}

/**
 * The key for writing. Secrets Manager tries a key out when a secret gets it, by decrypting a value of its own
 * under this very context; no stored value can be decrypted with that (Secrets Manager user guide, encryption).
 */
function keyForWriting(it: VaultResources): PolicyStatement[] {
  if (it.secretStore === 'sealed') {
    const bound = { StringLike: { 'kms:EncryptionContext:secretId': `${SECRET_ID_PREFIX}*` } }
    return [allow(['kms:GenerateDataKey'], it.wrappingKeyArn, bound)]
  }
  const via = { 'kms:ViaService': secretsManager(it) }
  return [
    allow(['kms:GenerateDataKey'], it.wrappingKeyArn, { StringEquals: via }),
    allow(['kms:Decrypt'], it.wrappingKeyArn, {
      StringEquals: { ...via, 'kms:EncryptionContext:SecretVersionId': 'RequestToValidateKeyAccess' },
    }),
  ]
}

function secretsManager(it: VaultResources): string {
  return `secretsmanager.${it.region}.amazonaws.com`
}
