import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { allRoutes } from '../../functions/route-table.ts'
import { Canaries, leaksIn } from '../support/canary.ts'
import { plantedSetups } from '../support/planted-setups.ts'
import { type Got, RecordedCalls, type Sent } from '../support/recorded-calls.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

const BASE = '/api/v2/flows/vault'
const TENANT = 'canary'
/** Names are no secrets: what is found of this one shows that the search looks where things are. */
const CONTROL = 'control-name-7c1f4e'
const OVERSIZE_CHARACTERS = 101 * 1024

const canaries = new Canaries()
/** The canaries' marker, and every other secret that came up on the way. */
const secrets = new Map<string, string>([['a canary', canaries.marker]])
let world: VaultWithProvider
let calls: RecordedCalls
let filesWhileRunning: Map<string, Buffer>
let filesAfterwards: Map<string, Buffer>
let log: string[]

const send = (request: Sent): Promise<Got> => calls.send(request)

beforeAll(async () => {
  world = await startVaultWithProvider()
  const token = await world.vault.token({ tenant: TENANT })
  secrets.set('an access token of the API', token)
  calls = new RecordedCalls(world.vault.url, token)
  await plantSetups()
  await plantGrants()
  await plantOauthApps()
  await plantIntoErrors()
  await plantIntoTokens()
  await visitTheRest()
  filesWhileRunning = await filesOf(world.vault.folder)
  await world.vault.server.close({ graceMs: 1000 })
  filesAfterwards = await filesOf(world.vault.folder)
  log = world.vault.log()
}, 60_000)

afterAll(() => world.close())

/** Each setup by an idempotent create, its replay and its refusal, then an update, a fetch, and every view. */
async function plantSetups(): Promise<void> {
  const second = plantedSetups(canaries)
  for (const [index, { appId, type, values }] of plantedSetups(canaries).entries()) {
    const create = {
      method: 'POST',
      path: `${BASE}/connections?view=full`,
      body: { name: `${CONTROL} ${appId} ${type}`, app_id: appId, setup: values },
      headers: { 'idempotency-key': `${appId}-${type}` },
    }
    const created = await send(create)
    expect([appId, type, created.status, created.body]).toEqual([appId, type, 201, expect.anything()])
    expect((await send(create)).body.id).toBe(created.body.id)
    const other = { ...create.body, setup: second[index]!.values }
    expect((await send({ ...create, body: other })).status).toBe(422)

    const at = `${BASE}/connections/${created.body.id}`
    expect((await send({ method: 'PATCH', path: at, body: { setup: other.setup } })).status).toBe(200)
    await send({ method: 'PATCH', path: at, body: { setup: other.setup }, headers: { 'if-match': '"v1"' } })
    await send({ method: 'GET', path: `${at}?view=full` })
    await send({ method: 'GET', path: `${at}/credentials` })
    await send({ method: 'POST', path: `${at}/credentials/rejected`, body: { credential_version: 1 } })
    await send({ method: 'GET', path: `${at}/events` })
  }
  await send({ method: 'GET', path: `${BASE}/connections?per_page=100&view=full&include_totals=true` })
  await send({ method: 'GET', path: `${BASE}/connections?q=${canaries.next()}` })
}

