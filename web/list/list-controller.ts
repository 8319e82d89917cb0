import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { ApiError } from '../api/api-error.ts'
import { type Changed, Feed } from '../api/feed.ts'
import type { Connector } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { LIST } from '../texts/page-texts.ts'
import type { Filters } from './filters.ts'
import { ListStore } from './list-store.ts'

/** How long a changed row stays lit. */
const LIT_MS = 2000
/** Times in words are written anew this often. */
const TICK_MS = 60_000

/** What the list shows and how it follows what happens elsewhere. */
export class ListController implements ReactiveController {
  readonly store: ListStore
  /** The apps by their id; empty until they are known. */
  connectors: ReadonlyMap<string, Connector> = new Map()
  /** Rises with everything that is to be drawn anew. */
  version = 0
  /** Rises when the vault may hold something else: only then is more than the list asked for anew. */
  changes = 0
  readonly #waiting = new Set<string>()
  readonly #own = new Set<string>()
  readonly selected = new Set<string>()
  readonly lit = new Set<string>()
  readonly #host: ReactiveControllerHost
  readonly #context: Context
  #filters: Filters
  #feed: Feed | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(host: ReactiveControllerHost, context: Context, filters: Filters) {
    this.#host = host
    this.#context = context
    this.#filters = filters
    this.store = new ListStore(context.api, filters, () => this.refresh())
    host.addController(this)
  }

  hostConnected(): void {
    this.#timer = setInterval(() => this.#changed(), TICK_MS)
  }

  hostDisconnected(): void {
    clearInterval(this.#timer)
    this.#feed?.stop()
  }

  /** Loads everything for the first time, and listens from then on. */
  async open(): Promise<void> {
    const loading = this.store.load(this.#filters)
    try {
      const connectors = await this.#context.api.connectors()
      this.connectors = new Map(connectors.map((each) => [each.app_id, each]))
    } catch {
      // The list says what is wrong; without the apps' words it shows their ids.
    }
    await loading
    this.#feed = new Feed(this.#context, { onChange: (changed) => void this.#onChanges(changed) })
    this.#feed.start()
    this.refresh()
  }

  /** Shows what these filters let through. */
  filter(filters: Filters): void {
    if (JSON.stringify(filters) === JSON.stringify(this.#filters)) return
    this.#filters = filters
    this.selected.clear()
    void this.reload()
  }

  /** How many changes would move rows; they are held back until somebody asks for them. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** What the person changed here is no news to them. */
  own(id: string): void {
    this.#own.add(id)
    this.#waiting.delete(id)
  }

  /** Asks for the list anew. */
  async reload(): Promise<void> {
    this.#waiting.clear()
    await this.store.load(this.#filters)
    // Told of while it was asked for, and in the answer already.
    for (const id of this.#waiting) if (this.store.find(id) !== undefined) this.#waiting.delete(id)
    this.#changed()
  }

  #changed(): void {
    this.changes += 1
    this.refresh()
  }

  /** Draws anew. */
  refresh(): void {
    this.version += 1
    this.#host.requestUpdate()
  }

  /** Selects nothing any more; answers the first row that was selected and is there. */
  unselect(): string | undefined {
    const first = [...this.selected].find((id) => this.store.find(id) !== undefined)
    this.selected.clear()
    this.refresh()
    return first
  }

  /** Lets rows stand out for a moment. */
  light(ids: readonly string[]): void {
    for (const id of ids) this.lit.add(id)
    this.refresh()
    setTimeout(() => {
      for (const id of ids) this.lit.delete(id)
      this.refresh()
    }, LIT_MS)
  }

  /** A row that is there is changed in its place; what would move rows waits. */
  async #onChanges(ids: Changed): Promise<void> {
    // In an empty list there is nothing that could move.
    if (ids === 'all' || this.store.summary?.total === 0) return this.reload()
    const known = ids.filter((id) => this.store.find(id) !== undefined)
    const others = ids.filter((id) => !known.includes(id))
    for (const id of known) {
      try {
        this.store.replace(await this.#context.api.connection(id))
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) others.push(id)
      }
    }
    for (const id of others) if (!this.#own.has(id)) this.#waiting.add(id)
    for (const id of ids) this.#own.delete(id)
    this.#context.say(LIST.changed(ids.length))
    this.changes += 1
    this.light(known)
  }
}
