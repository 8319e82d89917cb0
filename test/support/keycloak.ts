import path from 'node:path'
import { CookieJar } from './cookie-jar.ts'
import {
  callJson,
  freePort,
  type RealServer,
  type RealServerPlace,
  restartable,
  serverProcess,
} from './real-server.ts'
import { startTokenWatch } from './token-watch.ts'

/** Twenty seconds on an idle machine, most of them for the schema of a new database. */
const START_WITHIN_MS = 360_000
const ADMIN = { username: 'admin', password: 'admin-password-000' }
const PERSON = { username: 'alice', password: 'alice-password-000' }
const REALM = 'vault'

/**
 * Keycloak with one realm, in which a used refresh token is used up (`revokeRefreshToken`), a confidential client and
 * a person.
 */
export async function startKeycloak({ program, folder, certificate }: RealServerPlace): Promise<RealServer> {
  const port = await freePort()
  const realmPath = `/realms/${REALM}/protocol/openid-connect`
  const watch = await startTokenWatch({ backendPort: port, tokenPath: `${realmPath}/token`, certificate })
  const server = serverProcess({
    command: [
      'bash',
      path.join(program, 'bin', 'kc.sh'),
      'start',
      '--optimized',
      '--http-enabled=true',
      '--http-host=127.0.0.1',
      `--http-port=${port}`,
      `--hostname=${watch.url}`,
      '--proxy-headers=xforwarded',
      `--db-url=jdbc:h2:file:${folder}/keycloak;NON_KEYWORDS=VALUE`,
    ],
    env: {
      KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.username,
      KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
      JAVA_OPTS_APPEND: '-Xmx768m',
    },
    healthUrl: `http://127.0.0.1:${port}/realms/master`,
    logPath: path.join(folder, 'keycloak.log'),
    startWithinMs: START_WITHIN_MS,
  })
  await server.start()
  const client = { id: 'flow-vault', secret: 'keycloak-secret-000' }
  const admin = await asAdmin(watch.url)
  await admin('POST', '/admin/realms', realmWith(client))
  const realm = `/admin/realms/${REALM}`

  return {
    watch,
    authorizationUrl: `${watch.url}${realmPath}/auth`,
    tokenUrl: `${watch.url}${realmPath}/token`,
    revocationUrl: `${watch.url}${realmPath}/revoke`,
    scope: 'openid email',
    client,
    consent: signIn,
    async isActive(token) {
      const response = await fetch(`${watch.url}${realmPath}/token/introspect`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
        body: new URLSearchParams({ token }),
      })
      return ((await response.json()) as { active: boolean }).active
    },
    async endGrantsOfPerson() {
      const [person] = await admin('GET', `${realm}/users?username=${PERSON.username}`)
      await admin('POST', `${realm}/users/${person.id}/logout`)
    },
    async changeSecret(secret) {
      const [registered] = await admin('GET', `${realm}/clients?clientId=${client.id}`)
      await admin('PUT', `${realm}/clients/${registered.id}`, { ...registered, secret })
      client.secret = secret
    },
    endIdleSessionsAfter: (seconds) => admin('PUT', realm, { ssoSessionIdleTimeout: seconds }),
    ...restartable(server, watch),
  }
}

/** Calls of the admin API; a token lives a minute, so each call has its own. */
async function asAdmin(url: string) {
  return async (method: string, pathAndQuery: string, body?: unknown) => {
    const response = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...ADMIN }),
    })
    const { access_token } = (await response.json()) as { access_token: string }
    return callJson(method, `${url}${pathAndQuery}`, body, { authorization: `Bearer ${access_token}` })
  }
}

function realmWith(client: { id: string; secret: string }): object {
  const credentials = [{ type: 'password', value: PERSON.password, temporary: false }]
  return {
    realm: REALM,
    enabled: true,
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
    accessTokenLifespan: 300,
    ssoSessionIdleTimeout: 1800,
    clients: [
      {
        clientId: client.id,
        secret: client.secret,
        standardFlowEnabled: true,
        redirectUris: ['*'],
        attributes: { 'pkce.code.challenge.method': 'S256' },
        // Introspection answers only those whom a token is for.
        protocolMappers: [
          {
            name: 'own audience',
            protocol: 'openid-connect',
            protocolMapper: 'oidc-audience-mapper',
            config: { 'included.client.audience': client.id, 'access.token.claim': 'true' },
          },
        ],
      },
    ],
    users: [
      {
        username: PERSON.username,
        email: 'alice@example.test',
        emailVerified: true,
        firstName: 'Alice',
        lastName: 'Example',
        enabled: true,
        credentials,
      },
    ],
  }
}

/** Fills in the sign-in form as a browser would. */
async function signIn(authorizationUrl: string): Promise<URL> {
  const jar = new CookieJar()
  const page = await fetch(authorizationUrl, { redirect: 'manual' })
  jar.take(page.headers)
  const html = await page.text()
  const action = /action="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
  if (action === undefined) throw new Error(`no sign-in form (HTTP ${page.status}): ${html.slice(0, 300)}`)
  const answer = await fetch(action, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: jar.cookies() },
    body: new URLSearchParams(PERSON),
  })
  const location = answer.headers.get('location')
  if (location === null) throw new Error(`signing in answered ${answer.status}: ${await answer.text()}`)
  return new URL(location)
}
