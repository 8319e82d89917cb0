import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Config } from '../../functions/config.ts'
import { DEPLOYMENT_TAG } from '../../shared/adapters/kms/key-names.ts'
import { type SecretKind, secretIdPrefix } from '../../shared/domain/secret-id.ts'
import { allow, items, ofDeployment, onWrappingKeys, type VaultResources } from './grant-statements.ts'

/**
 * What can be done with secrets: `create` makes one and destroys it again, `put` adds a version and lets go of the one
 * before, `stage` adds one for somebody else to point at, `restore` gives one back that waits for its deletion, `read`
 * opens one, `remove` lists and destroys.
 */
export type SecretPermission = 'create' | 'put' | 'stage' | 'restore' | 'read' | 'remove'

type Statements = (it: VaultResources, kinds: readonly SecretKind[] | undefined) => PolicyStatement[]

/** Every secret store that a deployment can have, by the word of the setting: what each permission is made of. */
export const SECRET_STORES: Readonly<
  Record<Config['secretStore'], Readonly<Record<SecretPermission, Statements>>>
> = {
  'secrets-manager': {
    create: (it, kinds) => [
      // A secret of this vault says so in a tag from its first moment: `reconcile` touches no other.
      allow(['secretsmanager:CreateSecret', 'secretsmanager:TagResource'], arnsOf(it, kinds), {
        StringEquals: { [`aws:RequestTag/${DEPLOYMENT_TAG}`]: it.deploymentId },
      }),
      onOwnSecrets(it, kinds, ['secretsmanager:DeleteSecret'], true),
      ...managedKeyForWriting(it),
      // Which key the alias of a tenant leads to: the secret keeps that key, whatever becomes of the alias.
      ...(it.tenantKeys.length === 0
        ? []
        : [allow(['kms:DescribeKey'], it.anyKeyArn, { StringEquals: ofDeployment(it) })]),
    ],
    put: (it, kinds) => [
      onOwnSecrets(it, kinds, ['secretsmanager:PutSecretValue']),
      ...managedKeyForWriting(it),
    ],
    stage: (it, kinds) => [
      onOwnSecrets(it, kinds, ['secretsmanager:PutSecretValue']),
      ...managedKeyForWriting(it),
    ],
    // A repeat is told from a failure by looking at the secret.
    restore: (it, kinds) => [
      onOwnSecrets(it, kinds, ['secretsmanager:DescribeSecret', 'secretsmanager:RestoreSecret'], true),
    ],
    read: (it, kinds) => [
      onOwnSecrets(it, kinds, ['secretsmanager:GetSecretValue']),
      ...onWrappingKeys(it, ['kms:Decrypt'], {
        StringEquals: { 'kms:ViaService': secretsManager(it) },
        StringLike: { 'kms:EncryptionContext:SecretARN': arnsOf(it, kinds) },
      }),
    ],
    remove: (it, kinds) => [
      onOwnSecrets(
        it,
        kinds,
        ['secretsmanager:DescribeSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:RestoreSecret'],
        true,
      ),
      // A version without a label is in no description; ids are shown, never a value.
      onOwnSecrets(it, kinds, ['secretsmanager:ListSecretVersionIds']),
      // ListSecrets knows no resources (service authorization reference): it shows names and tags, never a value.
      allow(['secretsmanager:ListSecrets'], '*'),
    ],
  },
  sealed: {
    create: (it, kinds) => [
      sealed(it, kinds, ['Query', 'PutItem', 'UpdateItem', 'DeleteItem']),
      ...wrappingKey(it, kinds, 'kms:GenerateDataKey'),
    ],
    put: (it, kinds) => [
      sealed(it, kinds, ['GetItem', 'PutItem', 'DeleteItem', 'ConditionCheckItem']),
      ...wrappingKey(it, kinds, 'kms:GenerateDataKey'),
    ],
    // The version is written by whoever points at it.
    stage: (it, kinds) => wrappingKey(it, kinds, 'kms:GenerateDataKey'),
    restore: (it, kinds) => [sealed(it, kinds, ['GetItem', 'UpdateItem'])],
    read: (it, kinds) => [sealed(it, kinds, ['GetItem']), ...wrappingKey(it, kinds, 'kms:Decrypt')],
    remove: (it, kinds) => [sealed(it, kinds, ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'])],
  },
}

/** How the names begin of this deployment's secrets of these kinds, or of all. */
function namesOf(it: VaultResources, kinds: readonly SecretKind[] | undefined): string[] {
  if (kinds === undefined) return [`${secretIdPrefix(it.deploymentId)}*`]
  return kinds.map((kind) => `${secretIdPrefix(it.deploymentId, kind)}*`)
}

function arnsOf(it: VaultResources, kinds: readonly SecretKind[] | undefined): string[] {
  return namesOf(it, kinds).map((name) => it.secretArnOf(name))
}

/**
 * What can be done with a secret that this very deployment made: another stage's, or an earlier one's, is not touched.
 * One that `mayBeGone` has no tag to compare: a plain condition refuses the call before it can be answered so, and
 * what a crash left could never be finished.
 */
function onOwnSecrets(
  it: VaultResources,
  kinds: readonly SecretKind[] | undefined,
  actions: readonly string[],
  mayBeGone = false,
): PolicyStatement {
  const operator = mayBeGone ? 'StringEqualsIfExists' : 'StringEquals'
  return allow(actions, arnsOf(it, kinds), { [operator]: ofDeployment(it) })
}

/**
 * The key for writing. Secrets Manager tries a key out when a secret gets it, by decrypting a value of its own
 * under this very context; no stored value can be decrypted with that (Secrets Manager user guide, encryption).
 */
function managedKeyForWriting(it: VaultResources): PolicyStatement[] {
  const via = { 'kms:ViaService': secretsManager(it) }
  return [
    ...onWrappingKeys(it, ['kms:GenerateDataKey'], { StringEquals: via }),
    ...onWrappingKeys(it, ['kms:Decrypt'], {
      StringEquals: { ...via, 'kms:EncryptionContext:SecretVersionId': 'RequestToValidateKeyAccess' },
    }),
  ]
}

function secretsManager(it: VaultResources): string {
  return `secretsmanager.${it.region}.amazonaws.com`
}

/** Names in the sealed store begin like this; see `shared/adapters/sealed/sealed-items.ts`. */
function sealed(
  it: VaultResources,
  kinds: readonly SecretKind[] | undefined,
  actions: readonly string[],
): PolicyStatement {
  return items(
    it,
    namesOf(it, kinds).map((name) => `SECRET#${name}`),
    actions.map((action) => `dynamodb:${action}`),
  )
}

/** Every context of a data key has exactly one of `part` and `secretId`: this is about the latter. */
function wrappingKey(
  it: VaultResources,
  kinds: readonly SecretKind[] | undefined,
  action: string,
): PolicyStatement[] {
  return onWrappingKeys(it, [action], {
    StringLike: { 'kms:EncryptionContext:secretId': namesOf(it, kinds) },
  })
}
