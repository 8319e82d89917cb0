import type { LogLevel } from '../shared/ports/log.ts'
import {
  defaulted,
  type Environment,
  missing,
  optional,
  readEnvironment,
  refusal,
  required,
  SettingsError,
} from '../shared/settings/read-environment.ts'
import { isLoopback, oneOf, SERVICE_URL, shaped, TENANTS, whole } from '../shared/settings/setting-formats.ts'
import {
  type IssuerSettings,
  issuerOf,
  issuerProblems,
  SHARED_SETTINGS,
} from '../shared/settings/setting-table.ts'

/**
 * The environment variables of the functions. Infrastructure sets them under these names, and nothing else in the
 * functions reads the environment.
 */
export const ENV = {
  deployment: 'FLOW_VAULT_DEPLOYMENT',
  deploymentId: 'FLOW_VAULT_DEPLOYMENT_ID',
  tableName: 'FLOW_VAULT_TABLE',
  eventsTableName: 'FLOW_VAULT_EVENTS_TABLE',
  secretStore: 'FLOW_VAULT_SECRET_STORE',
  wrappingKeyArn: 'FLOW_VAULT_WRAPPING_KEY',
  tenantKeys: 'FLOW_VAULT_TENANT_KEYS',
  digestKeyArn: 'FLOW_VAULT_DIGEST_KEY',
  secretWriters: 'FLOW_VAULT_SECRET_WRITERS',
  issuer: SHARED_SETTINGS.issuer.variable,
  audience: SHARED_SETTINGS.audience.variable,
  tenantClaim: SHARED_SETTINGS.tenantClaim.variable,
  tenantMapping: SHARED_SETTINGS.tenantMapping.variable,
  scopeClaim: SHARED_SETTINGS.scopeClaim.variable,
  jwksUrl: SHARED_SETTINGS.jwksUrl.variable,
  rateLimitPerSecond: SHARED_SETTINGS.rateLimitPerSecond.variable,
  publicUrl: SHARED_SETTINGS.publicUrl.variable,
  returnTo: SHARED_SETTINGS.returnTo.variable,
  headless: SHARED_SETTINGS.headless.variable,
  corsOrigins: SHARED_SETTINGS.corsOrigins.variable,
  maxConnections: SHARED_SETTINGS.maxConnections.variable,
  grantsFunction: 'FLOW_VAULT_GRANTS_FUNCTION',
  workQueueUrl: 'FLOW_VAULT_WORK_QUEUE',
  freezeQueueUrl: 'FLOW_VAULT_FREEZE_QUEUE',
  deliveryQueueUrl: 'FLOW_VAULT_DELIVERY_QUEUE',
  busName: 'FLOW_VAULT_BUS',
  rotationsPerMinute: 'FLOW_VAULT_ROTATIONS_PER_MINUTE',
  instances: 'FLOW_VAULT_INSTANCES',
  allowHosts: SHARED_SETTINGS.allowHosts.variable,
  logLevel: SHARED_SETTINGS.logLevel.variable,
  /** Set by the Lambda service, or by whoever points the AWS SDK at an emulator. */
  awsEndpointUrl: 'AWS_ENDPOINT_URL',
} as const

/** The name of one variable. */
export type EnvName = (typeof ENV)[keyof typeof ENV]

/** The settings of one function; a part that its role has no use for is absent. */
export interface Config {
  /** Names this deployment in logs and metrics. */
  readonly deployment: string
  /** Tells this deployment's secrets from those of every other one, an earlier one of its name included. */
  readonly deploymentId?: string | undefined
  readonly tableName: string
  /** Where changes are told of; absent for a role that neither writes nor reads them. */
  readonly eventsTableName?: string | undefined
  readonly secretStore: 'secrets-manager' | 'sealed'
  /** The key that encrypts secrets, by its ARN. */
  readonly wrappingKeyArn?: string | undefined
  /** Tenants with a key of their own, which wraps what is sealed of them. */
  readonly tenantKeys: readonly string[]
  /** The HMAC key behind digests, by its ARN. */
  readonly digestKeyArn?: string | undefined
  /** How many instances of all functions may write to the secret store at a time: its quota is shared by them. */
  readonly secretWriters: number
  /** Whose tokens are accepted. */
  readonly tokens?: IssuerSettings | undefined
  readonly rateLimitPerSecond: number
  /** Scheme and host where browsers reach the vault, without a trailing slash. */
  readonly publicUrl?: string | undefined
  readonly returnTo: readonly string[]
  /** Origins whose pages may call the API. */
  readonly corsOrigins: readonly string[]
  /** How many connections a tenant may have. */
  readonly maxConnections?: number | undefined
  /** Authorization links lead to the provider at once, for browsers that nobody looks at. */
  readonly headless: boolean
  readonly grantsFunction?: string | undefined
  readonly workQueueUrl?: string | undefined
  /** Where the jobs of freezes go. */
  readonly freezeQueueUrl?: string | undefined
  /** Where what subscriptions get goes. */
  readonly deliveryQueueUrl?: string | undefined
  /** The bus that events are put on. */
  readonly busName?: string | undefined
  /** How many connections a sweep may hand to the workers. */
  readonly rotationsPerMinute: number
  /** How many functions the account may run at a time. */
  readonly instances: number
  /** `host:port` pairs that may be private or plain http; never on AWS itself. */
  readonly allowHosts: readonly string[]
  readonly logLevel: LogLevel
}

