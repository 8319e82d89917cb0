import { spawnSync } from 'node:child_process'
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
import { startTokenWatch, type TokenWatch } from './token-watch.ts'

const START_WITHIN_MS = 60_000
const PERSON = 'alice'
/** Where Hydra would send a browser to sign in and to consent; the drive below stands for those pages. */
const PAGES = 'https://pages.invalid'
const MAX_REDIRECTS = 12

/** Ory Hydra over a SQLite file: PKCE required, refresh tokens of one use, and all ended by a second one. */
export async function startHydra({ program, folder, certificate }: RealServerPlace): Promise<RealServer> {
  const [port, adminPort] = [await freePort(), await freePort()]
  const watch = await startTokenWatch({ backendPort: port, tokenPath: '/oauth2/token', certificate })
  const env = {
    DSN: `sqlite://${folder}/hydra.sqlite?_fk=true`,
    SECRETS_SYSTEM: 'hydra-system-secret-000',
    URLS_SELF_ISSUER: watch.url,
    URLS_LOGIN: `${PAGES}/login`,
    URLS_CONSENT: `${PAGES}/consent`,
    SERVE_PUBLIC_HOST: '127.0.0.1',
    SERVE_PUBLIC_PORT: String(port),
    SERVE_ADMIN_HOST: '127.0.0.1',
    SERVE_ADMIN_PORT: String(adminPort),
    OAUTH2_PKCE_ENFORCED: 'true',
    TTL_ACCESS_TOKEN: '5m',
    LOG_LEVEL: 'error',
    SQA_OPT_OUT: 'true',
  }
  const migrated = spawnSync(program, ['migrate', 'sql', 'up', '-e', '--yes'], {
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
  })
  if (migrated.status !== 0) throw new Error(`hydra migrate: ${migrated.stderr.slice(-500)}`)
  const server = serverProcess({
    command: [program, 'serve', 'all', '--dev'],
    env,
    healthUrl: `http://127.0.0.1:${adminPort}/health/ready`,
    logPath: path.join(folder, 'hydra.log'),
    startWithinMs: START_WITHIN_MS,
  })
  await server.start()
  const admin = `http://127.0.0.1:${adminPort}/admin`
  const client = { id: '', secret: 'hydra-secret-000' }
  const registration = (more: object) => ({
    client_name: 'flow-vault',
    client_secret: client.secret,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'offline_access read',
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: ['https://vault.invalid/'],
    ...more,
  })
  client.id = (await callJson('POST', `${admin}/clients`, registration({}))).client_id
  const change = (more: object) =>
    callJson('PUT', `${admin}/clients/${client.id}`, registration({ client_id: client.id, ...more }))

  return {
    watch,
    authorizationUrl: `${watch.url}/oauth2/auth`,
    tokenUrl: `${watch.url}/oauth2/token`,
    revocationUrl: `${watch.url}/oauth2/revoke`,
    scope: 'offline_access read',
    client,
    async consent(authorizationUrl) {
      const redirectUri = new URL(authorizationUrl).searchParams.get('redirect_uri')
      await change({ redirect_uris: [redirectUri] })
      return allow(authorizationUrl, admin, watch)
    },
    async isActive(token) {
      const response = await fetch(`${admin}/oauth2/introspect`, {
        method: 'POST',
        body: new URLSearchParams({ token }),
      })
      return ((await response.json()) as { active: boolean }).active
    },
    endGrantsOfPerson: () =>
      callJson('DELETE', `${admin}/oauth2/auth/sessions/consent?subject=${PERSON}&all=true`),
    async changeSecret(secret) {
      client.secret = secret
      await change({})
    },
    ...restartable(server, watch),
  }
}

/** Goes through the redirects as a browser, and answers for the pages of sign-in and consent. */
async function allow(authorizationUrl: string, admin: string, watch: TokenWatch): Promise<URL> {
  const jar = new CookieJar()
  let url = new URL(authorizationUrl)
  for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
    if (url.origin === PAGES) url = await decide(url, admin)
    if (url.origin !== watch.url) return url
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie: jar.cookies() } })
    jar.take(answer.headers)
    const location = answer.headers.get('location')
    if (location === null) throw new Error(`hydra stopped at ${url.pathname}: ${await answer.text()}`)
    url = new URL(location, url)
  }
  throw new Error('hydra redirects without end')
}

async function decide(page: URL, admin: string): Promise<URL> {
  const kind = page.pathname === '/login' ? 'login' : 'consent'
  const challenge = page.searchParams.get(`${kind}_challenge`) ?? ''
  const asked = await callJson('GET', `${admin}/oauth2/auth/requests/${kind}?${kind}_challenge=${challenge}`)
  const decision =
    kind === 'login' ? { subject: PERSON } : { grant_scope: asked.requested_scope, remember: false }
  const decided = `${admin}/oauth2/auth/requests/${kind}/accept?${kind}_challenge=${challenge}`
  return new URL((await callJson('PUT', decided, decision)).redirect_to)
}
