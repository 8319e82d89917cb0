/** A client of the built-in issuer, as an official client is configured. */
export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: string
  readonly audience: string
}

/** The server looks at a changed client registry at most once a second; so often is it asked meanwhile. */
const ASK_AGAIN_MS = 100
const ASK_AT_MOST = 30

/** An access token by client credentials, with all of the client's scopes or these. Waits until the server has seen a client just added. */
export async function fetchToken(url: string, client: ClientCredentials, scope = ''): Promise<string> {
  for (let asked = 1; ; asked += 1) {
    const response = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: client.clientId,
        client_secret: client.clientSecret,
        audience: client.audience,
        scope,
      }),
    })
    const answer = (await response.json()) as { access_token?: string; error?: string }
    if (answer.access_token !== undefined) return answer.access_token
    if (response.status !== 401 || asked === ASK_AT_MOST) {
      throw new Error(`/oauth/token answered ${response.status} ${answer.error}`)
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
}
