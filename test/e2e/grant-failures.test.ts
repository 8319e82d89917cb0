import { randomUUID } from 'node:crypto'
import { CONNECTIONS } from '../support/grant-calls.ts'
import { trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import {
  type ScriptedAnswer,
  type ScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

/** What a provider might say about a request, and what nobody but the provider should ever read. */
const PLANTED = 'planted-description-000'
const HTML = `<!doctype html><title>Maintenance</title><p>${PLANTED}</p>`
const HOUR_MS = 3_600_000
/** A sentence about what happened, and one about what to do. */
const WHAT_AND_WHAT_NEXT = /^\S+: .+ \((?:\w+, )?HTTP \d{3}\)\. [A-Z].+\.$|^\S+: [^.]+\. [A-Z].+\.$/
const TOKEN = { access_token: 'access-token-000', token_type: 'Bearer', expires_in: 3600 }
const GRANT = { ...TOKEN, refresh_token: 'refresh-token-000', scope: 'read write' }

const named = (error: string, status = 400): ScriptedAnswer => ({
  status,
  body: { error, error_description: PLANTED, error_uri: `https://${PLANTED}.example.test` },
})

/** The answer; what becomes of a working grant that meets it when it is renewed; and of a setup when it is first minted. */
const FAILURES: readonly (readonly [string, ScriptedAnswer, Outcome, Outcome])[] = [
  // RFC 6749 §5.2, every row.
  ['invalid_request', named('invalid_request'), works('refused', 'invalid_request'), waits('refused')],
  [
    'invalid_client',
    named('invalid_client', 401),
    works('app-broken', 'invalid_client'),
    waits('app-broken'),
  ],
  ['invalid_grant', named('invalid_grant'), dead('invalid_grant'), waits('grant-dead')],
  ['unauthorized_client', named('unauthorized_client'), works('app-broken'), waits('app-broken')],
  ['unsupported_grant_type', named('unsupported_grant_type'), works('refused'), waits('refused')],
  ['invalid_scope', named('invalid_scope'), works('refused', 'invalid_scope'), waits('refused')],
  ['an error nobody knows', named('made_up'), works('refused', 'made_up'), waits('refused')],
  // Failures in the guise of success.
  ['invalid_grant with HTTP 200', named('invalid_grant', 200), dead('invalid_grant'), waits('grant-dead')],
  ['server_error with HTTP 200', named('server_error', 200), works('unknown'), waits('unknown')],
  ['HTML with HTTP 200', { body: HTML }, works('unknown', 'invalid_answer'), waits('refused')],
  ['an empty body', { body: '' }, works('unknown', 'invalid_answer'), waits('refused')],
  [
    'a bare NaN in the JSON',
    { headers: { 'content-type': 'application/json' }, body: '{"access_token":"x","expires_in":NaN}' },
    works('unknown', 'invalid_answer'),
    waits('refused'),
  ],
  ['no token', { body: { token_type: 'Bearer' } }, works('unknown', 'invalid_answer'), waits('refused')],
  [
    'a token of another type',
    { body: { ...TOKEN, token_type: 'mac' } },
    works('unknown', 'unsupported_token_type'),
    waits('refused'),
  ],
  [
    'a token that would break a header',
    { body: { ...TOKEN, access_token: 'a\r\nb' } },
    works('unknown', 'invalid_answer'),
    waits('refused'),
  ],
  // Statuses that decide by themselves.
  ['HTML with HTTP 400', { status: 400, body: HTML }, works('refused', 'http_error'), waits('refused')],
  ['HTTP 403', { status: 403, body: {} }, works('refused', 'http_error'), waits('refused')],
  ['HTTP 404', { status: 404, body: HTML }, works('refused', 'http_error'), waits('refused')],
  ['HTTP 408', { status: 408 }, works('unknown', 'server_error'), waits('unknown')],
  ['HTTP 429', { status: 429 }, works('passing', 'too_many_requests'), waits('passing')],
  ['invalid_grant with HTTP 500', named('invalid_grant', 500), works('unknown'), waits('unknown')],
  ['HTTP 502', { status: 502, body: HTML }, works('unknown', 'server_error'), waits('unknown')],
  ['HTTP 503', { status: 503 }, works('unknown', 'server_error'), waits('unknown')],
  [
    'HTTP 503 with Retry-After',
    { status: 503, headers: { 'retry-after': '120' } },
    works('passing', 'temporarily_unavailable'),
    waits('passing'),
  ],
  [
    'a redirect',
    { status: 307, headers: { location: 'https://elsewhere.example.test/token' } },
    works('refused', 'redirect'),
    waits('refused'),
  ],
  ['a dropped connection', { drop: true }, works('unknown', 'connection_lost'), waits('unknown')],
]

interface Outcome {
  readonly status: string
  readonly failure: object
  /** How a fetch is answered at once, and when the old token has expired. */
  readonly fetch: { readonly now: readonly unknown[]; readonly expired?: number }
}

/** The old credential is served until it expires. */
function works(failureClass: string, code?: string): Outcome {
  const failure = { class: failureClass, ...(code === undefined ? {} : { code }) }
  return { status: 'degraded', failure, fetch: { now: [200, undefined], expired: 503 } }
}

function dead(code: string): Outcome {
  const now = [409, 'reauthorization_required']
  return {
    status: 'reauthorization_required',
    failure: { class: 'grant-dead', code },
    fetch: { now, expired: 409 },
  }
}

/** Nothing was minted yet, and the vault tries again by itself. */
function waits(failureClass: string): Outcome {
  return { status: 'pending', failure: { class: failureClass }, fetch: { now: [503, expect.any(String)] } }
}

describe('what a provider answers decides what becomes of a connection', () => {
  let world: VaultWithProvider
  let provider: ScriptedProvider
  beforeAll(async () => {
    provider = await startScriptedProvider({ tls: await trustedLoopbackCertificate() })
    world = await startVaultWithProvider({ also: [provider.host] })
  })
  afterAll(async () => {
    await world.close()
    await provider.close()
  })

  const tokenUrl = () => `${provider.url}/token`
  const createMachine = async (setup = {}) =>
    (
      await world.create({
        name: 'Orders',
        app_id: 'OAUTH2',
        setup: world.machineSetup({ token_url: tokenUrl(), ...setup }),
      })
    ).body.id as string
  let codes = 0
  const createByCode = async () => {
    provider.answerWith(() => ({ body: GRANT }))
    const code = `code-${++codes}`
    const setup = world.codeSetup({ token_url: tokenUrl(), revocation_url: undefined, code })
    const { status, body } = await world.create({ name: 'Orders', app_id: 'OAUTH2', setup })
    expect(status).toBe(201)
    return body.id as string
  }
  const fetched = async (id: string) => {
    const { status, body } = await world.fetchCredential(id)
    expect(JSON.stringify(body)).not.toContain(PLANTED)
    return [status, body.errorCode]
  }

  it.each(FAILURES)('renewing: %s', async (_name, answer, outcome) => {
    const id = await createByCode()
    provider.answerWith(() => answer)
    const { body } = await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
    expect(body).toMatchObject({
      rotated: false,
      reason: expect.stringMatching(WHAT_AND_WHAT_NEXT),
      connection: { status: outcome.status, failure: outcome.failure },
    })
    expect(JSON.stringify(body)).not.toContain(PLANTED)
    expect(await fetched(id)).toEqual(outcome.fetch.now)
    world.clock.moveOn(HOUR_MS + 1)
    const expired = await world.fetchCredential(id)
    expect(expired.status).toBe(outcome.fetch.expired)
    if (expired.status === 503) expect(Number(expired.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(JSON.stringify(expired.body)).not.toContain(GRANT.access_token)
    // What was dead stays dead; everything else works again once the provider does and a person asks.
    provider.answerWith(() => ({ body: { ...GRANT, access_token: 'access-token-001' } }))
    world.clock.moveOn(HOUR_MS)
    await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
    const end = outcome.status === 'degraded' ? [200, undefined] : outcome.fetch.now
    expect(await fetched(id)).toEqual(end)
  })

  it.each(FAILURES)('first credential: %s', async (_name, answer, _renewing, outcome) => {
    provider.answerWith(() => answer)
    const id = await createMachine()
    const full = await world.view(id)
    expect(full).toMatchObject({ status: outcome.status, failure: outcome.failure })
    expect(full.failure.message).toMatch(WHAT_AND_WHAT_NEXT)
    expect(full.status_reason).toBe(full.failure.message)
    expect(JSON.stringify(full)).not.toContain(PLANTED)
    expect(await fetched(id)).toEqual(outcome.fetch.now)
    provider.answerWith(() => ({ body: TOKEN }))
    await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
    expect(await fetched(id)).toEqual([200, undefined])
    expect(await world.view(id)).toMatchObject({ status: 'ready', failure: null })
  })

  it.each(FAILURES)('exchanging a code at create: %s', async (_name, answer) => {
    provider.answerWith(() => answer)
    // Other connections are renewed meanwhile, as the clock moves on: only this code's requests count.
    const code = randomUUID()
    const sent = () => provider.requests.filter(({ parameters }) => parameters['code'] === code).length
    const setup = world.codeSetup({ token_url: tokenUrl(), code })
    const { status, body } = await world.create({ name: 'Orders', app_id: 'OAUTH2', setup })
    expect(JSON.stringify(body)).not.toContain(PLANTED)
    expect([201, 400]).toContain(status)
    if (status === 400) {
      expect(body.message).toContain('The provider refused the credentials')
      return
    }
    expect(body.ready).toBe(false)
    // A code whose fate is unknown is never sent again.
    const full = await world.view(body.id)
    if (full.failure.class !== 'unknown') return
    expect(full.next_rotation_at).toBeNull()
    for (const ms of [2 * 60_000, HOUR_MS]) {
      world.clock.moveOn(ms)
      await world.call('POST', `${CONNECTIONS}/${body.id}/rotate`)
    }
    expect(await fetched(body.id)).toEqual([409, 'authorization_pending'])
    expect(sent()).toBe(1)
  })

  it.each([
    ['absent', undefined, 3600, 'assumed'],
    ['null', null, 3600, 'assumed'],
    ['zero', 0, 3600, 'assumed'],
    ['negative', -60, 3600, 'assumed'],
    ['NaN as text', 'NaN', 3600, 'assumed'],
    ['no number', 'soon', 3600, 'assumed'],
    ['an epoch that is past', 1_500_000_000_000, 3600, 'assumed'],
    ['a million million', 1e12, 3600, 'assumed'],
    ['a number as text', '1800', 1800, 'stated'],
    ['short', 300, 300, 'stated'],
    ['a fraction', 1800.7, 1800.7, 'stated'],
    ['a list', [3600], 3600, 'assumed'],
    // Milliseconds in place of seconds look like a long life: the flow's complaint then brings a new token.
    ['milliseconds by mistake', 3_600_000, 3_600_000, 'stated'],
  ])('believes a life that is %s as far as it makes sense', async (_name, expiresIn, seconds, basis) => {
    provider.answerWith(() => ({ body: { ...TOKEN, expires_in: expiresIn } }))
    const id = await createMachine()
    const full = await world.view(id)
    expect(full).toMatchObject({ status: 'ready', expiry_basis: basis })
    // A life that is simply not told is no oddity.
    const isOdd = basis === 'assumed' && (expiresIn ?? undefined) !== undefined
    expect(full.notes.map(({ code }: { code: string }) => code)).toEqual(isOdd ? ['expires_in_unusable'] : [])
    const lifeMs = Date.parse(full.expires_at) - Date.parse(full.created_at)
    expect(Math.abs(lifeMs / 1000 - (seconds as number))).toBeLessThan(2)
    const { body } = await world.fetchCredential(id)
    expect(body.usable_for_seconds).toBeLessThanOrEqual(seconds as number)
  })

  it('keeps the refresh token when the answer leaves it out, and takes the new one when it comes', async () => {
    const id = await createByCode()
    const rotate = () => world.call('POST', `${CONNECTIONS}/${id}/rotate`)
    const sent = () => provider.requests.at(-1)?.parameters['refresh_token']
    provider.answerWith(() => ({ body: { ...TOKEN, access_token: 'access-token-001' } }))
    await rotate()
    provider.answerWith(() => ({ body: { ...GRANT, refresh_token: 'refresh-token-002' } }))
    await rotate()
    expect(sent()).toBe('refresh-token-000')
    await rotate()
    expect(sent()).toBe('refresh-token-002')
    // RFC 6749 §5.1: a silent answer means that the scopes are as they were.
    expect((await world.view(id)).scopes).toMatchObject({ granted: ['read', 'write'], missing: [] })
  })

  it('sees at a renewal that a scope is gone', async () => {
    const id = await createByCode()
    provider.answerWith(() => ({ body: { ...GRANT, scope: 'read' } }))
    await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
    expect(await world.view(id)).toMatchObject({ status: 'degraded', scopes: { missing: ['write'] } })
    expect((await world.events(id)).at(-1)).toMatchObject({ type: 'connection.degraded' })
  })

  it.each([
    ['read offline_access openid profile email', { ...GRANT, scope: 'read' }, []],
    ['read offline_access', { ...GRANT, scope: 'read', refresh_token: undefined }, ['offline_access']],
    ['read email write', { ...GRANT, scope: 'read' }, ['write']],
  ])('compares %j with what an access token can tell of it', async (scope, answer, missing) => {
    provider.answerWith(() => ({ body: answer }))
    const setup = world.codeSetup({
      token_url: tokenUrl(),
      revocation_url: undefined,
      scope,
      code: randomUUID(),
    })
    const { body } = await world.create({ name: 'Orders', app_id: 'OAUTH2', setup })
    const { status, scopes } = await world.view(body.id)
    expect([status, scopes.missing]).toEqual([missing.length === 0 ? 'ready' : 'degraded', missing])
  })

  it('stops asking for a client that was refused, and goes on when its secret is replaced', async () => {
    provider.answerWith(() => named('invalid_client', 401))
    const id = await createMachine({ client_secret: 'wrong-secret' })
    const asked = provider.requests.length
    world.clock.moveOn(4 * 60_000)
    await world.fetchCredential(id)
    expect(provider.requests.length).toBe(asked)
    provider.answerWith(() => ({ body: TOKEN }))
    const setup = world.machineSetup({ token_url: tokenUrl() })
    await world.call('PATCH', `${CONNECTIONS}/${id}`, { setup })
    expect(await fetched(id)).toEqual([200, undefined])
  })

  it('never sends a stored client secret to another host: whoever changes the host enters the secret', async () => {
    provider.answerWith(() => ({ body: TOKEN }))
    const id = await createMachine()
    const { client_secret: _left, ...setup } = world.machineSetup()
    const answer = await world.call('PATCH', `${CONNECTIONS}/${id}`, { setup })
    expect(answer.status).toBe(400)
    expect(answer.body.message).toContain('client_secret')
  })
})
