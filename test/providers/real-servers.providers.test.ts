import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CONNECTIONS, type GrantCalls, grantCalls } from '../support/grant-calls.ts'
import { startHydra } from '../support/hydra.ts'
import { startKeycloak } from '../support/keycloak.ts'
import { trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import { MovableClock } from '../support/movable-clock.ts'
import type { RealServer, RealServerPlace } from '../support/real-server.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { until } from '../support/until.ts'

const SERVERS = [
  { name: 'Keycloak', variable: 'FLOW_VAULT_TEST_KEYCLOAK', start: startKeycloak, hasSessions: true },
  // Behind its refresh tokens there is no session that could idle: one lives for as long as its own life says.
  { name: 'Ory Hydra', variable: 'FLOW_VAULT_TEST_HYDRA', start: startHydra, hasSessions: false },
]
const TENANT = 'acme'
const FLOWS = 50
/** The access tokens of both servers live five minutes. */
const PAST_ACCESS_MS = 301_000
/** The client is looked at before its token is (RFC 6749 §5.2): nothing was used up. */
const CLIENT_REFUSED = 401
const IDLE_SECONDS = 2
const IDLE_WITHIN_MS = 240_000

describe.each(SERVERS)('a grant of $name', ({ variable, start, hasSessions }) => {
  const program = process.env[variable]
  if (program === undefined) {
    const reason = process.env[`${variable}_SKIPPED`] ?? 'run it by npm run test:providers'
    it.skip(`is tried: ${reason}`, () => undefined)
    return
  }

  let world: World
  beforeAll(async () => {
    world = await startWorld(program, start)
  }, 400_000)
  afterAll(() => world?.close())

  const tokenOf = async (id: string) => (await world.calls.fetchCredential(id)).body.fields?.access_token
  const rotate = (id: string) => world.calls.call('POST', `${CONNECTIONS}/${id}/rotate`)
  const refreshTokensSent = () =>
    world.server.watch.requests.flatMap(({ parameters, status }) =>
      status === CLIENT_REFUSED ? [] : (parameters['refresh_token'] ?? []),
    )
  /** The refresh token that the last answer brought. */
  const newestRefreshToken = () =>
    world.server.watch.requests.map(({ answer }) => answer['refresh_token']).findLast(isText)

  afterEach(() => {
    const sent = refreshTokensSent()
    const twice = sent.filter((token, index) => sent.indexOf(token) !== index)
    expect(twice).toEqual([])
  })

  it('comes by a code with PKCE, and works there', async () => {
    const id = await world.authorized()
    const { parameters } = world.server.watch.requests.at(-1)!
    expect(parameters).toMatchObject({ grant_type: 'authorization_code', code_verifier: expect.any(String) })
    expect(await world.calls.view(id)).toMatchObject({ status: 'ready', expiry_basis: 'stated' })
    expect(await world.server.isActive(await tokenOf(id))).toBe(true)
  })

  it('is renewed with a refresh token that is used once, by one request for fifty flows', async () => {
    const id = await world.authorized()
    const own = newestRefreshToken()
    const first = await tokenOf(id)
    world.clock.moveOn(PAST_ACCESS_MS)
    const tokens = await Promise.all(Array.from({ length: FLOWS }, () => tokenOf(id)))
    expect(new Set(tokens).size).toBe(1)
    expect(tokens[0]).not.toBe(first)
    // A sweep may renew the connections of other tests meanwhile: only this one's token is counted.
    expect(refreshTokensSent().filter((token) => token === own)).toHaveLength(1)
    await rotate(id)
    const next = await tokenOf(id)
    expect(next).not.toBe(tokens[0])
    expect(await world.server.isActive(next)).toBe(true)
  })

  it('ends when somebody else sends a used refresh token, and comes back with the same id', async () => {
    const id = await world.authorized()
    const used = newestRefreshToken()!
    await rotate(id)
    expect(await world.replay(used)).toBeGreaterThanOrEqual(400)
    await rotate(id)
    expect(await world.calls.view(id)).toMatchObject({
      status: 'reauthorization_required',
      failure: { code: 'invalid_grant' },
    })
    expect((await world.calls.fetchCredential(id)).body.errorCode).toBe('reauthorization_required')
    await world.authorize(id)
    expect(await world.server.isActive(await tokenOf(id))).toBe(true)
  })

  it('ends when the person takes it back at the server', async () => {
    const id = await world.authorized()
    await world.server.endGrantsOfPerson()
    await rotate(id)
    expect(await world.calls.view(id)).toMatchObject({ status: 'reauthorization_required' })
    await world.authorize(id)
    expect(await world.calls.view(id)).toMatchObject({ status: 'ready' })
  })

  it('is revoked at the server with the last connection that this person gave this client', async () => {
    const remove = async (each: string) =>
      expect((await world.calls.call('DELETE', `${CONNECTIONS}/${each}`)).status).toBe(204)
    // A revocation may end the whole consent: while another connection lives by it there is none.
    const others = (await world.calls.call('GET', `${CONNECTIONS}?per_page=100`)).body as { id: string }[]
    for (const other of others) await remove(other.id)
    const id = await world.authorized()
    const [access, refresh] = [await tokenOf(id), newestRefreshToken()!]
    await remove(id)
    const gone = await until(
      async () => [await world.server.isActive(access), await world.server.isActive(refresh)],
      (active) => !active.includes(true),
      10_000,
    )
    expect(gone).toEqual([false, false])
  })

  it.each([
    ['alike', {}],
    ['with another parameter', { resource: 'https://api.example.test' }],
  ])(
    'outlives an older one of the same client and person that is deleted, asked for %s',
    async (_what, how) => {
      const older = await world.authorized(how)
      const newer = await world.authorized()
      expect((await world.calls.call('DELETE', `${CONNECTIONS}/${older}`)).status).toBe(204)
      await rotate(newer)
      expect(await world.calls.view(newer)).toMatchObject({ status: 'ready', failure: null })
      expect(await world.server.isActive(await tokenOf(newer))).toBe(true)
    },
  )

  it('outlives a restart of the server: served meanwhile, renewed afterwards', async () => {
    const id = await world.authorized()
    const first = await tokenOf(id)
    await world.server.stop()
    await rotate(id)
    expect(await tokenOf(id)).toBe(first)
    expect(await world.calls.view(id)).toMatchObject({ status: 'degraded' })
    await world.server.start()
    const renewed = await until(
      async () => {
        await rotate(id)
        return tokenOf(id)
      },
      (token) => token !== first,
      120_000,
    )
    expect(await world.server.isActive(renewed)).toBe(true)
    expect(await world.calls.view(id)).toMatchObject({ status: 'ready', failure: null })
  })

  it('serves the old token after an answer that was lost, and sends no refresh token twice while it works', async () => {
    const id = await world.authorized()
    const first = await tokenOf(id)
    world.server.watch.loseNextAnswer()
    await rotate(id)
    expect(await tokenOf(id)).toBe(first)
    expect(await world.calls.view(id)).toMatchObject({ status: 'degraded' })
    await rotate(id)
    expect(await tokenOf(id)).toBe(first)
  })

  it('survives a client secret that was changed at the server: served meanwhile, and renewed with the right one', async () => {
    const id = await world.authorized()
    const first = await tokenOf(id)
    const { secret } = world.server.client
    await world.server.changeSecret('another-secret-000')
    await rotate(id)
    expect(await world.calls.view(id)).toMatchObject({ status: 'degraded', failure: { count: 1 } })
    expect(await tokenOf(id)).toBe(first)
    await world.server.changeSecret(secret)
    await rotate(id)
    expect(await world.calls.view(id)).toMatchObject({ status: 'ready', failure: null })
    expect(await world.server.isActive(await tokenOf(id))).toBe(true)
    expect(await tokenOf(id)).not.toBe(first)
  })

  const withSessions = hasSessions ? it : it.skip
  withSessions('ends with a session that nobody used, and comes back with the same id', async () => {
    const { endIdleSessionsAfter, isActive } = world.server
    const id = await world.authorized()
    expect((await world.calls.view(id)).refresh_expires_at).not.toBeNull()
    const access = await tokenOf(id)
    expect(await isActive(access)).toBe(true)
    await endIdleSessionsAfter!(IDLE_SECONDS)
    const ask = () => isActive(access)
    expect(await until(ask, (active) => !active, IDLE_WITHIN_MS)).toBe(false)
    await rotate(id)
    expect(await world.calls.view(id)).toMatchObject({ status: 'reauthorization_required' })
    await endIdleSessionsAfter!(1800)
    await world.authorize(id)
    expect(await world.server.isActive(await tokenOf(id))).toBe(true)
  })
})

interface World {
  readonly server: RealServer
  readonly clock: MovableClock
  readonly calls: Pick<GrantCalls, 'call' | 'view' | 'fetchCredential'>
  setup(): Record<string, string>
  /** A new connection, authorized by the person; answers its id. */
  authorized(setup?: Readonly<Record<string, string>>): Promise<string>
  authorize(id: string): Promise<void>
  /** Sends a refresh token past the vault, as a thief would; answers the status. */
  replay(refreshToken: string): Promise<number>
  close(): Promise<void>
}

async function startWorld(
  program: string,
  start: (place: RealServerPlace) => Promise<RealServer>,
): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'real-server-'))
  const server = await start({ program, folder, certificate: await trustedLoopbackCertificate() })
  const clock = new MovableClock()
  const env = { FLOW_VAULT_ALLOW_HOSTS: server.watch.host }
  const vault: RunningVault = await startRunningVault({ clock, env })
  const { client, authorizationUrl, tokenUrl, revocationUrl } = server
  const clients = { machine: client, webBasic: client }
  const provider = {
    issuer: server.watch.url,
    authorizationUrl,
    tokenUrl,
    revocationUrl,
    clients,
    consent: server.consent,
  }
  const token = (tenant: string) => vault.token({ tenant })
  const calls = grantCalls({ baseUrl: vault.url, fetch, tenant: TENANT, provider, token })
  const setup = () =>
    calls.codeSetup({ client_secret: client.secret, scope: server.scope, issuer: undefined })
  const authorize = async (id: string) => {
    const answer = await calls.open(await calls.consent(id))
    if (answer.status !== 200) throw new Error(`the callback answered ${answer.text}`)
  }
  return {
    server,
    clock,
    calls,
    setup,
    authorize,
    async authorized(more = {}) {
      const { body } = await calls.create({
        name: 'Orders',
        app_id: 'OAUTH2',
        setup: { ...setup(), ...more },
      })
      await authorize(body.id)
      return body.id
    },
    async replay(refreshToken) {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
      const headers = { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` }
      const response = await fetch(tokenUrl, { method: 'POST', headers, body })
      await response.arrayBuffer()
      server.watch.forgetLast()
      return response.status
    },
    async close() {
      await vault.stop()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
