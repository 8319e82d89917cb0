import { randomBytes } from 'node:crypto'
import type { LocalProvider } from '../local-provider.ts'
import { allow } from './allow.ts'

/** Where the example's own client is known; nothing has to listen there, because nobody opens it. */
const REDIRECT_URI = 'https://flow.example.com/callback'

/**
 * The body of a connection that somebody has just authorized at the provider: its code is exchanged by the vault,
 * which keeps the refresh token and hands out nothing but access tokens.
 */
export async function authorizedConnection(provider: LocalProvider, sheetsUrl: string): Promise<object> {
  const state = randomBytes(16).toString('base64url')
  const url = new URL(provider.authorizationUrl)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: REDIRECT_URI,
    scope: provider.scope,
    state,
  }).toString()
  const callback = await allow(url)
  if (callback.searchParams.get('state') !== state) throw new Error('an answer to somebody else’s question')
  return {
    name: 'Google Sheets (example)',
    app_id: 'OAUTH2',
    setup: {
      type: 'AUTHORIZATION_CODE',
      client_id: provider.clientId,
      client_secret: provider.clientSecret,
      authorization_url: provider.authorizationUrl,
      token_url: provider.tokenUrl,
      base_url: sheetsUrl,
      scope: provider.scope,
      redirect_uri: REDIRECT_URI,
      code: callback.searchParams.get('code'),
    },
  }
}
