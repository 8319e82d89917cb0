import { resolve } from 'node:path'
import { LOG_LEVELS, type LogLevel } from '../../shared/ports/log.ts'
import { ACCEPTABLE_LOSSES } from './folder/whole-vault.ts'

/** The variables the embedded server reads, each with its default and what it accepts. */
export interface Settings {
  readonly port: number
  readonly tlsPort: number
  readonly host: string
  readonly dataFolder: string
  readonly logLevel: LogLevel
  /** Parts of the data folder that may be lost or older, this once. */
  readonly acceptLoss: readonly string[]
  /** `host:port` pairs that may be private or plain http, for outgoing calls. */
  readonly allowHosts: readonly string[]
  readonly rateLimitPerSecond: number
  /** Where browsers reach this vault, for authorization callbacks; undefined for the plain listener's own URL. */
  readonly publicUrl?: string
  /** Authorization links lead to the provider at once, for browsers that nobody looks at. */
  readonly headless: boolean
  /** Origins that a person may be sent back to after an authorization. */
  readonly returnTo: readonly string[]
  /** A foreign issuer; undefined for the built-in one. */
  readonly foreignIssuer?: {
    readonly issuer: string
    readonly audience: string
    readonly tenantClaim: string
  }
  /** Of the built-in issuer, when set without a foreign one. */
  readonly audience?: string
}

/** What is wrong with the environment, one line a variable; `npm start` prints it and stops. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

const HOST_PORT = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/
const HOST = /^[A-Za-z0-9.:_-]{1,253}$/
const MAX_PORT = 65_535
/** Auth0's highest documented management limit is far below; this only catches a slip of the keyboard. */
const MAX_RATE = 1_000_000

type Environment = Readonly<Record<string, string | undefined>>

/** Reads and validates the environment; throws `SettingsError` naming each variable, its value and what is allowed. */
export function readSettings(env: Environment): Settings {
  const problems: string[] = []
  const port = whole(env, 'PORT', { fallback: 8787, minimum: 0, maximum: MAX_PORT }, problems)
  const tlsPort = whole(env, 'TLS_PORT', { fallback: 8788, minimum: 0, maximum: MAX_PORT }, problems)
  if (port === tlsPort && port !== 0) {
    problems.push(`TLS_PORT=${tlsPort} is also PORT. Allowed: two different ports.`)
  }
  const host = text(env, 'HOST') ?? '127.0.0.1'
  if (!HOST.test(host))
    problems.push(refusal('HOST', host, 'an address or host name to listen on, such as 127.0.0.1'))
  const settings: Settings = {
    port,
    tlsPort,
    host,
    dataFolder: resolve(text(env, 'FLOW_VAULT_DATA') ?? '.flow-vault'),
    logLevel: logLevel(env, problems),
    acceptLoss: lossList(env, problems),
    allowHosts: hostList(env, problems),
    rateLimitPerSecond: whole(
      env,
      'FLOW_VAULT_RATE_LIMIT',
      { fallback: 500, minimum: 1, maximum: MAX_RATE },
      problems,
    ),
    ...publicUrlSetting(env, problems),
    headless: flag(env, 'FLOW_VAULT_HEADLESS_AUTHORIZATION', problems),
    returnTo: originList(env, problems),
    ...issuerSettings(env, problems),
  }
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
  return settings
}

function issuerSettings(env: Environment, problems: string[]): Pick<Settings, 'foreignIssuer' | 'audience'> {
  const issuer = text(env, 'FLOW_VAULT_ISSUER')
  const audience = text(env, 'FLOW_VAULT_AUDIENCE')
  const tenantClaim = text(env, 'FLOW_VAULT_TENANT_CLAIM')
  if (issuer === undefined) {
    if (tenantClaim !== undefined) {
      problems.push(refusal('FLOW_VAULT_TENANT_CLAIM', tenantClaim, 'only together with FLOW_VAULT_ISSUER'))
    }
    return audience === undefined ? {} : { audience }
  }
  if (!isIssuerUrl(issuer)) {
    problems.push(
      refusal('FLOW_VAULT_ISSUER', issuer, 'an https URL without query or fragment (http on loopback)'),
    )
  }
  if (audience === undefined)
    problems.push('FLOW_VAULT_AUDIENCE is not set. Allowed: the audience of your API at FLOW_VAULT_ISSUER.')
  if (tenantClaim === undefined) {
    problems.push(
      'FLOW_VAULT_TENANT_CLAIM is not set. Allowed: the name of the token claim that holds the tenant.',
    )
  }
  return { foreignIssuer: { issuer, audience: audience ?? '', tenantClaim: tenantClaim ?? '' } }
}

