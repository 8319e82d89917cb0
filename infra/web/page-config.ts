import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import type { WebFile } from './bundle-web.ts'

/** How a person signs in to the page where another issuer mints the tokens: as this public client of it. */
export interface PageIssuer {
  /** As in the tokens: the `iss`. */
  readonly issuer: string
  readonly clientId: string
  /** What the tokens are for, and the parameter that says so: Auth0's, or RFC 8707's, or none where scopes say it. */
  readonly audience: string
  readonly audienceIn: AudienceParameter
  /** What is asked for, with blanks between; the usual ones when absent. */
  readonly scopes?: string | undefined
  /** Other origins that the page asks for tokens, where the issuer's token endpoint is elsewhere. */
  readonly origins: readonly string[]
}

/** Which parameter of an authorization request names the audience. */
export type AudienceParameter = (typeof AUDIENCE_PARAMETERS)[number]

/** Auth0 takes `audience`, RFC 8707 says `resource`; where scopes name the audience, neither may be sent. */
export const AUDIENCE_PARAMETERS = ['audience', 'resource', 'none'] as const

/** A person's name, a refresh token, and everything that the vault knows; an issuer leaves out what a person may not. */
const USUAL_SCOPES = ['openid', 'profile', 'offline_access', ...ALL_SCOPES].join(' ')

/** What the page reads first: how people sign in. Nothing in it is secret. */
export function pageConfig(signIn: PageIssuer | 'link' | 'none'): WebFile {
  const content =
    typeof signIn === 'string'
      ? { sign_in: signIn }
      : {
          sign_in: 'issuer',
          issuer: signIn.issuer,
          client_id: signIn.clientId,
          scope: signIn.scopes ?? USUAL_SCOPES,
          audience: signIn.audience,
          audience_in: signIn.audienceIn,
        }
  return {
    path: 'config.json',
    contentType: 'application/json; charset=utf-8',
    body: Buffer.from(`${JSON.stringify(content)}\n`),
    immutable: false,
  }
}

/** Origins beyond its own that the page asks: the issuer's, for its discovery document and tokens. */
export function pageConnects(issuer: PageIssuer | undefined): readonly string[] {
  if (issuer === undefined) return []
  return [...new Set([new URL(issuer.issuer).origin, ...issuer.origins])]
}

/** Everything comes from our own origin, and no text becomes script but through lit's own templates. */
export function pageSecurityPolicy(connects: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    ["connect-src 'self'", ...connects].join(' '),
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; ')
}
