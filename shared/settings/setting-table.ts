import { LOG_LEVELS } from '../ports/log.ts'
import { defaulted, missing, optional, refusal } from './read-environment.ts'
import { BASE_URL, FLAG, HOST_PORTS, ORIGINS, oneOf, SERVICE_URL, shaped, whole } from './setting-formats.ts'

/** These only catch a slip of the keyboard: no deployment gets near. */
const MAX_RATE = 1_000_000
const MAX_CONNECTIONS = 100_000_000

/** What both worlds are set by, under the same names: one line a setting. */
export const SHARED_SETTINGS = {
  issuer: optional('FLOW_VAULT_ISSUER', SERVICE_URL),
  audience: optional(
    'FLOW_VAULT_AUDIENCE',
    shaped(/^[\x21-\x7e]{1,500}$/, 'the `aud` of the tokens to accept'),
  ),
  tenantClaim: optional(
    'FLOW_VAULT_TENANT_CLAIM',
    shaped(/^[\x21-\x7e]{1,200}$/, 'the name of the claim that holds the tenant'),
  ),
  /** How a tenant is made of its claim. */
  tenantMapping: optional('FLOW_VAULT_TENANT_MAPPING', oneOf(['exact', 'escape'])),
  /** The claim that says what a client may do; the usual ones when left out. */
  scopeClaim: optional(
    'FLOW_VAULT_SCOPE_CLAIM',
    shaped(/^[\x21-\x7e]{1,200}$/, 'the name of the claim that holds the scopes'),
  ),
  /** Where the issuer's keys are; discovered when left out. */
  jwksUrl: optional('FLOW_VAULT_JWKS_URL', SERVICE_URL),
  /** Where browsers reach the vault. */
  publicUrl: optional('FLOW_VAULT_PUBLIC_URL', BASE_URL),
  /** Authorization links lead to the provider at once, for browsers that nobody looks at. */
  headless: defaulted('FLOW_VAULT_HEADLESS_AUTHORIZATION', FLAG, false),
  /** Origins that a person may be sent back to after an authorization. */
  returnTo: defaulted('FLOW_VAULT_RETURN_TO', ORIGINS, []),
  /** Origins whose pages may call the API. */
  corsOrigins: defaulted('FLOW_VAULT_CORS_ORIGINS', ORIGINS, []),
  /** What may be private or plain http, for outgoing calls. */
  allowHosts: defaulted('FLOW_VAULT_ALLOW_HOSTS', HOST_PORTS, []),
  rateLimitPerSecond: defaulted('FLOW_VAULT_RATE_LIMIT', whole(1, MAX_RATE), 500),
  /** Of one tenant. */
  maxConnections: optional('FLOW_VAULT_MAX_CONNECTIONS', whole(1, MAX_CONNECTIONS)),
  logLevel: defaulted('FLOW_VAULT_LOG_LEVEL', oneOf(LOG_LEVELS), 'INFO'),
} as const

/** A foreign issuer: whose tokens are accepted, and which claim of theirs holds the tenant. */
export interface IssuerSettings {
  readonly issuer: string
  readonly audience: string
  readonly tenantClaim: string
  readonly tenantMapping?: 'exact' | 'escape'
  readonly scopeClaim?: string
  readonly jwksUrl?: string
}

interface IssuerValues {
  readonly issuer: string | undefined
  readonly audience: string | undefined
  readonly tenantClaim: string | undefined
  readonly tenantMapping: 'exact' | 'escape' | undefined
  readonly scopeClaim: string | undefined
  readonly jwksUrl: string | undefined
}

/** What only the tokens of another issuer need. */
const OF_ANOTHER_ISSUER = ['tenantClaim', 'tenantMapping', 'scopeClaim', 'jwksUrl'] as const

/** What is wrong with an issuer that is set in part: it is taken whole or not at all. */
export function issuerProblems(values: IssuerValues): string[] {
  const { issuer, audience, tenantClaim } = SHARED_SETTINGS
  if (values.issuer !== undefined) {
    return [audience, tenantClaim]
      .filter((setting) => (setting === audience ? values.audience : values.tenantClaim) === undefined)
      .map(({ variable, allowed }) => missing(variable, allowed))
  }
  const alone = `only together with ${issuer.variable}`
  return OF_ANOTHER_ISSUER.flatMap((name) => {
    const value = values[name]
    return value === undefined ? [] : [refusal(SHARED_SETTINGS[name].variable, value, alone)]
  })
}

/** The foreign issuer, when one is set. */
export function issuerOf(values: IssuerValues): IssuerSettings | undefined {
  const { issuer, audience, tenantClaim, tenantMapping, scopeClaim, jwksUrl } = values
  if (issuer === undefined || audience === undefined || tenantClaim === undefined) return undefined
  return {
    issuer,
    audience,
    tenantClaim,
    ...(tenantMapping === undefined ? {} : { tenantMapping }),
    ...(scopeClaim === undefined ? {} : { scopeClaim }),
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
  }
}
