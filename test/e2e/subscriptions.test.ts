import { createHmac } from 'node:crypto'
import { Webhook } from 'svix'
import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { MovableClock } from '../support/movable-clock.ts'
import { type Caller, type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { until } from '../support/until.ts'
import { type ReceivedWebhook, startWebhookReceiver } from '../support/webhook-receiver.ts'

const BASE = '/api/v2/flows/vault'
const SUBSCRIPTIONS = `${BASE}/subscriptions`
const SOON_MS = 10_000
const HOUR_MS = 3_600_000

let vault: RunningVault
let clock: MovableClock
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
let acme: Caller
let tenants = 0

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  clock = new MovableClock()
  vault = await startRunningVault({ clock, env: { FLOW_VAULT_ALLOW_HOSTS: receiver.host } })
})

afterAll(async () => {
  await vault.stop()
  await receiver.close()
})

beforeEach(() => {
  acme = { tenant: `acme-${++tenants}` }
  receiver.received.length = 0
  receiver.answerBy(() => ({ status: 204 }))
})

async function ask(method: string, path: string, body?: unknown, caller = acme) {
  const response = await vault.request(caller, method, path, body)
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

async function create(name: string, app_id = 'HTTP'): Promise<string> {
  const setup = app_id === 'HTTP' ? { type: 'BEARER', token: 'a-token-0123456789' } : undefined
  return (await ask('POST', `${BASE}/connections`, { name, app_id, setup })).body.id
}

const rename = (id: string, name: string) => ask('PATCH', `${BASE}/connections/${id}`, { name })
const subscribe = async (body: object = {}) =>
  (await ask('POST', SUBSCRIPTIONS, { url: receiver.url, ...body })).body
const received = (count: number) =>
  until(
    async () => receiver.received,
    (all) => all.length >= count,
    SOON_MS,
  )
const deliveries = async (id: string) =>
  (await ask('GET', `${SUBSCRIPTIONS}/${id}/deliveries`)).body.deliveries
const deliveredAs = (id: string, status: string) =>
  until(
    async () => (await deliveries(id))[0],
    (newest) => newest?.status === status,
    SOON_MS,
  )
const feedTypes = async () =>
  (await ask('GET', `${BASE}/events`)).body.events.map(({ type }: { type: string }) => type)

/** The published specification in ten lines: HMAC-SHA256 of id, timestamp and raw body, joined by dots. */
function signatureOf(secret: string, { headers, raw }: ReceivedWebhook): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${raw}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}

