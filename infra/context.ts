import type { Node } from 'constructs'
import { type Config, ENV, type EnvName, readConfig } from '../functions/config.ts'
import { SettingsError } from '../shared/settings/read-environment.ts'

/** The keys of the CDK context (`-c key=value`) that become variables of the functions, with the variable of each. */
const CONTEXT_VARIABLES = {
  issuer: ENV.issuer,
  audience: ENV.audience,
  tenantClaim: ENV.tenantClaim,
  tenantMapping: ENV.tenantMapping,
  scopeClaim: ENV.scopeClaim,
  jwksUrl: ENV.jwksUrl,
  secretStore: ENV.secretStore,
  rateLimit: ENV.rateLimitPerSecond,
  publicUrl: ENV.publicUrl,
  returnTo: ENV.returnTo,
  headless: ENV.headless,
  allowHosts: ENV.allowHosts,
  logLevel: ENV.logLevel,
} as const satisfies Record<string, EnvName>

/** Creating secrets is what needs instances, and each of these writers gets its part of the store's quota. */
const DEFAULT_MAX_INSTANCES = 10
/**
 * Two instances of `grants` work each of its two queues at least (SQS takes no lower limit), and one must be left for
 * calls: with fewer reserved, Lambda refuses messages, and five refusals make one a dead letter.
 */
const MIN_INSTANCES = 5
/**
 * The most instances of one function. Sealed: Lambda keeps 100 of an account's 1,000 unreserved, and two functions
 * write secrets. Secrets Manager: each writer has an equal part of 35 writes a second, and waits 5 s for its turn at
 * most; with more of them, the second write of a busy instance would be refused although hardly anything is written.
 */
export const MAX_INSTANCES: Readonly<Record<Config['secretStore'], number>> = {
  'secrets-manager': 80,
  sealed: 400,
}
/** So that the numbers after it in a template stay placeholders and no half of them is checked. */
const PLACEHOLDER = { [ENV.deployment]: 'prod', [ENV.tableName]: 'placeholder' }

/** What one deployment is made with, checked by the very rules that the functions start with. */
export interface DeploymentSettings {
  /** Part of every name: two deployments may share an account. */
  readonly stage: string
  readonly maxInstances: number
  readonly secretStore: Config['secretStore']
  /** Where `POST /oauth/token` is answered: the issuer's own token endpoint. */
  readonly tokenUrl: string
  readonly publicUrl: string | undefined
  /** An SNS topic that alarms are sent to; without it they only show. */
  readonly alarmTopicArn: string | undefined
  /** The variables that the context sets, by their names. */
  readonly environment: Readonly<Partial<Record<EnvName, string>>>
}

/**
 * The settings in the CDK context. Throws `SettingsError` that names each key, its value and what is allowed.
 * `awsEndpointUrl` is where the deployment goes to: only on loopback may hosts be excepted from the outgoing guard.
 */
export function readContext(node: Node, awsEndpointUrl: string | undefined): DeploymentSettings {
  const environment: Partial<Record<EnvName, string>> = {}
  for (const [key, name] of Object.entries(CONTEXT_VARIABLES)) {
    const value = contextText(node, key)
    if (value !== undefined) environment[name] = value
  }
  const stage = contextText(node, 'stage') ?? 'prod'
  const checked = {
    ...PLACEHOLDER,
    ...environment,
    [ENV.deployment]: stage,
    [ENV.awsEndpointUrl]: awsEndpointUrl,
  }
  const config = checkedConfig(checked)
  const tokens = config.tokens
  if (tokens === undefined) {
    throw new SettingsError(
      'The CDK context names no issuer. Allowed: -c issuer=… -c audience=… -c tenantClaim=… of an OpenID provider.',
    )
  }
  const base = tokens.issuer.endsWith('/') ? tokens.issuer : `${tokens.issuer}/`
  return {
    stage,
    maxInstances: maxInstances(node, config.secretStore),
    secretStore: config.secretStore,
    tokenUrl: contextText(node, 'tokenUrl') ?? `${base}oauth/token`,
    publicUrl: config.publicUrl,
    alarmTopicArn: contextText(node, 'alarmTopicArn'),
    environment: { [ENV.deployment]: stage, ...environment },
  }
}

function checkedConfig(env: Readonly<Record<string, string | undefined>>): Config {
  try {
    return readConfig(env)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    const keys = Object.entries(CONTEXT_VARIABLES)
    const named = keys.reduce((text, [key, name]) => text.replaceAll(name, `context ${key}`), error.message)
    throw new SettingsError(named.replaceAll(ENV.deployment, 'context stage'))
  }
}

function maxInstances(node: Node, secretStore: Config['secretStore']): number {
  const value = contextText(node, 'maxInstances')
  if (value === undefined) return DEFAULT_MAX_INSTANCES
  const number = /^\d{1,4}$/.test(value) ? Number(value) : 0
  const most = MAX_INSTANCES[secretStore]
  if (number >= MIN_INSTANCES && number <= most) return number
  throw new SettingsError(
    `context maxInstances=${JSON.stringify(value)} is not valid. Allowed: a whole number from ${MIN_INSTANCES} to ${most} with secretStore=${secretStore}.`,
  )
}

function contextText(node: Node, key: string): string | undefined {
  const value: unknown = node.tryGetContext(key)
  return value === undefined || value === '' ? undefined : String(value)
}
