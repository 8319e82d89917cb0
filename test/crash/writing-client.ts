import { SeededRandom } from '../support/seeded-random.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
/** The most `list-connections` answers in a page. */
const PER_PAGE = 100

/** What a connection is, as far as its client was told; `key` is undefined while it is empty. */
interface Known {
  readonly id: string
  readonly name: string
  readonly key: string | undefined
  readonly state: 'live' | 'deleted' | 'purged'
}

/** A request that was under way when the server died: both states it may have left are right. */
type Doubt =
  | {
      readonly kind: 'create'
      readonly name: string
      readonly key: string | undefined
      readonly repeatKey?: string
    }
  | { readonly kind: 'change'; readonly before: Known; readonly after: Known }

interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  readonly body: any
}

/** A client that writes without a pause, remembers what it was answered, and holds the server to it. */
export class WritingClient {
  readonly problems: string[] = []
  acknowledged = 0
  doubted = 0
  readonly #url: string
  readonly #token: string
  readonly #label: string
  readonly #random: SeededRandom
  readonly #known = new Map<string, Known>()
  #doubt: Doubt | undefined
  #serial = 0

  constructor(options: { url: string; token: string; label: string; seed: number }) {
    this.#url = options.url
    this.#token = options.token
    this.#label = options.label
    this.#random = new SeededRandom(options.seed)
  }

  /** Writes until a request gets no answer. */
  async writeUntilKilled(): Promise<void> {
    for (;;) {
      const doubt = this.#choose()
      const answer = await this.#ask(doubt)
      if (answer === undefined) {
        this.#doubt = doubt
        this.doubted++
        return
      }
      this.#learn(doubt, answer)
    }
  }

  /** Looks at what is there after a restart: the whole list, what was in doubt, and `some` more at random. */
  async verify(some: number): Promise<void> {
    const listed = await this.#list()
    await this.#settleDoubt(listed)
    const live = [...this.#known.values()].filter(({ state }) => state === 'live')
    for (const { id, name } of live) {
      if (listed.get(id) !== name) this.#problem(`${name} is listed as ${listed.get(id)}`)
      listed.delete(id)
    }
    for (const [id, name] of listed) this.#problem(`${id} (${name}) is there, and nobody was told so`)
    for (let n = 0; n < Math.min(some, live.length); n++) {
      const known = some >= live.length ? live[n]! : live[this.#random.below(live.length)]!
      const served = await this.#served(known.id)
      if (served !== known.key) this.#problem(`${known.name} serves ${served} and not ${known.key}`)
    }
  }

  #choose(): Doubt {
    const known = [...this.#known.values()].filter(({ state }) => state !== 'purged')
    const one = known[this.#random.below(Math.max(1, known.length))]
    const key = `SG.${this.#label}-${++this.#serial}`
    const name = `${this.#label}-${this.#serial}`
    const dice = this.#random.below(100)
    if (one === undefined || dice < 25) {
      const repeatKey = dice % 2 === 0 ? { repeatKey: `repeat-${name}` } : {}
      return { kind: 'create', name, key: dice < 6 ? undefined : key, ...repeatKey }
    }
    if (one.state === 'deleted') {
      return { kind: 'change', before: one, after: { ...one, state: dice < 75 ? 'live' : 'purged' } }
    }
    if (dice < 45) return { kind: 'change', before: one, after: { ...one, name } }
    if (dice < 80) return { kind: 'change', before: one, after: { ...one, key } }
    return { kind: 'change', before: one, after: { ...one, state: dice < 95 ? 'deleted' : 'purged' } }
  }

  #ask(doubt: Doubt): Promise<Answer | undefined> {
    if (doubt.kind === 'create') {
      const body = {
        name: doubt.name,
        app_id: 'SENDGRID',
        ...(doubt.key === undefined ? {} : setupOf(doubt.key)),
      }
      const headers: Record<string, string> =
        doubt.repeatKey === undefined ? {} : { 'idempotency-key': doubt.repeatKey }
      return this.#send('POST', CONNECTIONS, body, headers)
    }
    const { before, after } = doubt
    const path = `${CONNECTIONS}/${before.id}`
    if (after.state === 'purged') return this.#send('DELETE', `${path}?purge=true`)
    if (after.state === 'deleted') return this.#send('DELETE', path)
    if (before.state === 'deleted') return this.#send('POST', `${path}/restore`)
    return this.#send('PATCH', path, after.name === before.name ? setupOf(after.key!) : { name: after.name })
  }

  #learn(doubt: Doubt, { status, body }: Answer): void {
    this.acknowledged++
    if (status >= 200 && status < 300) {
      if (doubt.kind === 'change') this.#known.set(doubt.after.id, doubt.after)
      else this.#known.set(body.id, { id: body.id, name: doubt.name, key: doubt.key, state: 'live' })
      return
    }
    // A deletion that the last server left unfinished is finished within a minute, and says so until then.
    const isUnfinished = status === 409 && doubt.kind === 'change' && doubt.before.state === 'deleted'
    if (!isUnfinished) this.#problem(`${JSON.stringify(doubt)} answered ${status}: ${body?.message}`)
  }

  async #settleDoubt(listed: ReadonlyMap<string, string>): Promise<void> {
    const doubt = this.#doubt
    this.#doubt = undefined
    if (doubt === undefined) return
    if (doubt.kind === 'create') return this.#settleCreate(doubt, listed)
    const { before, after } = doubt
    const name = listed.get(before.id)
    const isLive = name !== undefined
    const key = isLive ? await this.#served(before.id) : undefined
    // From outside, what was deleted and what was purged look alike: then it is left alone as if purged.
    for (const possible of [after, before]) {
      const fits = isLive
        ? possible.state === 'live' && possible.name === name && possible.key === key
        : possible.state !== 'live'
      if (fits) {
        this.#known.set(before.id, possible)
        return
      }
    }
    this.#problem(`${JSON.stringify(doubt)} left ${name} serving ${key}`)
  }

