import { type ApiTarget, call } from './api-target.ts'
import { until } from './until.ts'

/** Calls of one tenant about its changes and who is told of them, and what waits for their effects. */
export interface FeedCalls {
  readonly tenant: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>
  /** As another tenant. */
  as(tenant: string): FeedCalls
  /** Makes a connection with a static setup, and answers its id. */
  create(name: string): Promise<string>
  rename(id: string, name: string): Promise<unknown>
  /** The feed once it holds so many events. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  feedOf(count: number, query?: string): Promise<any>
  types(): Promise<string[]>
  /** The ids of all events that a query of the feed leads to, from page to page. */
  ids(query: string): Promise<string[]>
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  deliveries(subscription: string): Promise<any[]>
  /** The newest delivery once it is so. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  newestDelivery(subscription: string, isThere: (newest: any) => boolean): Promise<any>
}

/** Calls to a vault, however it runs; `soonMs` is how long what a change sets off may take there. */
export function feedCalls(target: Omit<ApiTarget, 'close'>, tenant: string, soonMs: number): FeedCalls {
  let token: Promise<string> | undefined
  const ask: FeedCalls['ask'] = async (method, path, body) => {
    token ??= target.token(tenant)
    return call(target, await token, { method, path, body })
  }
  const deliveries: FeedCalls['deliveries'] = async (id) =>
    (await ask('GET', `/subscriptions/${id}/deliveries`)).body.deliveries
  return {
    tenant,
    ask,
    as: (other) => feedCalls(target, other, soonMs),
    async create(name) {
      const setup = { type: 'BEARER', token: 'a-token-0123456789' }
      return (await ask('POST', '/connections', { name, app_id: 'HTTP', setup })).body.id
    },
    rename: (id, name) => ask('PATCH', `/connections/${id}`, { name }),
    feedOf: (count, query = '') =>
      until(
        async () => (await ask('GET', `/events${query}`)).body,
        ({ events }) => events.length >= count,
        soonMs,
      ),
    async types() {
      const { events } = (await ask('GET', '/events')).body
      return events.map(({ type }: { type: string }) => type)
    },
    async ids(query) {
      const ids: string[] = []
      let after = ''
      for (let more = true; more; ) {
        const { body } = await ask('GET', `/events?${query}${after}`)
        ids.push(...body.events.map(({ id }: { id: string }) => id))
        more = body.more
        after = `&after=${body.after}`
      }
      return ids
    },
    deliveries,
    newestDelivery: (id, isThere) => until(async () => (await deliveries(id))[0], isThere, soonMs),
  }
}