describe('a webhook', () => {
  test('gets each event as a CloudEvent, signed as plain crypto and svix verify it', async () => {
    const { id, secret, status } = await subscribe({ name: 'mine' })
    expect([status, secret]).toEqual(['enabled', expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/)])
    const connection = await create('one')
    const [webhook] = await received(1)
    expect(webhook!.headers['content-type']).toBe('application/json')
    expect(webhook!.headers['webhook-signature']).toBe(signatureOf(secret, webhook!))
    expect(() => new Webhook(secret).verify(webhook!.raw, webhook!.headers)).not.toThrow()
    expect(() => new Webhook(secret).verify(`${webhook!.raw} `, webhook!.headers)).toThrow()
    const event = (await ask('GET', `${BASE}/events`)).body.events[0]
    expect(webhook!.body).toMatchObject({
      specversion: '1.0',
      id: event.id,
      type: 'connection.created',
      source: `urn:flow-vault:local:${acme.tenant}`,
      subject: connection,
      timestamp: event.occurred_at,
      data: { connection_id: connection, sequence: 1, message: 'The connection was added.' },
    })
    expect(webhook!.headers['webhook-id']).toBe(event.id)
    expect(await deliveredAs(id, 'delivered')).toMatchObject({
      event_id: event.id,
      tries: 1,
      attempts: [{ status: 204, error_message: null }],
    })
    const shown = JSON.stringify((await ask('GET', `${SUBSCRIPTIONS}/${id}`)).body)
    expect(shown).not.toContain(secret)
  })

  test('gets only what its filter lets through', async () => {
    const wanted = await create('wanted')
    const other = await create('other')
    await subscribe({ types: ['connection.updated'], connection_ids: [wanted] })
    await rename(other, 'x')
    await rename(wanted, 'y')
    await ask('DELETE', `${BASE}/connections/${wanted}`)
    await subscribe({ types: ['connection.deleted'] })
    await ask('DELETE', `${BASE}/connections/${other}`)
    const all = await received(2)
    expect(all.map(({ body }) => [body.type, body.subject])).toEqual([
      ['connection.updated', wanted],
      ['connection.deleted', other],
    ])
  })

  test('is tried again until it answers, later events of the connection after it, others’ not held up', async () => {
    receiver.answerBy(({ body }) => ({ status: body.data.changed?.[0] === 'name' ? 500 : 204 }))
    const failing = await create('one')
    const { id } = await subscribe()
    await rename(failing, 'two')
    await received(1)
    await rename(failing, 'three')
    const calm = await create('calm')
    await until(
      async () => receiver.received.map(({ body }) => body.subject),
      (subjects) => subjects.includes(calm),
      SOON_MS,
    )
    expect(receiver.received.filter(({ body }) => body.subject === failing)).toHaveLength(1)
    receiver.answerBy(() => ({ status: 204 }))
    // The first try again comes after 4 to 6 s.
    await until(
      async () =>
        receiver.received.filter(({ body }) => body.subject === failing).map(({ body }) => body.sequence),
      (sequences) => sequences.length === 3,
      20_000,
    )
    const sequences = receiver.received
      .filter(({ body }) => body.subject === failing)
      .map(({ body }) => body.sequence)
    expect(sequences).toEqual(['2', '2', '3'])
    const ids = receiver.received
      .filter(({ body }) => body.sequence === '2')
      .map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(1)
    expect((await deliveries(id)).find(({ tries }: { tries: number }) => tries === 2).attempts).toMatchObject(
      [
        { status: 500, error_message: 'http_500' },
        { status: 204, error_message: null },
      ],
    )
  }, 40_000)

  test.each([
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'http_302'],
    ['a 429 with a wait', { status: 429, headers: { 'retry-after': '1800' } }, 'http_429'],
  ])('that answers %s has failed, and is not asked again at once', async (_case, answer, error) => {
    receiver.answerBy(() => answer)
    const { id } = await subscribe()
    await create('one')
    const pending = await until(
      async () => (await deliveries(id))[0],
      (newest) => newest?.tries === 1,
      SOON_MS,
    )
    expect(pending).toMatchObject({ status: 'pending', attempts: [{ error_message: error }] })
    const waits = Date.parse(pending.next_attempt_at) - clock.nowMs()
    expect(waits).toBeGreaterThan(answer.status === 429 ? 1_700_000 : 0)
  })

  test('that answers with more than anybody reads is judged by its status', async () => {
    receiver.answerBy(() => ({ status: 200, body: 'x'.repeat(1_000_000) }))
    const { id } = await subscribe()
    await create('one')
    expect((await deliveredAs(id, 'delivered')).attempts).toMatchObject([{ status: 200 }])
  })

  test('that answers 410 ends its subscription, which the feed tells', async () => {
    receiver.answerBy(() => ({ status: 410 }))
    const { id } = await subscribe()
    await create('one')
    await until(feedTypes, (types) => types.includes('subscription.ended'), SOON_MS)
    expect((await ask('GET', `${SUBSCRIPTIONS}/${id}`)).body).toMatchObject({
      status: 'ended',
      reason: 'gone',
    })
    await create('two')
    expect(await feedTypes()).toContain('subscription.ended')
    expect(receiver.received).toHaveLength(1)
  })

  test('is signed with both secrets for a day after a rotation, and with the new one alone when the old has leaked', async () => {
    const { id, secret: first } = await subscribe()
    const rotated = await ask('POST', `${SUBSCRIPTIONS}/${id}/rotate-secret`)
    await create('one')
    const [webhook] = await received(1)
    const { secret: second } = rotated.body
    expect(webhook!.headers['webhook-signature']!.split(' ')).toEqual([
      signatureOf(second, webhook!),
      signatureOf(first, webhook!),
    ])
    for (const secret of [first, second]) new Webhook(secret).verify(webhook!.raw, webhook!.headers)
    const { secret: third } = (
      await ask('POST', `${SUBSCRIPTIONS}/${id}/rotate-secret`, { expire_previous: 'now' })
    ).body
    await create('two')
    const next = (await received(2))[1]!
    expect(next.headers['webhook-signature']).toBe(signatureOf(third, next))
  })

  test('is tested by an event of its own that the feed does not hold', async () => {
    const { id } = await subscribe({ types: ['connection.deleted'] })
    const { status, body } = await ask('POST', `${SUBSCRIPTIONS}/${id}/test`)
    expect(status).toBe(202)
    const [webhook] = await received(1)
    expect(webhook!.body).toMatchObject({ id: body.event_id, type: 'subscription.test', purpose: 'test' })
    expect(await feedTypes()).toEqual([])
  })

  test('gets past events again by a replay', async () => {
    await create('one')
    await until(feedTypes, (types) => types.length === 1, SOON_MS)
    const { id } = await subscribe()
    const { after } = (await ask('GET', `${BASE}/events?limit=1&order=desc`)).body
    await create('two')
    await received(1)
    receiver.received.length = 0
    const replayed = await ask('POST', `${SUBSCRIPTIONS}/${id}/replay?after=${after}`)
    expect(replayed.status).toBe(202)
    expect(replayed.body.queued).toBe(1)
    expect((await received(1))[0]!.body.type).toBe('connection.created')
  })

  test('no longer gets anything once its subscription is deleted, whose secret goes with it', async () => {
    const { id } = await subscribe()
    expect((await ask('DELETE', `${SUBSCRIPTIONS}/${id}`)).status).toBe(204)
    await create('one')
    await until(feedTypes, (types) => types.length === 1, SOON_MS)
    expect(receiver.received).toEqual([])
    expect((await ask('GET', `${SUBSCRIPTIONS}/${id}`)).status).toBe(404)
    expect((await ask('GET', SUBSCRIPTIONS)).body).toEqual([])
  })
})

