/** A setup of `OAUTH2` that a person authorizes in a browser. */
export const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
}

/** One of the same client that needs nobody. */
export const MACHINE_SETUP = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
}

/** What the token endpoint answers when all is well: an hour, and a refresh token. */
export const GRANT = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 3600 }