const TABLE_NAME = shaped(/^[A-Za-z0-9_.-]{3,255}$/, 'the name of a DynamoDB table')
const KEY_ARN = shaped(/^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]+$/, 'the ARN of a KMS key')
/** Lambda's default concurrency of an account and Region; more writers than that cannot run. */
const MAX_SECRET_WRITERS = 1000
const MAX_ROTATIONS = 1_000_000
/** What a new account may run at a time, and the most that AWS gives without asking what for. */
export const [NEW_ACCOUNT, MAX_INSTANCES] = [10, 100_000]

const { issuer, audience, tenantClaim, tenantMapping, scopeClaim, jwksUrl, ...OTHER_SHARED } = SHARED_SETTINGS
const ISSUER_TABLE = { issuer, audience, tenantClaim, tenantMapping, scopeClaim, jwksUrl }
const TABLE = {
  ...ISSUER_TABLE,
  ...OTHER_SHARED,
  deployment: required(ENV.deployment, shaped(/^[a-z0-9-]{1,32}$/, '1 to 32 of a-z, 0-9 and -')),
  deploymentId: optional(
    ENV.deploymentId,
    shaped(/^[A-Za-z0-9-]{1,36}$/, '1 to 36 of letters, digits and -'),
  ),
  tableName: required(ENV.tableName, TABLE_NAME),
  eventsTableName: optional(ENV.eventsTableName, TABLE_NAME),
  secretStore: defaulted(ENV.secretStore, oneOf(['secrets-manager', 'sealed']), 'secrets-manager'),
  wrappingKeyArn: optional(ENV.wrappingKeyArn, KEY_ARN),
  tenantKeys: defaulted(ENV.tenantKeys, TENANTS, []),
  digestKeyArn: optional(ENV.digestKeyArn, KEY_ARN),
  secretWriters: defaulted(ENV.secretWriters, whole(1, MAX_SECRET_WRITERS), 1),
  grantsFunction: optional(ENV.grantsFunction, shaped(/./, 'the name of a function')),
  workQueueUrl: optional(ENV.workQueueUrl, SERVICE_URL),
  freezeQueueUrl: optional(ENV.freezeQueueUrl, SERVICE_URL),
  deliveryQueueUrl: optional(ENV.deliveryQueueUrl, SERVICE_URL),
  busName: optional(ENV.busName, shaped(/^[A-Za-z0-9_./-]{1,256}$/, 'the name of an event bus')),
  rotationsPerMinute: defaulted(ENV.rotationsPerMinute, whole(1, MAX_ROTATIONS), 1000),
  instances: defaulted(ENV.instances, whole(NEW_ACCOUNT, MAX_INSTANCES), NEW_ACCOUNT),
  awsEndpointUrl: optional(ENV.awsEndpointUrl, shaped(/./, 'a URL')),
} as const

/** Reads and checks the environment. Throws `SettingsError` that names each variable, its value and what is allowed. */
export function readConfig(env: Environment): Config {
  const read = readEnvironment(TABLE, env, (values) => [
    ...(hasIssuerPart(values) && values.issuer === undefined
      ? [missing(issuer.variable, 'the `iss` of the tokens to accept')]
      : issuerProblems(values)),
    ...strayHosts(values),
  ])
  const { issuer: _issuer, audience: _audience, tenantClaim: _claim, jwksUrl: _url, ...rest } = read
  const { tenantMapping: _mapping, scopeClaim: _scopes, awsEndpointUrl: _endpoint, ...config } = rest
  return { ...config, tokens: issuerOf(read) }
}

/** A function that takes no tokens has none of these; one that has any has all it needs. */
function hasIssuerPart(values: { [Name in keyof typeof ISSUER_TABLE]: string | undefined }): boolean {
  const names = Object.keys(ISSUER_TABLE) as (keyof typeof ISSUER_TABLE)[]
  return names.some((name) => values[name] !== undefined)
}

/** An exception to the outgoing guard is for an emulator on this machine, and an accident everywhere else. */
function strayHosts({
  allowHosts,
  awsEndpointUrl,
}: {
  allowHosts: readonly string[]
  awsEndpointUrl: string | undefined
}): string[] {
  if (allowHosts.length === 0 || isLoopback(awsEndpointUrl)) return []
  return [
    refusal(ENV.allowHosts, allowHosts.join(','), `nothing, unless ${ENV.awsEndpointUrl} is on loopback`),
  ]
}

/** The setting, for a function that cannot work without it. Throws `SettingsError` that names the variable. */
export function present<Value>(value: Value | undefined, name: EnvName): Value {
  if (value === undefined) throw new SettingsError(`${name} is not set, and this function needs it.`)
  return value
}
