import { randomUUID } from 'node:crypto'
import { type JSONWebKeySet, SignJWT } from 'jose'
import type { Clock } from '../../../shared/ports/clock.ts'
import type { ClientRegistry, RegisteredClient } from './client-registry.ts'
import { type IssuerKeyFile, SIGNING_ALGORITHM } from './issuer-keys.ts'

/** An hour: long enough that clients seldom ask, short enough that a leaked token soon ends by itself. */
const ACCESS_TOKEN_SECONDS = 3_600
/** In characters; the five parameters of a real request are a few hundred. */
const MAX_BODY_LENGTH = 16 * 1024

/**
 * Every 401 names a way to authenticate (RFC 9110 §15.5.2), but Basic only to who tried it (RFC 6749 §5.2): a
 * browser answers Basic with a password dialog of its own.
 */
const BASIC_CHALLENGE = 'Basic realm="flow-vault", charset="UTF-8"'
const BODY_CHALLENGE = 'client_secret_post realm="flow-vault"'

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
  jwks(): Promise<JSONWebKeySet>
  /** An access token of the client for a person who is signed in to the vault page; it names both. Of `scopes` the client's. */
  mintFor(
    client: RegisteredClient,
    options: { person: string; scopes: readonly string[]; seconds: number },
  ): Promise<string>
}

/** The parameters of RFC 6749 §4.4.2 and §2.3.1, and Auth0's `audience`; others are ignored, as §3.2 says. */
const PARAMETER_NAMES = ['grant_type', 'client_id', 'client_secret', 'audience', 'scope'] as const

type TokenParameters = { readonly [name in (typeof PARAMETER_NAMES)[number]]?: string }

/** The built-in issuer: client credentials only (RFC 6749 §4.4), signed RS256, with the client's tenant in it. */
export function createIssuer(options: {
  issuer: string
  audience: string
  keys: IssuerKeyFile
  clients: ClientRegistry
  clock: Clock
  accessTokenSeconds?: number
}): Issuer {
  const { issuer, keys } = options
  const base = issuer.endsWith('/') ? issuer : `${issuer}/`
  return {
    handleTokenRequest: (request) => answerTokenRequest(options, request),
    openidConfiguration: () => ({
      issuer,
      token_endpoint: `${base}oauth/token`,
      jwks_uri: `${base}.well-known/jwks.json`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [SIGNING_ALGORITHM],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    }),
    jwks: async () => ({ keys: [...(await keys.current()).publicJwks] }),
    mintFor: (client, { person, scopes, seconds }) => {
      const scope = client.scopes.filter((each) => scopes.includes(each)).join(' ')
      return signToken(options, client, { seconds, claims: { gty: 'vault-page', scope, name: person } })
    },
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
      'The body must be a form or a JSON object of texts, each given once.',
    )
  }
  if (parameters.grant_type === undefined) return refusal(400, 'invalid_request', 'grant_type is missing.')
  if (parameters.grant_type !== 'client_credentials') {
    return refusal(400, 'unsupported_grant_type', 'Only client_credentials is supported.')
  }
  const { authorizationHeader: header } = request
  if (header !== undefined && parameters.client_secret !== undefined) {
    return refusal(
      400,
      'invalid_request',
      'Authenticate by the Authorization header or in the body, not both.',
    )
  }
  const credentials = header === undefined ? parameters : readBasic(header, parameters.client_id)
  const client =
    credentials?.client_id === undefined || credentials.client_secret === undefined
      ? undefined
      : options.clients.authenticate(credentials.client_id, credentials.client_secret)
  if (client === undefined) {
    return refusal(401, 'invalid_client', 'Client id and secret do not fit.', {
      'www-authenticate': header === undefined ? BODY_CHALLENGE : BASIC_CHALLENGE,
    })
  }
  if (!isOurAudience(parameters.audience, options.audience, request.host)) {
    return refusal(403, 'access_denied', `Service not enabled within domain: ${options.audience}`)
  }
  const scopes = scopesFor(client, parameters.scope)
  if (scopes === undefined) {
    return refusal(400, 'invalid_scope', 'The client does not have all of these scopes.')
  }
  return granted(options, client, scopes)
}

