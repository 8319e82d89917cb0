import { resolve } from 'node:path'
import { type OutgoingProxy, parseProxy } from '../../shared/adapters/oauth/proxy-tunnel.ts'
import type { LogLevel } from '../../shared/ports/log.ts'
import {
  defaulted,
  type Environment,
  missing,
  optional,
  readEnvironment,
  refusal,
  textOf,
} from '../../shared/settings/read-environment.ts'
import {
  FLAG,
  manyOf,
  NETWORKS,
  ORIGINS,
  oneOf,
  shaped,
  whole,
} from '../../shared/settings/setting-formats.ts'
import {
  type IssuerSettings,
  issuerOf,
  issuerProblems,
  SHARED_SETTINGS,
} from '../../shared/settings/setting-table.ts'
import { unknownNames } from '../../shared/settings/unknown-names.ts'
import { AUDIENCE_PARAMETERS, type PageIssuer } from '../web/page-config.ts'
import { ACCEPTABLE_LOSSES } from './folder/whole-vault.ts'

/** The variables the embedded server reads, each with its default and what it accepts. */
export interface Settings {
  readonly port: number
  readonly tlsPort: number
  readonly host: string
  readonly dataFolder: string
  readonly logLevel: LogLevel
  /** Where audit lines go: `off`, `stdout`, or a file. */
  readonly audit: string
  /** Whose word on where a request comes from is taken. */
  readonly trustedProxies: readonly string[]
  /** How long an idle connection is kept; longer than the balancer in front keeps it. */
  readonly keepAliveSeconds: number
  /** Parts of the data folder that may be lost or older, this once. */
  readonly acceptLoss: readonly string[]
  /** `host:port` pairs that may be private or plain http, for outgoing calls. */
  readonly allowHosts: readonly string[]
  /** What calls to providers and webhooks go through, when that is asked for. */
  readonly proxy?: OutgoingProxy | undefined
  /** The variable by which the environment names a proxy that nothing says is to be used. */
  readonly ignoredProxy?: string | undefined
  readonly rateLimitPerSecond: number
  /** Where browsers reach this vault, for authorization callbacks; undefined for the plain listener's own URL. */
  readonly publicUrl?: string | undefined
  /** Authorization links lead to the provider at once, for browsers that nobody looks at. */
  readonly headless: boolean
  /** What people call this vault, shown on its page beside the tenant. */
  readonly environment: string
  /** Origins that a person may be sent back to after an authorization. */
  readonly returnTo: readonly string[]
  /** Origins whose pages may call the API. */
  readonly corsOrigins: readonly string[]
  /** How many connections a tenant may have. */
  readonly maxConnections?: number | undefined
  /** A foreign issuer; undefined for the built-in one. */
  readonly foreignIssuer?: IssuerSettings | undefined
  /** How people sign in to the page at a foreign issuer; undefined where nobody has registered the page there. */
  readonly pageIssuer?: PageIssuer | undefined
  /** Of the built-in issuer, when set without a foreign one. */
  readonly audience?: string | undefined
}

const MAX_PORT = 65_535
/** Google's load balancers keep idle connections for ten minutes, the longest of all; an hour leaves room. */
const MAX_KEEP_ALIVE_SECONDS = 3_600
const TABLE = {
  ...SHARED_SETTINGS,
  port: defaulted('PORT', whole(0, MAX_PORT), 8787),
  tlsPort: defaulted('TLS_PORT', whole(0, MAX_PORT), 8788),
  host: defaulted(
    'HOST',
    shaped(/^[A-Za-z0-9.:_-]{1,253}$/, 'an address or host name to listen on, such as 127.0.0.1'),
    '127.0.0.1',
  ),
  dataFolder: defaulted('FLOW_VAULT_DATA', shaped(/./, 'a folder'), '.flow-vault'),
  audit: defaulted(
    'FLOW_VAULT_AUDIT',
    shaped(/^(?:off|stdout|.*\/.*)$/, 'off, stdout, or a file with its folder, such as ./audit.jsonl'),
    'stdout',
  ),
  environment: defaulted(
    'FLOW_VAULT_ENVIRONMENT',
    shaped(/^[\p{L}\p{N} ._-]{1,30}$/u, 'up to 30 letters, digits, blanks, ".", "_" or "-"'),
    'local',
  ),
  trustedProxies: defaulted('FLOW_VAULT_TRUSTED_PROXIES', NETWORKS, []),
  keepAliveSeconds: defaulted('FLOW_VAULT_KEEP_ALIVE', whole(1, MAX_KEEP_ALIVE_SECONDS), 65),
  pageClientId: optional(
    'FLOW_VAULT_PAGE_CLIENT_ID',
    shaped(/^[\x21-\x7e]{1,200}$/, 'the id of a public client of FLOW_VAULT_ISSUER'),
  ),
  pageScopes: optional(
    'FLOW_VAULT_PAGE_SCOPES',
    shaped(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, 'scopes with blanks between them'),
  ),
  pageAudienceIn: optional('FLOW_VAULT_PAGE_AUDIENCE_IN', oneOf(AUDIENCE_PARAMETERS)),
  pageOrigins: optional('FLOW_VAULT_PAGE_ORIGINS', ORIGINS),
  useProxy: defaulted('FLOW_VAULT_USE_PROXY', FLAG, false),
  acceptLoss: defaulted('FLOW_VAULT_ACCEPT_LOSS', manyOf(ACCEPTABLE_LOSSES), []),
} as const

