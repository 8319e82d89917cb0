import { allRoutes } from '../../functions/route-table.ts'
import { createRouteFinder } from '../../infra/embedded/http/match-path.ts'

/** A request; `as` is another Authorization header than the caller's own. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly as?: string
}

/** An answer, with the name of the route that gave it (`none` for what is in no table). */
export interface Got {
  readonly route: string
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  readonly body: any
}

/** Calls to a vault, and everything it answered, headers included, but for the credentials it handed out. */
export class RecordedCalls {
  readonly answers: Got[] = []
  readonly reached = new Set<string>()
  readonly #findRoute = createRouteFinder(allRoutes())
  readonly #names = new Map(allRoutes().map((route) => [`${route.method} ${route.path}`, route.name]))
  readonly #url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.#url = url
    this.#token = token
  }

  async send({ method, path, body, headers = {}, as = `Bearer ${this.#token}` }: Sent): Promise<Got> {
    const init: RequestInit = { method, headers: { authorization: as, ...headers }, redirect: 'manual' }
    if (body !== undefined) {
      init.body = typeof body === 'string' ? body : JSON.stringify(body)
      init.headers = { 'content-type': 'application/json', ...init.headers }
    }
    const response = await fetch(`${this.#url}${path}`, init)
    const key = this.#findRoute(method, new URL(path, this.#url).pathname)?.routeKey
    const route = this.#names.get(key ?? '') ?? 'none'
    this.reached.add(route)
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    const got = {
      route,
      status: response.status,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    }
    const shown = `${[...response.headers].map((pair) => pair.join(': ')).join('\n')}\n${text}`
    if (!(route === 'fetch-credential' && got.status === 200)) this.answers.push({ ...got, text: shown })
    return got
  }
}