/** Undefined when the body is too long, of another type, or gives a parameter twice (RFC 6749 §3.2). */
function readParameters({ contentType = '', body }: TokenEndpointRequest): TokenParameters | undefined {
  if (body.length > MAX_BODY_LENGTH) return undefined
  const mediaType = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (mediaType === 'application/x-www-form-urlencoded') {
    const form = new URLSearchParams(body)
    return pickTexts((name) => (form.getAll(name).length > 1 ? form.getAll(name) : form.get(name)))
  }
  if (mediaType !== 'application/json') return undefined
  const value = parseJson(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return pickTexts((name) =>
    Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined,
  )
}

/** An empty parameter counts as left out (RFC 6749 §3.2). Undefined when one is no text. */
function pickTexts(read: (name: string) => unknown): TokenParameters | undefined {
  const picked: Record<string, string> = {}
  for (const name of PARAMETER_NAMES) {
    const value = read(name) ?? ''
    if (typeof value !== 'string') return undefined
    if (value !== '') picked[name] = value
  }
  return picked
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. An id in the body must be the same. */
function readBasic(
  header: string,
  bodyClientId: string | undefined,
): Pick<TokenParameters, 'client_id' | 'client_secret'> | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(header)?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  const id = decodeForm(text.slice(0, Math.max(colon, 0)))
  const secret = decodeForm(text.slice(colon + 1))
  if (id === undefined || secret === undefined) return undefined
  return bodyClientId === undefined || bodyClientId === id
    ? { client_id: id, client_secret: secret }
    : undefined
}

function decodeForm(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/**
 * Ours, none, or `https://{host}/api/v2/` under whatever name the client reached us by, as the official ones ask.
 * It only opens the door: a token's own audience is always ours, so that no other service takes it.
 */
function isOurAudience(audience: string | undefined, ours: string, host: string): boolean {
  if (audience === undefined) return true
  const asked = bareAudience(audience)
  const reachedBy = host === '' ? [] : [`https://${host}/api/v2`, `http://${host}/api/v2`]
  return [ours, ...reachedBy].some((name) => bareAudience(name) === asked)
}

/** The same whatever its case of the host, default port (RFC 3986 §6.2.3) and last slash. */
function bareAudience(audience: string): string {
  return (URL.canParse(audience) ? new URL(audience).href : audience).replace(/\/$/, '')
}

function scopesFor(client: RegisteredClient, asked: string | undefined): readonly string[] | undefined {
  if (asked === undefined || asked.trim() === '') return client.scopes
  const wanted = [...new Set(asked.split(' ').filter((scope) => scope !== ''))]
  return wanted.every((scope) => (client.scopes as readonly string[]).includes(scope)) ? wanted : undefined
}

async function granted(
  options: IssuerOptions,
  client: RegisteredClient,
  scopes: readonly string[],
): Promise<TokenEndpointAnswer> {
  const lifeSeconds = options.accessTokenSeconds ?? ACCESS_TOKEN_SECONDS
  const claims = { gty: 'client-credentials', scope: scopes.join(' ') }
  const token = await signToken(options, client, { seconds: lifeSeconds, claims })
  return answer(200, {
    access_token: token,
    token_type: 'Bearer',
    expires_in: lifeSeconds,
    scope: scopes.join(' '),
  })
}

async function signToken(
  options: IssuerOptions,
  client: RegisteredClient,
  { seconds, claims }: { seconds: number; claims: Readonly<Record<string, string>> },
): Promise<string> {
  const nowS = Math.floor(options.clock.nowMs() / 1000)
  const keys = await options.keys.current()
  return new SignJWT({ azp: client.client_id, ...claims, tenant: client.tenant })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'JWT', kid: keys.kid })
    .setIssuer(options.issuer)
    .setSubject(`${client.client_id}@clients`)
    .setAudience([options.audience])
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + seconds)
    .setJti(randomUUID())
    .sign(keys.privateKey)
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