/** What a provider mints: by code, by client credentials, rotated, verified, refused, and revoked. */
async function plantGrants(): Promise<void> {
  const setup = world.codeSetup()
  const body = { name: CONTROL, app_id: 'OAUTH2', setup }
  const { id } = (await send({ method: 'POST', path: `${BASE}/connections`, body })).body
  const at = `${BASE}/connections/${id}`
  const started = await send({ method: 'POST', path: `${at}/authorize`, body: {} })
  const link = started.body.authorization_url
  secrets.set('a ticket', new URL(link).searchParams.get('ticket')!)
  const callback = await world.provider.consent(await world.pressContinue(link))
  secrets.set('a state', callback.searchParams.get('state')!)
  secrets.set('an authorization code', callback.searchParams.get('code')!)
  expect((await world.open(callback)).status).toBe(200)
  await rememberAccessToken(at, 'an access token by code')
  expect((await send({ method: 'POST', path: `${at}/rotate` })).body).toMatchObject({ rotated: true })
  await rememberAccessToken(at, 'a rotated access token')
  await send({ method: 'POST', path: `${at}/verify` })
  for (const { refreshToken } of world.provider.tokenRequests) {
    if (refreshToken !== undefined) secrets.set(`refresh token ${secrets.size}`, refreshToken)
  }
  expect([...secrets.keys()].some((name) => name.startsWith('refresh token'))).toBe(true)

  const machine = { name: CONTROL, app_id: 'OAUTH2', setup: world.machineSetup() }
  const minted = await send({ method: 'POST', path: `${BASE}/connections?verify=true`, body: machine })
  expect(minted.status).toBe(201)
  await rememberAccessToken(`${BASE}/connections/${minted.body.id}`, 'a machine access token')
  secrets.set('a client secret', setup['client_secret']!)
  secrets.set('a machine client secret', machine.setup['client_secret']!)

  const wrong = { ...machine, setup: world.machineSetup({ client_secret: canaries.next() }) }
  const refused = await send({ method: 'POST', path: `${BASE}/connections?verify=true`, body: wrong })
  expect(refused.status).toBe(400)
  expect((await send({ method: 'POST', path: `${BASE}/connections`, body: wrong })).status).toBe(201)
  const unreachable = world.machineSetup({ token_url: `https://${world.nowhere}/${canaries.next()}` })
  const lost = { ...machine, setup: { ...unreachable, client_secret: canaries.next() } }
  await send({ method: 'POST', path: `${BASE}/connections?verify=true`, body: lost })
  await send({ method: 'DELETE', path: at })
}

async function rememberAccessToken(at: string, name: string): Promise<void> {
  const fetched = await send({ method: 'GET', path: `${at}/credentials` })
  secrets.set(name, fetched.body.fields.access_token)
}

async function plantOauthApps(): Promise<void> {
  const apps = `${BASE}/oauth-apps`
  const body = { app_id: 'HUBSPOT', name: CONTROL, client_id: 'client', client_secret: canaries.next() }
  const { id } = (await send({ method: 'POST', path: apps, body })).body
  const at = `${apps}/${id}`
  const patched = await send({ method: 'PATCH', path: at, body: { client_secret: canaries.next() } })
  expect(patched.status).toBe(200)
  await send({ method: 'GET', path: at })
  await send({ method: 'GET', path: apps })
  expect((await send({ method: 'DELETE', path: at })).status).toBe(204)
}

/** Bodies that no route takes, each with a secret where a careless message would show it. */
async function plantIntoErrors(): Promise<void> {
  const empty = { method: 'POST', path: `${BASE}/connections`, body: { name: CONTROL, app_id: 'HTTP' } }
  const { id } = (await send(empty)).body
  for (const route of allRoutes()) {
    const at = route.path
      .replace('{id}', id)
      .replace('{app_id}', 'HTTP')
      .replaceAll(/\{[a-z_]+\}/g, 'x')
    const { method } = route
    await send({ method, path: `${at}?unknown=${canaries.next()}` })
    if (method !== 'GET') await send({ method, path: at, headers: { 'if-match': `"${canaries.next()}"` } })
    if (route.bodySchema === undefined) continue
    for (const body of badBodies()) {
      const { status } = await send({ method, path: at, body })
      expect([route.name, body, status]).toEqual([route.name, body, expect.any(Number)])
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
    }
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      `application/${canaries.next()}`,
    ]) {
      const body = `client_secret=${canaries.next()}`
      const { status } = await send({ method, path: at, body, headers: { 'content-type': type } })
      const isTaken = route.bodyType === 'form' && type.endsWith('form-urlencoded')
      if (!isTaken) expect([route.name, type, status]).toEqual([route.name, type, 415])
    }
    const oversize = { name: canaries.next(), setup: { token: 'x'.repeat(OVERSIZE_CHARACTERS) } }
    expect((await send({ method, path: at, body: oversize })).status).toBe(413)
  }
  await plantIntoSetupErrors(id)
}

