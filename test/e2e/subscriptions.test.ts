import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { newTenant, targetOf } from '../support/api-target.ts'
import { type FeedCalls, feedCalls } from '../support/feed-calls.ts'
import { MovableClock } from '../support/movable-clock.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { until } from '../support/until.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { subscriptionsSuite } from './subscriptions-suite.ts'

const SOON_MS = 10_000
const HOUR_MS = 3_600_000

let vault: RunningVault
let clock: MovableClock
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
let acme: FeedCalls

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
  acme = feedCalls(targetOf(vault), newTenant(), SOON_MS)
  receiver.received.length = 0
  receiver.answerBy(() => ({ status: 204 }))
})

const subscribe = async (body: object = {}) =>
  (await acme.ask('POST', '/subscriptions', { url: receiver.url, ...body })).body
const received = (count: number) =>
  until(
    async () => receiver.received,
    (all) => all.length >= count,
    SOON_MS,
  )

subscriptionsSuite(() => ({ ...targetOf(vault), soonMs: SOON_MS, receiver }))

describe('a webhook that does not do its part', () => {
  test.each([
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'http_302'],
    ['a 429 with a wait', { status: 429, headers: { 'retry-after': '1800' } }, 'http_429'],
    ['a wait of hours', { status: 429, headers: { 'retry-after': '18000' } }, 'http_429'],
    ['a wait beyond the day', { status: 429, headers: { 'retry-after': '999999' } }, 'http_429'],
  ])('that answers %s has failed, and is not asked again at once', async (_case, answer, error) => {
    receiver.answerBy(() => answer)
    const { id } = await subscribe()
    await acme.create('one')
    const pending = await acme.newestDelivery(id, (newest) => newest?.tries === 1)
    expect(pending).toMatchObject({ status: 'pending', attempts: [{ error_message: error }] })
    const waits = Date.parse(pending.next_attempt_at) - clock.nowMs()
    const asked = Number(answer.headers['retry-after' as never] ?? 0) * 1000
    expect(waits).toBeGreaterThan(Math.min(asked, 24 * HOUR_MS) - 100_000)
    expect(waits).toBeLessThanOrEqual(24 * HOUR_MS)
  })

  test('that answers with more than anybody reads is judged by its status', async () => {
    receiver.answerBy(() => ({ status: 200, body: 'x'.repeat(1_000_000) }))
    const { id } = await subscribe()
    await acme.create('one')
    expect(
      (await acme.newestDelivery(id, (newest) => newest?.status === 'delivered')).attempts,
    ).toMatchObject([{ status: 200 }])
  })
})

describe('a subscription that cannot be', () => {
  test.each([
    [{ url: 'http://hooks.example.com/x' }, 'url', 'https'],
    [{ url: 'https://10.0.0.1/x' }, 'url', 'public internet'],
    [{ url: 'https://hooks.example.com\n.evil/x' }, 'url', 'invisible characters'],
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
    [{ url: 'https://a.example.com', connection_ids: ['ac_nope'] }, 'connection_ids', 'ac_nope'],
    [{ target_connection_id: 'ac_00000000UnknownUnknown' }, 'target_connection_id', 'Slack'],
    [{ url: 'https://a.example.com', secret: 'mine' }, 'secret', 'url'],
  ])('%j is refused, and nothing is made', async (body, field, allowed) => {
    const { status, body: answer } = await acme.ask('POST', '/subscriptions', body)
    expect(status).toBe(400)
    expect(answer.message).toContain(field)
    expect(answer.message).toContain(allowed)
    expect((await acme.ask('GET', '/subscriptions')).body).toEqual([])
  })

  test('a connection that is no webhook is not a target', async () => {
    const target_connection_id = await acme.create('one')
    const { status, body } = await acme.ask('POST', '/subscriptions', { target_connection_id })
    expect(status).toBe(400)
    expect(body.message).toContain('webhook URL')
  })
})