  /** A create is there wholly or not at all; sent again by its Idempotency-Key, it finds what is there. */
  async #settleCreate(
    doubt: Extract<Doubt, { kind: 'create' }>,
    listed: ReadonlyMap<string, string>,
  ): Promise<void> {
    const ids = [...listed].filter(([, name]) => name === doubt.name).map(([id]) => id)
    if (ids.length > 1) this.#problem(`${doubt.name} was made ${ids.length} times`)
    const id = ids[0]
    if (id !== undefined) {
      const served = await this.#served(id)
      if (served !== doubt.key) this.#problem(`${doubt.name} serves ${served} and not ${doubt.key}`)
      this.#known.set(id, { id, name: doubt.name, key: doubt.key, state: 'live' })
    }
    if (doubt.repeatKey === undefined) return
    const answer = await this.#ask(doubt)
    if (id !== undefined && answer?.body?.id !== id) this.#problem(`${doubt.name} was not found by its key`)
    // It is in progress until reconcile has undone it.
    if (answer?.status === 409) return
    this.#learn(doubt, answer!)
    ;(listed as Map<string, string>).set(answer!.body.id, doubt.name)
  }

  async #served(id: string): Promise<string | undefined> {
    const answer = await this.#send('GET', `${CONNECTIONS}/${id}/credentials`)
    if (answer?.body?.errorCode === 'connection_empty') return undefined
    return answer?.body?.fields?.api_key ?? `nothing but ${answer?.status} ${answer?.body?.message}`
  }

  /** Names by id, of this client's own connections. */
  async #list(): Promise<Map<string, string>> {
    const names = new Map<string, string>()
    for (let page = 0; ; page++) {
      const answer = await this.#send('GET', `${CONNECTIONS}?per_page=${PER_PAGE}&page=${page}`)
      for (const { id, name } of answer!.body) if (name.startsWith(`${this.#label}-`)) names.set(id, name)
      if (answer!.body.length < PER_PAGE) return names
    }
  }

  /** The answer, or undefined when the server went before it came. */
  async #send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer | undefined> {
    const authorization = `Bearer ${this.#token}`
    const content = body === undefined ? {} : { 'content-type': 'application/json' }
    try {
      const response = await fetch(`${this.#url}${path}`, {
        method,
        headers: { authorization, ...content, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    } catch {
      return undefined
    }
  }

  #problem(text: string): void {
    this.problems.push(`${this.#label}: ${text}`)
  }
}

function setupOf(key: string): { setup: { type: string; api_key: string } } {
  return { setup: { type: 'API_KEY', api_key: key } }
}
