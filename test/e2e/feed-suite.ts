import { type ApiTarget, newTenant } from '../support/api-target.ts'
import { type FeedCalls, feedCalls } from '../support/feed-calls.ts'

/** A vault, and how long what a change sets off may take there. */
export interface FeedPlace extends Omit<ApiTarget, 'close'> {
  readonly soonMs: number
}

/** The feed of any running vault. Each test is a tenant of its own. */
export function feedSuite(place: () => FeedPlace): void {
  let acme: FeedCalls
  beforeEach(() => {
    acme = feedCalls(place(), newTenant(), place().soonMs)
  })

  describe('GET /api/v2/flows/vault/events', () => {
    test('tells every change in order, with a sentence and a cursor to go on from', async () => {
      const id = await acme.create('one')
      await acme.rename(id, 'two')
      const first = await acme.feedOf(2)
      expect(first.events).toEqual([
        expect.objectContaining({
          type: 'connection.created',
          connection_id: id,
          app_id: 'HTTP',
          sequence: 1,
          message: 'The connection was added.',
        }),
        expect.objectContaining({ type: 'connection.updated', sequence: 2, message: 'Changed: name.' }),
      ])
      expect(first).toMatchObject({ more: false, poll_after: 5 })
      await acme.rename(id, 'three')
      const next = await acme.feedOf(1, `?after=${first.after}`)
      expect(next.events.map((event: { sequence: number }) => event.sequence)).toEqual([3])
      expect((await acme.ask('GET', `/events?after=${next.after}`)).body.events).toEqual([])
    })

    test('comes in pages either way', async () => {
      for (const name of ['1', '2', '3', '4', '5']) await acme.create(name)
      const all = (await acme.feedOf(5)).events.map(({ id }: { id: string }) => id)
      expect(await acme.ids('limit=2&order=asc')).toEqual(all)
      expect(await acme.ids('limit=2&order=desc')).toEqual(all.toReversed())
    })

    test('begins at an instant, either way', async () => {
      const now = async () => (await acme.feedOf(1, '?order=desc&limit=1')).events[0].occurred_at
      const first = await acme.create('one')
      const atFirst = await now()
      const ids = async (query: string) =>
        (await acme.ask('GET', `/events?${query}`)).body.events.map(
          (event: { connection_id: string }) => event.connection_id,
        )
      expect(await ids(`after=${atFirst}`)).toEqual([first])
      expect(await ids(`after=${atFirst}&order=desc`)).toEqual([])
      expect(await ids('after=2099-01-01T00:00:00Z')).toEqual([])
      expect(await ids('after=latest&order=desc')).toEqual([first])
      const old = await acme.ask('GET', '/events?after=2001-01-01T00:00:00Z')
      expect([old.status, old.body.errorCode]).toEqual([410, 'events_expired'])
    })

    test('is narrowed newest first, and goes on where a page looked no further', async () => {
      const [one, two] = [await acme.create('one'), await acme.create('two')]
      await acme.rename(one, 'three')
      const { events } = await acme.feedOf(3)
      const kinds = async (query: string) =>
        (await acme.ask('GET', `/events?order=desc&${query}`)).body.events.map(
          ({ type, connection_id: id }: { type: string; connection_id: string }) => [type, id],
        )
      expect(await kinds('type=connection.created')).toEqual([
        ['connection.created', two],
        ['connection.created', one],
      ])
      expect(await kinds(`type=connection.created&connection_id=${one}`)).toEqual([
        ['connection.created', one],
      ])
      expect(await kinds(`actor=${events[0].actor.id}&limit=1`)).toEqual([['connection.updated', one]])
      expect(await kinds('actor=nobody')).toEqual([])
      const first = (await acme.ask('GET', `/events?order=desc&limit=1&type=connection.created`)).body
      expect(first).toMatchObject({ events: [{ connection_id: two }], more: true })
      const rest = (await acme.ask('GET', `/events?order=desc&type=connection.created&after=${first.after}`))
        .body
      expect(rest).toMatchObject({ events: [{ connection_id: one }], more: false })
      const followed = await acme.ask('GET', '/events?type=connection.created')
      expect([followed.status, followed.body.message]).toEqual([400, expect.stringContaining('order=desc')])
    })

    test('refuses a cursor of another tenant like one there never was', async () => {
      await acme.create('one')
      const { after } = await acme.feedOf(1)
      const other = acme.as(newTenant())
      const theirs = await other.ask('GET', `/events?after=${after}`)
      const never = await other.ask('GET', '/events?after=nonsense')
      expect([theirs.status, theirs.body]).toEqual([400, never.body])
    })
  })

  describe('GET /api/v2/flows/vault/connections/{id}/events', () => {
    test('pages from the newest back', async () => {
      const id = await acme.create('one')
      for (const name of ['two', 'three', 'four']) await acme.rename(id, name)
      const sequences = async (query: string) =>
        (await acme.ask('GET', `/connections/${id}/events?${query}`)).body.map(
          ({ sequence }: { sequence: number }) => sequence,
        )
      expect(await sequences('order=desc&per_page=3')).toEqual([4, 3, 2])
      expect(await sequences('order=desc&before=2')).toEqual([1])
      expect(await sequences('order=desc&before=1')).toEqual([])
      expect(await sequences('after=2')).toEqual([3, 4])
      const wrong = await acme.ask('GET', `/connections/${id}/events?before=2`)
      expect(wrong.status).toBe(400)
      expect(wrong.body.message).toContain('after with order=asc')
    })
  })
}
