import * as oauth from 'oauth4webapi'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { ClientIdentity, TokenFailure } from '../../ports/oauth-client.ts'
import { type AssertionContext, clientSecretJwt, privateKeyJwt } from './client-assertion.ts'
import { failureBeforeSending } from './token-failure.ts'

type Method = GrantProfile['clientAuthentication']
const METHODS: readonly string[] = [
  'client_secret_post',
  'client_secret_basic',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
] satisfies Method[]

/** How a request proves which client it comes from, ready for oauth4webapi. */
export interface AuthenticatedClient {
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
}

/** A client for grants that name none, which oauth4webapi still wants to hear of; it is never sent. */
const NO_CLIENT: AuthenticatedClient = { client: { client_id: 'none' }, authentication: () => undefined }

/**
 * The client of a request by the profile's method (RFC 6749 §2.3.1), or the failure that a missing id or secret
 * causes. A JWT bearer assertion is itself the proof, so with `none` no client is named (RFC 7523 §2.1).
 */
export function authenticateClient(
  profile: GrantProfile,
  setup: JsonObject,
  given: ClientIdentity | undefined,
  context: Omit<AssertionContext, 'profile' | 'setup'>,
): AuthenticatedClient | TokenFailure {
  const secret = given?.secret?.reveal()
  const method = methodOf(profile, setup, secret)
  if (profile.kind === 'jwt-bearer' && method === 'none') return NO_CLIENT
  if (given === undefined || given.id === '') {
    return failureBeforeSending('app-broken', 'client_id_missing', 'The OAuth application has no client id.')
  }
  const client = { client_id: given.id }
  if (method === 'none') return { client, authentication: oauth.None() }
  if (method === 'private_key_jwt') {
    const authentication = privateKeyJwt({ ...context, profile, setup })
    return typeof authentication === 'function' ? { client, authentication } : authentication
  }
  if (secret === undefined || secret === '') {
    return failureBeforeSending(
      'app-broken',
      'client_secret_missing',
      'The OAuth application has no client secret.',
    )
  }
  switch (method) {
    case 'client_secret_post':
      return { client, authentication: oauth.ClientSecretPost(secret) }
    case 'client_secret_basic':
      return { client, authentication: clientSecretBasic(secret) }
    case 'client_secret_jwt':
      return { client, authentication: clientSecretJwt({ ...context, profile, setup }, secret) }
  }
}

function methodOf(profile: GrantProfile, setup: JsonObject, secret: string | undefined): Method {
  if (profile.clientAuthenticationField === undefined) return profile.clientAuthentication
  const chosen = setup[profile.clientAuthenticationField]
  if (typeof chosen === 'string' && METHODS.includes(chosen)) return chosen as Method
  return secret === undefined || secret === '' ? 'none' : profile.clientAuthentication
}

/**
 * HTTP Basic with both parts form-encoded, as RFC 6749 §2.3.1 asks. Unlike oauth4webapi's, it leaves `-`, `_` and
 * `.` as they are, which the encoding allows: servers that do not decode (Stripe's keys have `_`, DocuSign's ids
 * have `-`) then still see the right value.
 */
function clientSecretBasic(secret: string): oauth.ClientAuth {
  return (_server, client, _body, headers) => {
    const credentials = `${formEncode(client.client_id)}:${formEncode(secret)}`
    headers.set('authorization', `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`)
  }
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