describe('a change of a subscription', () => {
  const create = async (body: object) =>
    (await acme.ask('POST', '/subscriptions', { url: 'https://a.example.com', ...body })).body

  test('leaves what it does not name, and takes away what it names as null', async () => {
    const one = await acme.create('one')
    const types = ['connection.updated', 'connection.updated']
    const { id, ...made } = await create({ name: 'ops', types, app_ids: ['HTTP'], connection_ids: [one] })
    expect(made).toMatchObject({ types: ['connection.updated'], connection_ids: [one] })
    const change = async (body: object) => (await acme.ask('PATCH', `/subscriptions/${id}`, body)).body
    expect(await change({ types: ['connection.deleted'] })).toMatchObject({
      name: 'ops',
      types: ['connection.deleted'],
      app_ids: ['HTTP'],
      connection_ids: [one],
    })
    expect(await change({ name: null, types: null, connection_ids: null })).toMatchObject({
      name: null,
      types: null,
      app_ids: ['HTTP'],
      connection_ids: null,
    })
  })

  test.each([
    [{ replay_after: 'nonsense' }, 400, 'replay_after'],
    [{ replay_after: '2001-01-01T00:00:00Z' }, 410, '30 days'],
    [{ status: 'paused', replay_after: 'latest' }, 409, 'not enabled'],
    [{ connection_ids: ['ac_nope'] }, 400, 'ac_nope'],
  ])('of %j is refused, and nothing of it is changed', async (body, status, words) => {
    const { secret, ...before } = await create({ name: 'ops' })
    const answer = await acme.ask('PATCH', `/subscriptions/${before.id}`, { name: 'changed', ...body })
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(words)])
    expect((await acme.ask('GET', `/subscriptions/${before.id}`)).body).toEqual(before)
  })

  test('that resumes it sends what happened since an instant', async () => {
    const { id } = await subscribe({ types: ['connection.created'] })
    await acme.ask('PATCH', `/subscriptions/${id}`, { status: 'paused' })
    const since = new Date(clock.nowMs()).toISOString()
    const missed = await acme.create('missed')
    await acme.feedOf(2)
    const { body } = await acme.ask('PATCH', `/subscriptions/${id}`, {
      status: 'enabled',
      replay_after: since,
    })
    expect(body).toMatchObject({ status: 'enabled', replayed: { queued: 1, more: false } })
    expect((await received(1))[0]!.body.subject).toBe(missed)
  })
})

// Last, because it moves the calendar on.
describe('a webhook that is dead', () => {
  test('is paused when it has failed for a day, never removed, and catches up when it is resumed', async () => {
    const { id } = await subscribe()
    const { after } = (await acme.ask('GET', '/events?after=latest')).body
    receiver.answerBy(() => ({ status: 500 }))
    await acme.create('one')
    await acme.newestDelivery(id, (newest) => newest?.tries === 1)
    clock.moveOn(25 * HOUR_MS)
    // The token has expired.
    const token = (tenant: string) => vault.token({ tenant, scopes: ALL_SCOPES })
    acme = feedCalls({ ...targetOf(vault), token }, acme.tenant, SOON_MS)
    await until(acme.types, (types) => types.includes('subscription.paused'), 20_000)
    expect(await acme.types()).toEqual([
      'connection.created',
      'subscription.delivery_failed',
      'subscription.paused',
    ])
    expect((await acme.ask('GET', `/subscriptions/${id}`)).body).toMatchObject({
      status: 'paused',
      reason: 'failing',
    })
    receiver.answerBy(() => ({ status: 204 }))
    receiver.received.length = 0
    const resumed = await acme.ask('PATCH', `/subscriptions/${id}`, {
      status: 'enabled',
      replay_after: after,
    })
    expect(resumed.body).toMatchObject({ status: 'enabled', reason: null })
    expect((await received(1))[0]!.body.type).toBe('connection.created')
  }, 40_000)
})