/** Every variable with what it takes and what stands when it is not set: what `start --help` shows. */
export function settingLines(): string[] {
  return Object.values(TABLE).map(({ variable, allowed, fallback }) => {
    const standing = fallback === undefined || `${fallback}` === '' ? '' : ` (${fallback})`
    return `  ${variable}${standing}: ${allowed}`
  })
}

/** Reads and validates the environment; throws `SettingsError` naming each variable, its value and what is allowed. */
export function readSettings(env: Environment): Settings {
  const known = Object.values(TABLE).map(({ variable }) => variable)
  const read = readEnvironment(TABLE, env, (values) => [
    ...unknownNames(env, known),
    ...(values.port === values.tlsPort && values.port !== 0
      ? [refusal('TLS_PORT', values.tlsPort, 'another port than PORT')]
      : []),
    ...issuerProblems(values),
    ...(values.useProxy && proxyOf(env) === undefined ? [proxyProblem(env)] : []),
    ...pageProblems(values),
  ])
  const { tenantMapping: _mapping, scopeClaim: _scopes, ...others } = read
  const { issuer, audience, tenantClaim: _claim, jwksUrl: _url, dataFolder, useProxy, ...rest } = others
  const { pageClientId, pageScopes, pageAudienceIn, pageOrigins, ...settings } = rest
  const foreignIssuer = issuerOf(read)
  return {
    ...settings,
    dataFolder: resolve(dataFolder),
    proxy: useProxy ? proxyOf(env) : undefined,
    ignoredProxy: useProxy ? undefined : PROXY_VARIABLES.find((name) => textOf(env, name) !== undefined),
    foreignIssuer,
    ...(pageClientId === undefined || foreignIssuer === undefined
      ? {}
      : {
          pageIssuer: {
            issuer: foreignIssuer.issuer,
            audience: foreignIssuer.audience,
            clientId: pageClientId,
            scopes: pageScopes,
            audienceIn: pageAudienceIn ?? 'audience',
            origins: pageOrigins ?? [],
          },
        }),
    audience: issuer === undefined ? audience : undefined,
  }
}

/** What only the page as a client needs. */
const OF_THE_PAGES_CLIENT = ['pageScopes', 'pageAudienceIn', 'pageOrigins'] as const

/** The page is a client of a foreign issuer, or of none. */
function pageProblems(values: {
  issuer: string | undefined
  pageClientId: string | undefined
  pageScopes: string | undefined
  pageAudienceIn: string | undefined
  pageOrigins: readonly string[] | undefined
}): string[] {
  const { issuer, pageClientId } = values
  const alone = 'only together with FLOW_VAULT_ISSUER'
  if (pageClientId !== undefined && issuer === undefined)
    return [refusal('FLOW_VAULT_PAGE_CLIENT_ID', pageClientId, alone)]
  if (pageClientId !== undefined) return []
  return OF_THE_PAGES_CLIENT.flatMap((name) => {
    const value = values[name]
    return value === undefined
      ? []
      : [refusal(TABLE[name].variable, String(value), `only together with ${TABLE.pageClientId.variable}`)]
  })
}

/** As curl and most clients read it: the small letters are as good. */
const HTTPS_PROXY = ['HTTPS_PROXY', 'https_proxy'] as const
/** For every protocol, in curl; often a SOCKS proxy, which the vault does not speak to, and so never read here. */
const ALL_PROXY = ['ALL_PROXY', 'all_proxy'] as const
const PROXY_VARIABLES = [...HTTPS_PROXY, ...ALL_PROXY] as const

function proxyText(env: Environment): string | undefined {
  return HTTPS_PROXY.map((name) => textOf(env, name)).find((text) => text !== undefined)
}

function proxyOf(env: Environment): OutgoingProxy | undefined {
  const except = textOf(env, 'NO_PROXY') ?? textOf(env, 'no_proxy') ?? ''
  return parseProxy(
    proxyText(env) ?? '',
    except.split(/[\s,]+/).filter((entry) => entry !== ''),
  )
}

/** The value may hold a password, and is not repeated. */
function proxyProblem(env: Environment): string {
  const allowed = 'the http or https URL of a proxy, such as http://proxy.example.com:3128'
  if (proxyText(env) !== undefined) return `HTTPS_PROXY is not valid. Allowed: ${allowed}.`
  const other = ALL_PROXY.find((name) => textOf(env, name) !== undefined)
  const unread = other === undefined ? '' : ` ${other} is set, and is not read.`
  return `${missing('HTTPS_PROXY', `${allowed}, because FLOW_VAULT_USE_PROXY is true`)}${unread}`
}