describe('a subscription that cannot be', () => {
  test.each([
    [{ url: 'http://hooks.example.com/x' }, 'url', 'https'],
    [{ url: 'https://10.0.0.1/x' }, 'url', 'public internet'],
    [{ url: 'https://hooks.example.com:8443/x' }, 'url', 'port 443'],
    [{}, 'url', 'url or target_connection_id'],
    [
      { url: 'https://a.example.com', target_connection_id: 'ac_1' },
      'target_connection_id',
      'one of the two',
    ],
    [{ url: 'https://a.example.com', types: ['connection.exploded'] }, 'types', 'connection.created'],
    [{ url: 'https://a.example.com', types: [] }, 'types', ''],
    [{ url: 'https://a.example.com', app_ids: ['NOPE'] }, 'app_ids', 'SLACK'],
    [{ target_connection_id: 'ac_00000000UnknownUnknown' }, 'target_connection_id', 'Slack'],
    [{ url: 'https://a.example.com', secret: 'mine' }, 'secret', 'url'],
  ])('%j is refused, and nothing is made', async (body, field, allowed) => {
    const { status, body: answer } = await ask('POST', SUBSCRIPTIONS, body)
    expect(status).toBe(400)
    expect(answer.message).toContain(field)
    expect(answer.message).toContain(allowed)
    expect((await ask('GET', SUBSCRIPTIONS)).body).toEqual([])
  })

  test('a connection that is no webhook is not a target', async () => {
    const target_connection_id = await create('one')
    const { status, body } = await ask('POST', SUBSCRIPTIONS, { target_connection_id })
    expect(status).toBe(400)
    expect(body.message).toContain('webhook URL')
  })
})

describe('a connection of the vault as target', () => {
  test('posts a sentence with the connection’s name and a link, and its URL is in no answer', async () => {
    const url = `https://hooks.slack.com/services/T000/B000/canary`
    const setup = { type: 'WEBHOOK', url }
    const slack = (await ask('POST', `${BASE}/connections`, { name: '#ops', app_id: 'SLACK', setup })).body.id
    const { id, secret } = (await ask('POST', SUBSCRIPTIONS, { target_connection_id: slack })).body
    expect(secret).toBeNull()
    await create('Salesforce prod')
    // hooks.slack.com is not reached from a test: what is told is that it was tried, and no part of the address.
    const tried = await until(
      async () => (await deliveries(id))[0],
      (newest) => newest?.tries === 1,
      SOON_MS,
    )
    expect(tried.status).toBe('pending')
    expect(JSON.stringify(tried)).not.toContain('canary')
  })
})

// Last, because it moves the calendar on.
describe('a webhook that is dead', () => {
  test('is paused when it has failed for a day, never removed, and catches up when it is resumed', async () => {
    const { id } = await subscribe()
    const { after } = (await ask('GET', `${BASE}/events?after=latest`)).body
    receiver.answerBy(() => ({ status: 500 }))
    await create('one')
    await until(
      async () => (await deliveries(id))[0],
      (newest) => newest?.tries === 1,
      SOON_MS,
    )
    clock.moveOn(25 * HOUR_MS)
    acme = { ...acme, scopes: ALL_SCOPES }
    await until(feedTypes, (types) => types.includes('subscription.paused'), 20_000)
    expect(await feedTypes()).toEqual([
      'connection.created',
      'subscription.delivery_failed',
      'subscription.paused',
    ])
    expect((await ask('GET', `${SUBSCRIPTIONS}/${id}`)).body).toMatchObject({
      status: 'paused',
      reason: 'failing',
    })
    receiver.answerBy(() => ({ status: 204 }))
    receiver.received.length = 0
    const resumed = await ask('PATCH', `${SUBSCRIPTIONS}/${id}`, { status: 'enabled', replay_after: after })
    expect(resumed.body).toMatchObject({ status: 'enabled', reason: null })
    expect((await received(1))[0]!.body.type).toBe('connection.created')
  }, 40_000)
})
