import { scopesNotGranted } from '../../domain/granted-scopes.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { TokenFailure, TokenRequest } from '../../ports/oauth-client.ts'
import type { Random } from '../../ports/random.ts'
import { type AuthenticatedClient, authenticateClient } from './client-authentication.ts'
import { signAssertion } from './jwt-assertion.ts'
import type { RenderTemplate } from './render-template.ts'
import { failureBeforeSending } from './token-failure.ts'

/** A token request with everything filled in. */
export interface PreparedTokenRequest extends AuthenticatedClient {
  readonly url: URL
  readonly grantType: string
  readonly parameters: Readonly<Record<string, string>>
}

/** What a request is made with. */
export interface RequestContext {
  readonly render: RenderTemplate
  readonly nowMs: number
  readonly random: Random
}

/**
 * Fills in a token request by its profile, or tells what the setup or the client lacks; nothing is sent. The grant's
 * own parameters win over the profile's extra ones.
 */
export async function prepareTokenRequest(
  request: TokenRequest,
  setup: JsonObject,
  context: RequestContext,
): Promise<PreparedTokenRequest | TokenFailure> {
  const { profile, grant } = request
  const extra = grant.kind === 'refresh-token' ? grant.extra : {}
  const isRenewal = grant.kind === 'refresh-token'
  const template = isRenewal ? (profile.refreshUrl ?? profile.tokenUrl) : profile.tokenUrl
  const rendered = context.render(template, setup, { main: { extra } })
  const url = rendered === undefined ? null : URL.parse(rendered)
  if (url === null) {
    return failureBeforeSending('app-broken', 'invalid_setup', 'The setup gives no valid token endpoint.')
  }
  const { nowMs, random } = context
  const client = authenticateClient(profile, setup, request.client, { tokenUrl: url.href, nowMs, random })
  if ('kind' in client) return client
  const own = await grantParameters(request, setup, context)
  if ('kind' in own) return own
  return {
    ...client,
    url,
    grantType: own.grantType,
    parameters: { ...extraParameters(request, setup, context.render), ...own.parameters },
  }
}

interface GrantParameters {
  readonly grantType: string
  readonly parameters: Readonly<Record<string, string>>
}

async function grantParameters(
  request: TokenRequest,
  setup: JsonObject,
  context: RequestContext,
): Promise<GrantParameters | TokenFailure> {
  const { profile, grant, scopes } = request
  switch (grant.kind) {
    case 'client-credentials': {
      const asked = profile.scopes.requested && scopes.length > 0
      const parameters: Record<string, string> = {}
      if (asked) parameters['scope'] = scopes.join(profile.scopes.separator)
      return { grantType: profile.grantType ?? 'client_credentials', parameters }
    }
    case 'authorization-code':
      return {
        grantType: 'authorization_code',
        parameters: {
          code: grant.code.reveal(),
          // RFC 6749 §4.1.3: required exactly when the authorization request named one.
          ...(grant.redirectUri === undefined ? {} : { redirect_uri: grant.redirectUri }),
          // RFC 7636 §4.5.
          ...(grant.codeVerifier === undefined ? {} : { code_verifier: grant.codeVerifier.reveal() }),
        },
      }
    case 'refresh-token':
      return {
        grantType: 'refresh_token',
        parameters: { refresh_token: grant.refreshToken.reveal(), ...scopeAtRefresh(request) },
      }
    case 'jwt-bearer': {
      if (profile.assertion === undefined) {
        return failureBeforeSending('app-broken', 'invalid_setup', 'The profile describes no assertion.')
      }
      const assertion = await signAssertion({ assertion: profile.assertion, setup, scopes, ...context })
      if (typeof assertion !== 'string') return assertion
      return { grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer', parameters: { assertion } }
    }
  }
}

/**
 * RFC 6749 §6: without a scope, the same scopes are asked for again, and never may be more than was granted. Entra
 * wants it where client and resource are one application (AADSTS90009).
 */
function scopeAtRefresh({ profile, grant, scopes }: TokenRequest): { readonly scope?: string } {
  if (profile.scopes.atRefresh !== true || grant.kind !== 'refresh-token') return {}
  const missing = scopesNotGranted(scopes, grant.granted ?? scopes, { hasRefreshToken: true })
  const again = scopes.filter((scope) => !missing.includes(scope))
  return again.length === 0 ? {} : { scope: again.join(profile.scopes.separator) }
}

function extraParameters(
  { profile, grant }: TokenRequest,
  setup: JsonObject,
  render: RenderTemplate,
): Readonly<Record<string, string>> {
  const { tokenParameters, refreshParameters = tokenParameters } = profile
  const templates = grant.kind === 'refresh-token' ? refreshParameters : tokenParameters
  const parameters: Record<string, string> = {}
  for (const [name, template] of Object.entries(templates ?? {})) {
    const value = render(template, setup)
    if (value !== undefined) parameters[name] = value
  }
  return { ...parameters, ...profile.literals?.token }
}
