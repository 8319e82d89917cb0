import { createHmac } from 'node:crypto'
import { Webhook } from 'svix'
import { newTenant } from '../support/api-target.ts'
import { type FeedCalls, feedCalls } from '../support/feed-calls.ts'
import { until } from '../support/until.ts'
import type { ReceivedWebhook, startWebhookReceiver } from '../support/webhook-receiver.ts'
import type { FeedPlace } from './feed-suite.ts'

/** A vault that may call the receiver beside it. */
export interface SubscriptionsPlace extends FeedPlace {
  readonly receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
}

/** The published specification in ten lines: HMAC-SHA256 of id, timestamp and raw body, joined by dots. */
function signatureOf(secret: string, { headers, raw }: ReceivedWebhook): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${raw}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}

/** Webhooks of any running vault, against a receiver that answers as each test says. Each test is a tenant of its own. */
export function subscriptionsSuite(place: () => SubscriptionsPlace): void {
  let acme: FeedCalls
  beforeEach(() => {
    acme = feedCalls(place(), newTenant(), place().soonMs)
    place().receiver.received.length = 0
    place().receiver.answerBy(() => ({ status: 204 }))
  })

  const subscribe = async (body: object = {}) =>
    (await acme.ask('POST', '/subscriptions', { url: place().receiver.url, ...body })).body
  /** What has come for this tenant: what others left behind may still be tried. */
  const mine = () => place().receiver.received.filter(({ body }) => body.source.endsWith(`:${acme.tenant}`))
  const received = (count: number) =>
    until(
      async () => mine(),
      (all) => all.length >= count,
      place().soonMs,
    )

  describe('a webhook', () => {
    test('gets each event as a CloudEvent, signed as plain crypto and svix verify it', async () => {
      const { id, secret, status } = await subscribe({ name: 'mine' })
      expect([status, secret]).toEqual(['enabled', expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/)])
      const connection = await acme.create('one')
      const [webhook] = await received(1)
      expect(webhook!.headers['content-type']).toBe('application/json')
      expect(webhook!.headers['webhook-signature']).toBe(signatureOf(secret, webhook!))
      expect(() => new Webhook(secret).verify(webhook!.raw, webhook!.headers)).not.toThrow()
      expect(() => new Webhook(secret).verify(`${webhook!.raw} `, webhook!.headers)).toThrow()
      const event = (await acme.feedOf(1)).events[0]
      expect(webhook!.body).toMatchObject({
        specversion: '1.0',
        id: event.id,
        type: 'connection.created',
        source: expect.stringMatching(new RegExp(`^urn:flow-vault:[a-z-]+:${acme.tenant}$`)),
        subject: connection,
        timestamp: event.occurred_at,
        data: { connection_id: connection, sequence: 1, message: 'The connection was added.' },
      })
      expect(webhook!.headers['webhook-id']).toBe(event.id)
      expect(await acme.newestDelivery(id, (newest) => newest?.status === 'delivered')).toMatchObject({
        event_id: event.id,
        tries: 1,
        attempts: [{ status: 204, error_message: null }],
      })
      const shown = JSON.stringify((await acme.ask('GET', `/subscriptions/${id}`)).body)
      expect(shown).not.toContain(secret)
    })

    test('gets only what its filter lets through', async () => {
      const wanted = await acme.create('wanted')
      const other = await acme.create('other')
      await subscribe({ types: ['connection.updated'], connection_ids: [wanted] })
      await acme.rename(other, 'x')
      await acme.rename(wanted, 'y')
      await received(1)
      await acme.ask('DELETE', `/connections/${wanted}`)
      await subscribe({ types: ['connection.deleted'], connection_ids: [other] })
      await acme.ask('DELETE', `/connections/${other}`)
      const all = await received(2)
      expect(all.map(({ body }) => [body.type, body.subject])).toEqual([
        ['connection.updated', wanted],
        ['connection.deleted', other],
      ])
    })

    test('is tried again until it answers, later events of the connection after it, others’ not held up', async () => {
      const { receiver, soonMs } = place()
      receiver.answerBy(({ body }) => ({ status: body.data.changed?.[0] === 'name' ? 500 : 204 }))
      const failing = await acme.create('one')
      const { id } = await subscribe()
      await acme.rename(failing, 'two')
      await received(1)
      await acme.rename(failing, 'three')
      const calm = await acme.create('calm')
      await until(
        async () => mine().map(({ body }) => body.subject),
        (all) => all.includes(calm),
        soonMs,
      )
      expect(mine().filter(({ body }) => body.subject === failing && body.sequence === '3')).toEqual([])
      receiver.answerBy(() => ({ status: 204 }))
      const sequences = () =>
        mine()
          .filter(({ body }) => body.subject === failing)
          .map(({ body }) => body.sequence)
      // The first try again comes after 4 to 6 s, when the receiver works again.
      await until(
        async () => sequences(),
        (all) => all.includes('3'),
        20_000 + soonMs,
      )
      expect(sequences().at(-1)).toBe('3')
      expect(sequences().slice(0, -1)).toEqual(expect.arrayContaining(['2', '2']))
      const ids = mine()
        .filter(({ body }) => body.sequence === '2')
        .map(({ headers }) => headers['webhook-id'])
      expect(new Set(ids).size).toBe(1)
      const tried = (await acme.deliveries(id)).find(({ tries }) => tries >= 2)
      expect(tried.attempts[0]).toMatchObject({ status: 500, error_message: 'http_500' })
      expect(tried.attempts.at(-1)).toMatchObject({ status: 204, error_message: null })
    }, 90_000)

    test('that answers 410 ends its subscription, which the feed tells', async () => {
      place().receiver.answerBy(() => ({ status: 410 }))
      const { id } = await subscribe()
      await acme.create('one')
      await until(acme.types, (types) => types.includes('subscription.ended'), place().soonMs)
      expect((await acme.ask('GET', `/subscriptions/${id}`)).body).toMatchObject({
        status: 'ended',
        reason: 'gone',
      })
      await acme.create('two')
      expect(await acme.types()).toContain('subscription.ended')
      expect(mine()).toHaveLength(1)
    })

    test('is signed with both secrets for a day after a rotation, and with the new one alone when the old has leaked', async () => {
      const { id, secret: first } = await subscribe()
      const rotated = await acme.ask('POST', `/subscriptions/${id}/rotate-secret`)
      await acme.create('one')
      const [webhook] = await received(1)
      const { secret: second } = rotated.body
      expect(webhook!.headers['webhook-signature']!.split(' ')).toEqual([
        signatureOf(second, webhook!),
        signatureOf(first, webhook!),
      ])
      for (const secret of [first, second]) new Webhook(secret).verify(webhook!.raw, webhook!.headers)
      const { secret: third } = (
        await acme.ask('POST', `/subscriptions/${id}/rotate-secret`, { expire_previous: 'now' })
      ).body
      await acme.create('two')
      const next = (await received(2))[1]!
      expect(next.headers['webhook-signature']).toBe(signatureOf(third, next))
    })

    test('is tested by an event of its own that the feed does not hold', async () => {
      const { id } = await subscribe({ types: ['connection.deleted'] })
      const { status, body } = await acme.ask('POST', `/subscriptions/${id}/test`)
      expect(status).toBe(202)
      const [webhook] = await received(1)
      expect(webhook!.body).toMatchObject({ id: body.event_id, type: 'subscription.test', purpose: 'test' })
      expect(await acme.types()).toEqual([])
    })

    test('gets past events again by a replay', async () => {
      await acme.create('one')
      await acme.feedOf(1)
      const { id } = await subscribe()
      const { after } = (await acme.ask('GET', '/events?limit=1&order=desc')).body
      await acme.create('two')
      await received(1)
      await acme.newestDelivery(id, (newest) => newest?.status === 'delivered')
      place().receiver.received.length = 0
      const replayed = await acme.ask('POST', `/subscriptions/${id}/replay?after=${after}`)
      expect(replayed.status).toBe(202)
      expect(replayed.body.queued).toBe(1)
      expect((await received(1))[0]!.body.type).toBe('connection.created')
    })

    test('no longer gets anything once its subscription is deleted, whose secret goes with it', async () => {
      const { id } = await subscribe()
      expect((await acme.ask('DELETE', `/subscriptions/${id}`)).status).toBe(204)
      await acme.create('one')
      await acme.feedOf(1)
      expect(mine()).toEqual([])
      expect((await acme.ask('GET', `/subscriptions/${id}`)).status).toBe(404)
      expect((await acme.ask('GET', '/subscriptions')).body).toEqual([])
    })
  })

  describe('a connection of the vault as target', () => {
    test('is sent to by what may open it, and its URL is in no answer', async () => {
      const setup = { type: 'WEBHOOK', url: 'https://hooks.slack.com/services/T000/B000/canary' }
      const made = await acme.ask('POST', '/connections', { name: '#ops', app_id: 'SLACK', setup })
      const { id, secret } = (
        await acme.ask('POST', '/subscriptions', { target_connection_id: made.body.id })
      ).body
      expect(secret).toBeNull()
      await acme.create('Salesforce prod')
      // hooks.slack.com is not reached from a test: what is told is that it was tried, and no part of the address.
      const tried = await acme.newestDelivery(id, (newest) => newest?.tries >= 1)
      expect(tried.status).toBe('pending')
      expect(JSON.stringify(tried)).not.toContain('canary')
    })
  })
}
