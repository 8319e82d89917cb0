import type { Environment } from '../shared/settings/read-environment.ts'

/** Connects within an AWS Region take a few ms; a second without an answer means that there is none. */
const CONNECT_TIMEOUT_MS = 1_000
/** Secrets Manager and KMS answer in tens of ms, rarely in more than one second. */
const REQUEST_TIMEOUT_MS = 5_000
/** What clients are made with whose calls may be repeated: DynamoDB's adapter repeats its own. */
export const SERVICE_CLIENT_SETTINGS = {
  maxAttempts: 3,
  // Not adaptive: that slows all tenants of an instance for one answer that was throttled.
  retryMode: 'standard',
  requestHandler: {
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  },
} as const

/** The SDK warns at every request of a longer one (SDK reference guide, application ID). */
const MAX_APP_ID_LENGTH = 50

/** Where AWS is, and who we are there: what every client is made with. */
export interface AwsAccess {
  readonly region: string
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  /** Ends the user agent of every request, by which CloudTrail shows the function that made it. */
  readonly userAgentAppId: string | undefined
}

/**
 * Lambda gives a function its role's credentials in the environment. Reading them here instead of searching for
 * them keeps the SDK's chain of providers, a fifth of its size, out of every bundle.
 */
export function awsAccess(env: Environment): AwsAccess {
  const { AWS_REGION: region = '', AWS_ACCESS_KEY_ID: accessKeyId = '' } = env
  const { AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN: sessionToken } = env
  return {
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    // Not by the SDK's own variable: Powertools adds to that until it is too long.
    userAgentAppId: env['AWS_LAMBDA_FUNCTION_NAME']?.slice(0, MAX_APP_ID_LENGTH),
  }
}

const shared = new WeakMap<AwsAccess, Map<unknown, unknown>>()

/**
 * The function's one client of a service: each has connections of its own, and a handshake for each of them. It is made
 * at the first call, for which most starts have no need. `settings` are those of the first who asks.
 */
export function sharedClient<Client extends { send: (...call: never[]) => unknown }, Settings>(
  Class: new (settings: AwsAccess & Settings) => Client,
  aws: AwsAccess,
  settings: Settings,
): Pick<Client, 'send'> {
  const clients = shared.get(aws) ?? new Map<unknown, unknown>()
  shared.set(aws, clients)
  const known = clients.get(Class) as Pick<Client, 'send'> | undefined
  if (known !== undefined) return known
  let client: Client | undefined
  const lazy: Pick<Client, 'send'> = {
    send: (...call: never[]) => {
      client ??= new Class({ ...aws, ...settings })
      return client.send(...call)
    },
  }
  clients.set(Class, lazy)
  return lazy
}
