import { LOG_LEVELS, type LogLevel } from '../shared/ports/log.ts'

/**
 * The environment variables of the functions. Infrastructure sets them under these names, and nothing else in the
 * functions reads the environment.
 */
export const ENV = {
  deployment: 'FLOW_VAULT_DEPLOYMENT',
  tableName: 'FLOW_VAULT_TABLE',
  secretStore: 'FLOW_VAULT_SECRET_STORE',
  wrappingKeyArn: 'FLOW_VAULT_WRAPPING_KEY',
  digestKeyArn: 'FLOW_VAULT_DIGEST_KEY',
  secretWriters: 'FLOW_VAULT_SECRET_WRITERS',
  issuer: 'FLOW_VAULT_ISSUER',
  audience: 'FLOW_VAULT_AUDIENCE',
  tenantClaim: 'FLOW_VAULT_TENANT_CLAIM',
  jwksUrl: 'FLOW_VAULT_JWKS_URL',
  rateLimitPerSecond: 'FLOW_VAULT_RATE_LIMIT',
  publicUrl: 'FLOW_VAULT_PUBLIC_URL',
  returnTo: 'FLOW_VAULT_RETURN_TO',
  headless: 'FLOW_VAULT_HEADLESS_AUTHORIZATION',
  grantsFunction: 'FLOW_VAULT_GRANTS_FUNCTION',
  workQueueUrl: 'FLOW_VAULT_WORK_QUEUE',
  freezeQueueUrl: 'FLOW_VAULT_FREEZE_QUEUE',
  rotationsPerMinute: 'FLOW_VAULT_ROTATIONS_PER_MINUTE',
  allowHosts: 'FLOW_VAULT_ALLOW_HOSTS',
  logLevel: 'FLOW_VAULT_LOG_LEVEL',
  /** Set by the Lambda service, or by whoever points the AWS SDK at an emulator. */
  awsEndpointUrl: 'AWS_ENDPOINT_URL',
} as const

/** The name of one variable. */
export type EnvName = (typeof ENV)[keyof typeof ENV]

/** The settings of one function; a part that its role has no use for is absent. */
export interface Config {
  /** Names this deployment in tags and logs. */
  readonly deployment: string
  readonly tableName: string
  readonly secretStore: 'secrets-manager' | 'sealed'
  /** The key that encrypts secrets, by its ARN. */
  readonly wrappingKeyArn?: string
  /** The HMAC key behind digests, by its ARN. */
  readonly digestKeyArn?: string
  /** How many instances of all functions may write to the secret store at a time: its quota is shared by them. */
  readonly secretWriters: number
  readonly tokens?: TokenConfig
  readonly rateLimitPerSecond: number
  /** Scheme and host where browsers reach the vault, without a trailing slash. */
  readonly publicUrl?: string
  readonly returnTo: readonly string[]
  /** Authorization links lead to the provider at once, for browsers that nobody looks at. */
  readonly headless: boolean
  readonly grantsFunction?: string
  readonly workQueueUrl?: string
  /** Where the jobs of freezes go. */
  readonly freezeQueueUrl?: string
  /** How many connections a sweep may hand to the workers. */
  readonly rotationsPerMinute: number
  /** `host:port` pairs that may be private or plain http; never on AWS itself. */
  readonly allowHosts: readonly string[]
  readonly logLevel: LogLevel
}

/** Whose tokens are accepted. */
export interface TokenConfig {
  readonly issuer: string
  readonly audience: string
  readonly tenantClaim: string
  readonly jwksUrl: string
}

/** What is wrong with the environment, one line a variable; a function that gets it does not start. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type Environment = Readonly<Record<string, string | undefined>>

const HOST_PORT = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/
const MAX_PORT = 65_535
const LOOPBACK_HOST = /^(localhost|([a-z0-9-]+\.)+localhost|127\.0\.0\.1|\[::1\])$/i
const KEY_ARN = /^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]+$/
/** Lambda's default concurrency of an account and Region; more writers than that cannot run. */
const MAX_SECRET_WRITERS = 1000
/** These only catch a slip of the keyboard: no deployment gets near. */
const MAX_RATE = 1_000_000
const DEFAULT_RATE = 500
const DEFAULT_ROTATIONS_PER_MINUTE = 1000

