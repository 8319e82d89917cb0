import { randomUUID } from 'node:crypto'
import { type JSONWebKeySet, SignJWT } from 'jose'
import type { Clock } from '../../shared/ports/clock.ts'
import type { ClientRegistry, RegisteredClient } from './client-registry.ts'
import { type IssuerKeys, SIGNING_ALGORITHM } from './issuer-keys.ts'

/** A day, as Auth0's management tokens live. */
const ACCESS_TOKEN_SECONDS = 86_400
const MAX_BODY_LENGTH = 16 * 1024

export interface TokenEndpointRequest {
  readonly contentType: string | undefined
  readonly body: string
  readonly authorizationHeader: string | undefined
  readonly host: string
}

export interface TokenEndpointAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Issuer {
  handleTokenRequest(request: TokenEndpointRequest): Promise<TokenEndpointAnswer>
  openidConfiguration(): Record<string, unknown>
  jwks(): JSONWebKeySet
}

interface TokenParameters {
  readonly [name: string]: string | undefined
}

/** The built-in issuer: client credentials only (RFC 6749 §4.4), signed RS256, with the client's tenant in it. */
export function createIssuer(options: {
  issuer: string
  audience: string
  keys: IssuerKeys
  clients: ClientRegistry
  clock: Clock
}): Issuer {
  const { issuer, keys } = options
  return {
    handleTokenRequest: (request) => answerTokenRequest(options, request),
    openidConfiguration: () => ({
      issuer,
      token_endpoint: `${issuer}oauth/token`,
      jwks_uri: `${issuer}.well-known/jwks.json`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [SIGNING_ALGORITHM],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    }),
    jwks: () => ({ keys: [keys.publicJwk] }),
  }
}

type IssuerOptions = Parameters<typeof createIssuer>[0]

async function answerTokenRequest(
  options: IssuerOptions,
  request: TokenEndpointRequest,
): Promise<TokenEndpointAnswer> {
  const parameters = readParameters(request)
  if (parameters === undefined) {
    return refusal(
      400,
      'invalid_request',
      'The body must be a form or a JSON object of texts, at most 16 KiB.',
    )
  }
  if (parameters['grant_type'] === undefined) return refusal(400, 'invalid_request', 'grant_type is missing.')
  if (parameters['grant_type'] !== 'client_credentials') {
    return refusal(400, 'unsupported_grant_type', 'Only client_credentials is supported.')
  }
  const client = authenticate(options.clients, parameters, request.authorizationHeader)
  if (client === undefined) {
    return refusal(401, 'invalid_client', 'Client id and secret do not fit.', {
      'www-authenticate': 'Basic realm="flow-vault"',
    })
  }
  if (!isOurAudience(parameters['audience'], options.audience, request.host)) {
    return refusal(403, 'access_denied', `Service not enabled within domain: ${options.audience}`)
  }
  const scopes = scopesFor(client, parameters['scope'])
  if (scopes === undefined)
    return refusal(400, 'invalid_scope', 'The client does not have all of these scopes.')
  return granted(options, client, scopes)
}

function readParameters({ contentType = '', body }: TokenEndpointRequest): TokenParameters | undefined {
  if (body.length > MAX_BODY_LENGTH) return undefined
  const mediaType = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (mediaType === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(body))
  if (mediaType !== 'application/json') return undefined
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return Object.values(value).every((item) => typeof item === 'string')
      ? (value as TokenParameters)
      : undefined
  } catch {
    return undefined
  }
}

/** RFC 6749 §2.3.1: by HTTP Basic, or in the body; not both. */
function authenticate(
  clients: ClientRegistry,
  parameters: TokenParameters,
  header: string | undefined,
): RegisteredClient | undefined {
  if (header === undefined) {
    const { client_id: id, client_secret: secret } = parameters
    return id === undefined || secret === undefined ? undefined : clients.authenticate(id, secret)
  }
  const match = /^basic ([A-Za-z0-9+/=]+)$/i.exec(header)
  if (match === null || parameters['client_secret'] !== undefined) return undefined
  const [id, secret] = Buffer.from(match[1]!, 'base64').toString('utf8').split(':', 2)
  if (id === undefined || secret === undefined) return undefined
  const decodedId = decoded(id)
  const decodedSecret = decoded(secret)
  return decodedId === undefined || decodedSecret === undefined
    ? undefined
    : clients.authenticate(decodedId, decodedSecret)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** Ours, none, or `https://{host}/api/v2/` under whatever name the client reached us by, as the official ones ask. */
function isOurAudience(audience: string | undefined, ours: string, host: string): boolean {
  if (audience === undefined || audience === ours) return true
  const bare = audience.replace(/\/$/, '')
  return (
    bare === ours.replace(/\/$/, '') || bare === `https://${host}/api/v2` || bare === `http://${host}/api/v2`
  )
}

function scopesFor(client: RegisteredClient, asked: string | undefined): readonly string[] | undefined {
  if (asked === undefined || asked.trim() === '') return client.scopes
  const wanted = asked.split(' ').filter((scope) => scope !== '')
  return wanted.every((scope) => (client.scopes as readonly string[]).includes(scope)) ? wanted : undefined
}

async function granted(
  options: IssuerOptions,
  client: RegisteredClient,
  scopes: readonly string[],
): Promise<TokenEndpointAnswer> {
  const nowS = Math.floor(options.clock.nowMs() / 1000)
  const token = await new SignJWT({
    azp: client.client_id,
    gty: 'client-credentials',
    scope: scopes.join(' '),
    tenant: client.tenant,
  })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'JWT', kid: options.keys.kid })
    .setIssuer(options.issuer)
    .setSubject(`${client.client_id}@clients`)
    .setAudience([options.audience])
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + ACCESS_TOKEN_SECONDS)
    .setJti(randomUUID())
    .sign(options.keys.privateKey)
  return answer(200, {
    access_token: token,
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_SECONDS,
    scope: scopes.join(' '),
  })
}

function refusal(
  status: number,
  error: string,
  description: string,
  headers: Record<string, string> = {},
): TokenEndpointAnswer {
  return answer(status, { error, error_description: description }, headers)
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): TokenEndpointAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      ...headers,
    },
    body: JSON.stringify(body),
  }
}
