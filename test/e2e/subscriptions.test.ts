import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { targetOf } from '../support/api-target.ts'
import { MovableClock } from '../support/movable-clock.ts'
import { type Caller, type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { until } from '../support/until.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { subscriptionsSuite } from './subscriptions-suite.ts'

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

subscriptionsSuite(() => ({ ...targetOf(vault), soonMs: SOON_MS, receiver }))

describe('a webhook that does not do its part', () => {
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