function publicUrlSetting(env: Environment, problems: string[]): Pick<Settings, 'publicUrl'> {
  const value = text(env, 'FLOW_VAULT_PUBLIC_URL')
  if (value === undefined) return {}
  if (isIssuerUrl(value) && new URL(value).pathname === '/') return { publicUrl: new URL(value).origin }
  problems.push(refusal('FLOW_VAULT_PUBLIC_URL', value, 'an https URL without a path (http on loopback)'))
  return {}
}

function lossList(env: Environment, problems: string[]): string[] {
  const value = text(env, 'FLOW_VAULT_ACCEPT_LOSS')
  const names = value?.split(',').map((entry) => entry.trim()) ?? []
  if (names.every((name) => ACCEPTABLE_LOSSES.includes(name))) return names
  problems.push(
    refusal('FLOW_VAULT_ACCEPT_LOSS', value ?? '', `of ${ACCEPTABLE_LOSSES.join(', ')}, separated by commas`),
  )
  return []
}

function originList(env: Environment, problems: string[]): string[] {
  const value = text(env, 'FLOW_VAULT_RETURN_TO')
  if (value === undefined) return []
  const entries = value.split(',').map((entry) => entry.trim())
  if (entries.every((entry) => isIssuerUrl(entry) && new URL(entry).pathname === '/')) {
    return entries.map((entry) => new URL(entry).origin)
  }
  problems.push(
    refusal('FLOW_VAULT_RETURN_TO', value, 'https origins separated by commas (http on loopback)'),
  )
  return []
}

function isIssuerUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  if (url.search !== '' || url.hash !== '' || url.username !== '') return false
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback)
}

function logLevel(env: Environment, problems: string[]): LogLevel {
  const value = text(env, 'FLOW_VAULT_LOG_LEVEL') ?? 'INFO'
  const level = LOG_LEVELS.find((one) => one === value)
  if (level === undefined) problems.push(refusal('FLOW_VAULT_LOG_LEVEL', value, LOG_LEVELS.join(', ')))
  return level ?? 'INFO'
}

function hostList(env: Environment, problems: string[]): string[] {
  const value = text(env, 'FLOW_VAULT_ALLOW_HOSTS')
  if (value === undefined) return []
  const hosts = value.split(',').map((entry) => entry.trim())
  for (const entry of hosts) {
    const port = Number(HOST_PORT.exec(entry)?.[2])
    if (!(port >= 1 && port <= MAX_PORT)) {
      problems.push(
        refusal(
          'FLOW_VAULT_ALLOW_HOSTS',
          value,
          'host:port pairs separated by commas, such as localhost:9000',
        ),
      )
      break
    }
  }
  return hosts
}

function whole(
  env: Environment,
  name: string,
  range: { fallback: number; minimum: number; maximum: number },
  problems: string[],
): number {
  const value = text(env, name)
  if (value === undefined) return range.fallback
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (number >= range.minimum && number <= range.maximum) return number
  problems.push(refusal(name, value, `a whole number from ${range.minimum} to ${range.maximum}`))
  return range.fallback
}

function flag(env: Environment, name: string, problems: string[]): boolean {
  const value = text(env, name) ?? 'false'
  if (value !== 'true' && value !== 'false') problems.push(refusal(name, value, 'true or false'))
  return value === 'true'
}

function refusal(name: string, value: string, allowed: string): string {
  return `${name}=${JSON.stringify(value)} is not valid. Allowed: ${allowed}.`
}

/** An empty variable counts as unset, as shells and compose files use it. */
function text(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim()
  return value === undefined || value === '' ? undefined : value
}