function badBodies(): unknown[] {
  const secret = canaries.next()
  return [
    `{"setup":{"token":"${secret}"`,
    `{"setup":{"token":"${secret}"}}}`,
    `"${secret}"`,
    `${secret}`,
    `{"setup":"${secret}","setup":"${secret}"}`,
    `{"a":${'['.repeat(40)}"${secret}"${']'.repeat(40)}}`,
    [secret],
    { unknown_field: secret },
    {
      name: { value: secret },
      client_secret: [secret],
      scopes: secret,
      credential_version: secret,
      reason: 1,
    },
    { name: CONTROL, app_id: 'HTTP', setup: secret, client_id: { secret }, connection_id: [secret] },
  ]
}

/** A setup that its app refuses: a field too many, a wrong type, a value that cannot be sent, one too long. */
async function plantIntoSetupErrors(id: string): Promise<void> {
  const secret = canaries.next()
  const setups = [
    { type: 'BEARER', token: secret, extra: secret },
    { type: 'BEARER', token: [secret] },
    { type: 'BEARER', token: { secret } },
    { type: 'BEARER', token: `${secret}\n` },
    { type: 'BEARER', token: `${secret} \u0000` },
    { type: 'BEARER', tokens: secret },
    { token: secret },
    { type: 'BASIC_AUTH', username: `${secret}:${secret}`, password: secret },
    { type: 'API_KEY', name: 'X-Api-Key', value: secret.repeat(10), in: 'HEADER' },
    { type: 'API_KEY', name: 'Content-Length', value: secret, in: 'HEADER' },
    {
      type: 'OAUTH_CLIENT_CREDENTIALS',
      client_id: 'c',
      client_secret: secret,
      token_endpoint: `http://${secret}`,
    },
  ]
  for (const setup of setups) {
    const body = { name: CONTROL, app_id: 'HTTP', setup }
    expect((await send({ method: 'POST', path: `${BASE}/connections`, body })).status).toBe(400)
    expect((await send({ method: 'PATCH', path: `${BASE}/connections/${id}`, body: { setup } })).status).toBe(
      400,
    )
  }
  const webhook = { type: 'WEBHOOK', url: `http://hooks.slack.com/services/${secret}` }
  const slack = { name: CONTROL, app_id: 'SLACK', setup: webhook }
  expect((await send({ method: 'POST', path: `${BASE}/connections`, body: slack })).status).toBe(400)
}

/** Tokens, client secrets and OAuth states that do not fit. */
async function plantIntoTokens(): Promise<void> {
  const { clientId, clientSecret } = world.vault.client({ tenant: TENANT })
  secrets.set('the secret of a client', clientSecret)
  const grant = { grant_type: 'client_credentials', client_id: clientId }
  for (const credentials of [
    { ...grant, client_secret: canaries.next() },
    { ...grant, client_secret: clientSecret, audience: canaries.next() },
    { ...grant, client_secret: clientSecret, scope: canaries.next() },
    { ...grant, client_id: canaries.next(), client_secret: clientSecret },
  ]) {
    const form = new URLSearchParams(credentials).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    await send({ method: 'POST', path: '/oauth/token', body: form, headers })
    await send({ method: 'POST', path: '/oauth/token', body: { ...credentials, more: [canaries.next()] } })
  }
  for (const as of [`Bearer ${canaries.next()}`, `Basic ${btoa(canaries.next())}`, canaries.next()]) {
    expect((await send({ method: 'GET', path: `${BASE}/connections`, as })).status).toBe(401)
  }
  const callback = `/oauth/return/${canaries.next()}?state=${canaries.next()}&code=${canaries.next()}&error=${canaries.next()}`
  await send({ method: 'GET', path: callback })
}

