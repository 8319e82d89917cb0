import { html, nothing, type TemplateResult } from 'lit'
import { queryOf } from '../api/api.ts'
import type { ChangeEvent, Connection } from '../api/types.ts'
import { endOfDay, localDay } from '../exact-time.ts'
import type { Context } from '../page-context.ts'
import { problem, skeleton } from '../parts/pieces.ts'
import { LAST_DAY } from '../parts/typed-values.ts'
import { addressOf } from '../router.ts'
import { EVENTS } from '../texts/connection-words.ts'
import { PAGE } from '../texts/page-texts.ts'
import { ACTIVITY } from '../texts/view-texts.ts'
import { define, View } from '../view.ts'
import { eventLine } from './event-line.ts'

interface FeedPage {
  readonly events: readonly ChangeEvent[]
  readonly after: string
  readonly more: boolean
}

/** What happened in the vault, newest first, a day at a time. */
export class VaultActivity extends View {
  static override properties = { context: {} }
  declare context: Context
  #events: readonly ChangeEvent[] | undefined
  #names = new Map<string, string>()
  #before: string | undefined
  /** What is asked for; the day as a date field says it. */
  readonly #only: Record<keyof typeof ACTIVITY.filters | 'day', string> = {
    kind: '',
    connection: '',
    person: '',
    day: '',
  }
  /** Everything that was ever loaded can be chosen, whatever is shown. */
  readonly #connections = new Map<string, string>()
  readonly #persons = new Map<string, string>()
  /** Rises with each question: an answer to one that was asked before is none. */
  #turn = 0
  #error: unknown

  protected override firstUpdated(): void {
    document.title = `${PAGE.activity} · ${PAGE.product}`
    void this.#load()
  }

  /** The next page of what is asked for, back from what is shown. */
  async #load(): Promise<void> {
    this.#turn += 1
    const turn = this.#turn
    const { kind, connection, person, day } = this.#only
    try {
      const query = queryOf({
        order: 'desc',
        limit: 100,
        after: this.#before ?? (day === '' ? undefined : endOfDay(day)),
        type: kind,
        connection_id: connection,
        actor: person,
      })
      const page = await this.context.api.ask<FeedPage>('GET', `/events${query}`)
      if (turn !== this.#turn) return
      const found = page.events.filter(({ occurred_at: at }) => day === '' || localDay(at) === day)
      this.#events = [...(this.#events ?? []), ...found]
      const isBeyond = day !== '' && page.events.some(({ occurred_at: at }) => localDay(at) < day)
      this.#before = page.more && !isBeyond ? page.after : undefined
      this.#error = undefined
      await this.#findNames()
      this.#remember(found)
    } catch (error) {
      if (turn !== this.#turn) return
      this.#error = error
    }
    this.requestUpdate()
  }

  #ask(what: keyof typeof ACTIVITY.filters | 'day', value: string): void {
    this.#only[what] = value
    this.#events = undefined
    this.#before = undefined
    this.requestUpdate()
    void this.#load()
  }

  #remember(events: readonly ChangeEvent[]): void {
    for (const { connection_id: id, app_id: app, actor } of events) {
      // A client without a name stands there by its id.
      if (actor) this.#persons.set(actor.id, actor.name ?? actor.id)
      if (id === undefined || (app === undefined && this.#connections.has(id))) continue
      const name = this.#names.get(id) ?? id
      this.#connections.set(id, app === undefined ? name : `${name} · ${app}`)
    }
  }

  /** Events hold ids; the names are those of today. */
  async #findNames(): Promise<void> {
    const ids = new Set(this.#events?.flatMap(({ connection_id: id }) => id ?? []))
    const unknown = [...ids].filter((id) => !this.#names.has(id))
    for (const id of unknown.slice(0, 20)) {
      const found = await this.context.api
        .ask<Connection>('GET', `/connections/${encodeURIComponent(id)}`)
        .catch(() => undefined)
      this.#names.set(id, found?.name ?? id)
    }
  }

  protected override render(): TemplateResult {
    return html`<div class="stack">
      <div class="title-line">
        <h1>${PAGE.activity}</h1>
        <div class="filters">
          ${this.#filter('kind', Object.entries(EVENTS))} ${this.#filter('connection', [...this.#connections])}
          ${this.#filter('person', [...this.#persons])} ${this.#dayFilter()}
        </div>
      </div>
      ${this.#error === undefined ? nothing : problem(this.#error, () => this.#load())}
      ${this.#events === undefined ? (this.#error === undefined ? skeleton(6) : nothing) : this.#days(this.#events)}
      ${this.#before === undefined ? nothing : html`<div><button type="button" @click=${() => this.#load()}>${ACTIVITY.more}</button></div>`}
    </div>`
  }

  #filter(
    what: keyof typeof ACTIVITY.filters,
    choices: readonly (readonly [string, string])[],
  ): TemplateResult {
    const { label, all } = ACTIVITY.filters[what]
    return html`<label
      ><span class="hidden-text">${label}</span
      ><select
        @change=${(event: Event) => this.#ask(what, (event.target as HTMLSelectElement).value)}
      >
        <option value="">${all}</option>
        ${choices.map(([value, words]) => html`<option value=${value}>${words}</option>`)}
      </select></label
    >`
  }

  #dayFilter(): TemplateResult {
    return html`<label
      ><span class="hidden-text">${ACTIVITY.day}</span
      ><input type="date" max=${LAST_DAY} @change=${(event: Event) => this.#ask('day', (event.target as HTMLInputElement).value)}
    /></label>`
  }

  #days(shown: readonly ChangeEvent[]): TemplateResult {
    if (shown.length === 0) {
      const isAsked = Object.values(this.#only).some((asked) => asked !== '')
      const none = isAsked ? ACTIVITY.nothingFits : ACTIVITY.nothing
      return html`<p class="muted" role="status">${this.#before === undefined ? none : ACTIVITY.nothingYet}</p>`
    }
    const format = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })
    const days = Map.groupBy(shown, ({ occurred_at: at }) => format.format(new Date(at)))
    return html`${[...days].map(
      ([day, list]) => html`<section class="section card">
        <h2>${day}</h2>
        <ol class="timeline">
          ${list.map((event) => eventLine(event, this.#link(event.connection_id)))}
        </ol>
      </section>`,
    )}`
  }

  #link(id: string | undefined): TemplateResult | undefined {
    if (id === undefined) return undefined
    const address = addressOf({ id, query: new URLSearchParams() })
    return html`<a href=${address}><bdi>${this.#names.get(id) ?? id}</bdi></a>`
  }
}

define('vault-activity', VaultActivity)