/** Reads and checks the environment. Throws `ConfigError` that names each variable, its value and what is allowed. */
export function readConfig(env: Environment): Config {
  const reader = new EnvironmentReader(env)
  const config: Config = {
    deployment: reader.required(ENV.deployment, /^[a-z0-9-]{1,32}$/, '1 to 32 of a-z, 0-9 and -'),
    tableName: reader.required(ENV.tableName, /^[A-Za-z0-9_.-]{3,255}$/, 'the name of a DynamoDB table'),
    secretStore: reader.oneOf(ENV.secretStore, ['secrets-manager', 'sealed'], 'secrets-manager'),
    ...optional('wrappingKeyArn', reader.keyArn(ENV.wrappingKeyArn)),
    ...optional('digestKeyArn', reader.keyArn(ENV.digestKeyArn)),
    secretWriters: reader.whole(ENV.secretWriters, { fallback: 1, maximum: MAX_SECRET_WRITERS }),
    ...tokenConfig(reader),
    rateLimitPerSecond: reader.whole(ENV.rateLimitPerSecond, { fallback: DEFAULT_RATE, maximum: MAX_RATE }),
    ...optional('publicUrl', reader.origin(ENV.publicUrl)),
    returnTo: reader.origins(ENV.returnTo),
    headless: reader.oneOf(ENV.headless, ['true', 'false'], 'false') === 'true',
    ...optional('grantsFunction', reader.text(ENV.grantsFunction)),
    ...optional('workQueueUrl', reader.url(ENV.workQueueUrl)),
    ...optional('freezeQueueUrl', reader.url(ENV.freezeQueueUrl)),
    rotationsPerMinute: reader.whole(ENV.rotationsPerMinute, {
      fallback: DEFAULT_ROTATIONS_PER_MINUTE,
      maximum: MAX_RATE,
    }),
    allowHosts: reader.allowHosts(),
    logLevel: reader.oneOf(ENV.logLevel, LOG_LEVELS, 'INFO'),
  }
  if (reader.problems.length > 0) throw new ConfigError(reader.problems.join('\n'))
  return config
}

function optional<Key extends keyof Config>(
  key: Key,
  value: Config[Key] | undefined,
): Partial<Pick<Config, Key>> {
  return value === undefined ? {} : ({ [key]: value } as Pick<Config, Key>)
}

/** The setting, for a function that cannot work without it. Throws `ConfigError` that names the variable. */
export function present<Value>(value: Value | undefined, name: EnvName): Value {
  if (value === undefined) throw new ConfigError(`${name} is not set, and this function needs it.`)
  return value
}

/** A function that takes no tokens has none of the four; one that has any has all it needs. */
function tokenConfig(reader: EnvironmentReader): { tokens?: TokenConfig } {
  const names = [ENV.issuer, ENV.audience, ENV.tenantClaim, ENV.jwksUrl]
  if (names.every((name) => reader.text(name) === undefined)) return {}
  const issuer = reader.url(ENV.issuer) ?? reader.missing(ENV.issuer, 'the `iss` of the tokens to accept')
  const audience = reader.required(ENV.audience, /^[\x21-\x7e]{1,500}$/, 'the `aud` of the tokens to accept')
  const allowed = 'the name of the claim that holds the tenant'
  const tenantClaim = reader.required(ENV.tenantClaim, /^[\x21-\x7e]{1,200}$/, allowed)
  const jwksUrl =
    reader.url(ENV.jwksUrl) ?? `${issuer}${issuer.endsWith('/') ? '' : '/'}.well-known/jwks.json`
  return { tokens: { issuer, audience, tenantClaim, jwksUrl } }
}

