import { createHash } from 'node:crypto'
import { findSetupOf } from '../../connectors/catalogue.ts'
import { catalogueHost } from '../../connectors/catalogue-host.ts'
import { renderTemplate } from '../../connectors/template.ts'
import { chosenProfile } from '../../domain/chosen-profile.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import { isOneSite } from '../../domain/one-site.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { AuthorizationUrl, AuthorizationUrlRequest } from '../../ports/grant-runner.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { findSetupToAuthorize } from '../grants/effective-setup.ts'
import { codeVerifierOf } from '../grants/exchange-code.ts'
import { failureBecause } from '../grants/failure.ts'
import { forbiddenField } from '../grants/forbidden-target.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { scopesToAsk } from '../grants/grant-records.ts'
import { noteFailedAuthorization } from '../grants/note-failed-authorization.ts'
import { findApplicationClient } from '../oauth-applications/oauth-application.ts'

const NOT_SAID_WHERE =
  'The setup does not say where to authorize. Send it again with the authorization URL, then authorize.'

/** Builds the URL a person's browser is sent to, out of the stored setup and its OAuth client. */
export async function buildAuthorizationUrl(
  ports: GrantPorts,
  request: AuthorizationUrlRequest,
): Promise<AuthorizationUrl> {
  const row = await findConnection(ports, request.tenant, request.id)
  const setup = row === undefined ? undefined : findSetupOf(row.appId, request.setupType)
  if (row === undefined || setup?.grant === undefined) {
    return { kind: 'failed', code: 'not_found', message: 'The connection is gone.' }
  }
  const effective = await findSetupToAuthorize(ports, row, setup)
  if (effective === undefined) {
    const missing = failureBecause('setup_missing')
    // The row says so too, where nothing else comes upon it: so the same setup brings it back.
    await noteFailedAuthorization(ports, row, missing)
    return { kind: 'failed', code: missing.code, message: missing.message }
  }
  const { values } = effective
  const forbidden = forbiddenField(ports.checkUrl, setup, values)
  if (forbidden !== undefined) return { kind: 'failed', code: forbidden.code, message: forbidden.message }
  const { oauthAppId: _previous, ...bare } = row
  const named = request.oauthAppId === undefined ? bare : { ...bare, oauthAppId: request.oauthAppId }
  const application = await findApplicationClient(ports, named, setup.grant, effective)
  if (application === undefined) {
    return {
      kind: 'failed',
      code: 'no_oauth_application',
      message: 'There is no such OAuth application for this app. Add one under oauth-apps, then authorize.',
    }
  }
  const profile = chosenProfile(setup.grant, values)
  const scopes = askedScopes(request.scopes, profile) ?? scopesToAsk(setup.grant, values)
  const url = authorizationUrlOf(profile, values, {
    clientId: application.client.id,
    redirectUri: request.redirectUri,
    scopes,
    state: request.state,
    codeChallenge:
      profile.pkce === 'S256' ? challengeOf(await codeVerifierOf(ports, request.state)) : undefined,
  })
  if (url === undefined) {
    return { kind: 'failed', code: 'setup_incomplete', message: NOT_SAID_WHERE }
  }
  const issuer = knownIssuer(setup.grant, values) ?? seenIssuerAt(row, url.origin)
  const tokenUrl = URL.parse(renderTemplate(setup.grant.tokenUrl, values) ?? '')
  return {
    kind: 'url',
    authorizationUrl: new SecretText(url.href),
    scopes,
    ...(application.oauthAppId === undefined ? {} : { oauthAppId: application.oauthAppId }),
    providerOrigin: url.origin,
    // The catalogue vouches for its own pairs; what a person typed may send the code to anybody.
    ...(isVouchedFor(setup.grant, values) || tokenUrl === null || isOneSite(url, tokenUrl)
      ? {}
      : { tokenOrigin: tokenUrl.origin }),
    ...(issuer === undefined ? {} : { issuer }),
  }
}

function knownIssuer({ issuer }: GrantProfile, values: JsonObject): string | undefined {
  return issuer === undefined ? undefined : renderTemplate(issuer, values)
}

/** What the provider called itself before, while the setup still leads to it. */
function seenIssuerAt({ seenIssuer }: ConnectionRow, origin: string): string | undefined {
  return seenIssuer !== undefined && URL.parse(seenIssuer)?.origin === origin ? seenIssuer : undefined
}

/** An app of its own, or a service by its name whose token endpoint is on a host that the catalogue names. */
function isVouchedFor(profile: GrantProfile, values: JsonObject): boolean {
  return profile.client.from === 'oauth-application' || catalogueHost(profile.tokenUrl, values) !== undefined
}

/** As the provider will name them: one that holds the separator is several, and each is asked for once. */
function askedScopes(scopes: readonly string[] | undefined, profile: GrantProfile): string[] | undefined {
  if (scopes === undefined) return undefined
  const { separator } = profile.scopes
  return [...new Set(scopes.flatMap((scope) => scope.split(separator)).filter((scope) => scope !== ''))]
}

/** RFC 7636 §4.2: BASE64URL(SHA256(verifier)). */
function challengeOf(verifier: SecretText): string {
  return createHash('sha256').update(verifier.reveal()).digest('base64url')
}

/** The URL itself, out of the connector's profile and the setup's values (RFC 6749 §4.1.1, RFC 7636 §4.3). */
function authorizationUrlOf(
  profile: GrantProfile,
  values: JsonObject,
  facts: {
    clientId: string
    redirectUri: string
    scopes: readonly string[]
    state: SecretText
    codeChallenge: string | undefined
  },
): URL | undefined {
  const base =
    profile.authorizationUrl === undefined ? undefined : renderTemplate(profile.authorizationUrl, values)
  if (base === undefined || !URL.canParse(base)) return undefined
  const url = new URL(base)
  const own: Record<string, string | undefined> = {
    response_type: 'code',
    [profile.clientIdParameter ?? 'client_id']: facts.clientId,
    [profile.redirectUriParameter ?? 'redirect_uri']: facts.redirectUri,
    state: facts.state.reveal(),
    ...(profile.scopes.requested && facts.scopes.length > 0
      ? { scope: facts.scopes.join(profile.scopes.separator) }
      : {}),
    ...(facts.codeChallenge === undefined
      ? {}
      : { code_challenge: facts.codeChallenge, code_challenge_method: 'S256' }),
    // Derived from the state: nobody can guess it, and nothing has to be kept.
    ...(profile.nonce === true ? { nonce: challengeOf(facts.state) } : {}),
  }
  const parameters = { ...profile.literals?.authorization, ...own }
  for (const [name, template] of Object.entries(profile.authorizationParameters ?? {})) {
    parameters[name] = renderTemplate(template, values) ?? parameters[name]
  }
  // A page that routes by its fragment reads its parameters there.
  const query = url.hash === '' ? url.searchParams : new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value)
  if (url.hash !== '') url.hash = `${url.hash}?${query}`
  // A blank as `%20` is read alike by all; as `+` not by every hop (WHATWG URL §5.2 against RFC 3986 §2.1).
  else url.search = url.search.replaceAll('+', '%20')
  return url
}
