import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { ENV, type EnvName } from '../../functions/config.ts'
import { DEPLOYMENT_TAG } from '../../shared/adapters/kms/key-names.ts'

/** What the functions of one deployment may be granted access to: names and ARNs. */
export interface VaultResources {
  readonly stage: string
  /** Tells the secrets of this deployment from those of every other one. */
  readonly deploymentId: string
  readonly region: string
  readonly secretStore: 'secrets-manager' | 'sealed'
  readonly tableName: string
  readonly tableArn: string
  readonly dueIndexArn: string
  readonly eventsTableName: string
  readonly eventsTableArn: string
  /** The ARN of the secrets whose names begin like this, with a star at the end. */
  secretArnOf(names: string): string
  readonly wrappingKeyArn: string
  /** Every key of account and Region: only with the tag of the deployment, which those of tenants have. */
  readonly anyKeyArn: string
  /** Tenants with a key of their own. */
  readonly tenantKeys: readonly string[]
  readonly digestKeyArn: string
  readonly grantsFunctionName: string
  readonly grantsFunctionArn: string
  readonly workQueueUrl: string
  readonly workQueueArn: string
  readonly freezeQueueUrl: string
  readonly freezeQueueArn: string
  readonly eventsIndexArn: string
  readonly eventsStreamArn: string
  readonly deliveryQueueUrl: string
  readonly deliveryQueueArn: string
  readonly busName: string
  readonly busArn: string
  readonly secretWriters: number
  readonly rotationsPerMinute: number
  /** How many functions the account may run at a time. */
  readonly instances: number
  /** Whose tokens are accepted, and where browsers reach the vault. */
  readonly http: Readonly<Partial<Record<EnvName, string>>>
}

/** One grant: the permissions, and the variables by which the function finds what it may use. */
export interface Granted {
  readonly statements: readonly PolicyStatement[]
  readonly environment: Readonly<Partial<Record<EnvName, string>>>
}

/** A statement's conditions, as IAM keeps them. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>

/** Allows these actions on one resource, or on several. */
export function allow(
  actions: readonly string[],
  resources: string | readonly string[],
  conditions?: Conditions,
): PolicyStatement {
  return new PolicyStatement({
    actions: [...actions],
    resources: [resources].flat(),
    ...(conditions === undefined ? {} : { conditions }),
  })
}

/**
 * Holds for a call whose partition keys all begin as one of these says. `ForAllValues` alone holds for a call that names
 * none, too (IAM user guide, multivalued context keys).
 */
export function leadingKeys(keys: readonly string[]): Conditions {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  }
}

/**
 * May use the key that is shared, and keys of single tenants under the same conditions. Those are told by their tag and
 * not by the stage file: a key that a tenant had yesterday still opens what it wrapped.
 */
export function onWrappingKeys(
  it: VaultResources,
  actions: readonly string[],
  conditions: Conditions,
): PolicyStatement[] {
  const own = { StringEquals: { ...conditions['StringEquals'], ...ofDeployment(it) } }
  return [
    allow(actions, it.wrappingKeyArn, conditions),
    allow(actions, it.anyKeyArn, { ...conditions, ...own }),
  ]
}

/** Holds for a key that this very deployment made. */
export function ofDeployment(it: VaultResources): Readonly<Record<string, string>> {
  return { [`aws:ResourceTag/${DEPLOYMENT_TAG}`]: it.deploymentId }
}

/** The variables by which a function knows the keys to wrap by. */
export function wrappingKeys(it: VaultResources): Granted['environment'] {
  const tenants = it.tenantKeys.join(',')
  return { [ENV.wrappingKeyArn]: it.wrappingKeyArn, ...(tenants === '' ? {} : { [ENV.tenantKeys]: tenants }) }
}

/** Items whose partition key begins as `keys` says; each of these actions names its keys, so there is always one to compare. */
export function items(
  it: VaultResources,
  keys: string | readonly string[],
  actions: readonly string[],
): PolicyStatement {
  return allow(actions, it.tableArn, leadingKeys([keys].flat()))
}

/** May look into the due index, at these shards. */
export function dueIndex(it: VaultResources, shards: string): PolicyStatement {
  return allow(['dynamodb:Query'], it.dueIndexArn, leadingKeys([shards]))
}

/** Statements about rows, for a function that is told the table's name. */
export function onTable(it: VaultResources, statements: readonly PolicyStatement[]): Granted {
  return { statements, environment: { [ENV.tableName]: it.tableName } }
}