class EnvironmentReader {
  readonly problems: string[] = []
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  /** An empty variable counts as unset, as templates and shells use it. */
  text(name: EnvName): string | undefined {
    const value = this.#env[name]?.trim()
    return value === undefined || value === '' ? undefined : value
  }

  missing(name: EnvName, allowed: string): '' {
    this.problems.push(`${name} is not set. Allowed: ${allowed}.`)
    return ''
  }

  required(name: EnvName, pattern: RegExp, allowed: string): string {
    const value = this.text(name)
    if (value === undefined) return this.missing(name, allowed)
    if (!pattern.test(value)) this.#refuse(name, value, allowed)
    return value
  }

  oneOf<Value extends string>(name: EnvName, values: readonly Value[], fallback: Value): Value {
    const value = this.text(name) ?? fallback
    const known = values.find((one) => one === value)
    if (known === undefined) this.#refuse(name, value, values.join(', '))
    return known ?? fallback
  }

  whole(name: EnvName, range: { fallback: number; maximum: number }): number {
    const value = this.text(name)
    if (value === undefined) return range.fallback
    const number = /^\d{1,9}$/.test(value) ? Number(value) : 0
    if (number >= 1 && number <= range.maximum) return number
    this.#refuse(name, value, `a whole number from 1 to ${range.maximum}`)
    return range.fallback
  }

  keyArn(name: EnvName): string | undefined {
    const value = this.text(name)
    if (value !== undefined && !KEY_ARN.test(value)) this.#refuse(name, value, 'the ARN of a KMS key')
    return value
  }

  /** Https, or http on loopback, where there is no network to listen on. */
  url(name: EnvName): string | undefined {
    const value = this.text(name)
    if (value === undefined || isSafeUrl(value)) return value
    this.#refuse(name, value, 'an https URL without query, fragment or user (http on loopback)')
    return value
  }

  origin(name: EnvName): string | undefined {
    const value = this.text(name)
    if (value === undefined || isOrigin(value)) return value === undefined ? value : new URL(value).origin
    this.#refuse(name, value, 'an https URL without a path (http on loopback)')
    return value
  }

  origins(name: EnvName): readonly string[] {
    const entries = this.#list(name)
    if (entries.every(isOrigin)) return entries.map((entry) => new URL(entry).origin)
    this.#refuse(name, entries.join(','), 'https origins separated by commas (http on loopback)')
    return []
  }

  /** An exception to the outgoing guard is for an emulator on this machine, and an accident everywhere else. */
  allowHosts(): readonly string[] {
    const name = ENV.allowHosts
    const hosts = this.#list(name)
    const wellFormed = hosts.every((host) => {
      const port = Number(HOST_PORT.exec(host)?.[2])
      return port >= 1 && port <= MAX_PORT
    })
    if (!wellFormed) this.#refuse(name, hosts.join(','), 'host:port pairs separated by commas')
    const endpoint = this.text(ENV.awsEndpointUrl)
    if (hosts.length > 0 && !isLoopback(endpoint)) {
      this.#refuse(name, hosts.join(','), `nothing, unless ${ENV.awsEndpointUrl} is on loopback`)
    }
    return hosts
  }

  #list(name: EnvName): string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
  }

  #refuse(name: EnvName, value: string, allowed: string): void {
    this.problems.push(`${name}=${JSON.stringify(value)} is not valid. Allowed: ${allowed}.`)
  }
}

function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, search, hash, username } = new URL(value)
  if (search !== '' || hash !== '' || username !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(value))
}

function isOrigin(value: string): boolean {
  return isSafeUrl(value) && new URL(value).pathname === '/'
}

function isLoopback(url: string | undefined): boolean {
  return url !== undefined && URL.canParse(url) && LOOPBACK_HOST.test(new URL(url).hostname)
}