/** What no other step has touched, so that every route there is has been asked. */
async function visitTheRest(): Promise<void> {
  const freeze = { app_id: 'TWILIO', reason: 'test' }
  const frozen = await send({ method: 'POST', path: `${BASE}/freezes`, body: freeze })
  await send({ method: 'GET', path: `${BASE}/freezes/${frozen.body.id}` })
  for (const { path: at } of allRoutes().filter(({ method }) => method === 'GET')) {
    await send({
      method: 'GET',
      path: at
        .replace('{app_id}', 'SLACK')
        .replace('{id}', frozen.body.id)
        .replaceAll(/\{[a-z_]+\}/g, 'x'),
    })
  }
  await send({ method: 'DELETE', path: `${BASE}/freezes/${frozen.body.id}` })
  const { body } = await send({ method: 'GET', path: `${BASE}/connections?per_page=100` })
  const [first, second] = body as [{ id: string }, { id: string }]
  await send({ method: 'DELETE', path: `${BASE}/connections/${first.id}` })
  await send({ method: 'POST', path: `${BASE}/connections/${first.id}/restore` })
  await send({ method: 'DELETE', path: `${BASE}/connections/${second.id}?purge=true` })
}

/** Every file under the folder, by its path in it. */
async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = new Map<string, Buffer>()
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = path.join(entry.parentPath, entry.name)
    files.set(path.relative(folder, file), await readFile(file))
  }
  return files
}

describe('a secret that was planted', () => {
  test('went into every secret field of every setup, and past every route', () => {
    expect(canaries.planted).toBeGreaterThan(150)
    const missed = allRoutes()
      .map(({ name }) => name)
      .filter((name) => !calls.reached.has(name))
    expect(missed).toEqual([])
  })

  test('is in no line of the log', () => {
    expect(log.length).toBeGreaterThan(calls.answers.length / 2)
    expect(log.filter((line) => leaksIn(line, secrets).length > 0)).toEqual([])
  })

  test('is in no answer but that of a fetch', () => {
    expect(calls.answers.filter(({ text }) => text.includes(CONTROL)).length).toBeGreaterThan(100)
    // A link is the one answer that its ticket is for.
    const tickets = (route: string) => (route === 'authorize-connection' ? ['a ticket'] : [])
    // A form that a provider had the browser post goes on as the address that the same browser opens next.
    const told = calls.answers.filter(({ route }) => route !== 'receive-form-answer')
    const leaking = told.filter(
      ({ route, text }) => leaksIn(text, secrets).filter((leak) => !tickets(route).includes(leak)).length > 0,
    )
    expect(leaking.map(({ route, status, text }) => ({ route, status, text }))).toEqual([])
  })

  test.each(['while the vault runs', 'after it has stopped'])('is in no file but dev.json, %s', (when) => {
    const files = when === 'while the vault runs' ? filesWhileRunning : filesAfterwards
    expect([...files.keys()]).toEqual(expect.arrayContaining(['vault.db', 'vault-key.json', 'clients.json']))
    const control = new Map([['the control', CONTROL]])
    const holding = [...files].filter(([, content]) => leaksIn(content, control).length > 0)
    // The log may have been emptied into the database just before.
    const holders = files === filesWhileRunning ? ['vault.db', 'vault.db-wal'] : ['vault.db']
    expect(holding.map(([name]) => name).filter((name) => holders.includes(name))).not.toEqual([])
    const leaks = [...files].flatMap(([name, content]) =>
      leaksIn(content, secrets).map((leak) => [name, leak]),
    )
    expect(leaks.filter(([name]) => name !== 'dev.json')).toEqual([])
  })
})
