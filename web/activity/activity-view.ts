import { html, nothing, type TemplateResult } from 'lit'
import { queryOf } from '../api/api.ts'
import type { ChangeEvent, Connection } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { problem, skeleton } from '../parts/pieces.ts'
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
  readonly #only = { kind: '', connection: '', person: '' }
  #error: unknown

  protected override firstUpdated(): void {
    document.title = `${PAGE.activity} · ${PAGE.product}`
    void this.#load()
  }

  async #load(): Promise<void> {
    try {
      const query = queryOf({ order: 'desc', limit: 100, after: this.#before })
      const page = await this.context.api.ask<FeedPage>('GET', `/events${query}`)
      this.#events = [...(this.#events ?? []), ...page.events]
      this.#before = page.more ? page.after : undefined
      this.#error = undefined
      await this.#findNames()
    } catch (error) {
      this.#error = error
    }
    this.requestUpdate()
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
          ${this.#filter('kind', Object.entries(EVENTS))} ${this.#filter('connection', [...this.#connections()])}
          ${this.#filter('person', [...persons(this.#events ?? [])])}
        </div>
      </div>
      ${this.#error === undefined ? nothing : problem(this.#error, () => this.#load())}
      ${this.#events === undefined ? (this.#error === undefined ? skeleton(6) : nothing) : this.#days(this.#events)}
      ${this.#before === undefined ? nothing : html`<div><button type="button" @click=${() => this.#load()}>${ACTIVITY.more}</button></div>`}
    </div>`
  }

  /** Every connection that something happened to, by its name where that is known. */
  #connections(): ReadonlyMap<string, string> {
    const labels = new Map<string, string>()
    for (const { connection_id: id, app_id: app } of this.#events ?? []) {
      if (id === undefined || (app === undefined && labels.has(id))) continue
      const name = this.#names.get(id) ?? id
      labels.set(id, app === undefined ? name : `${name} · ${app}`)
    }
    return labels
  }

  /** Of what is loaded: older events that fit come with “Show older”. */
  #filter(
    what: keyof typeof ACTIVITY.filters,
    choices: readonly (readonly [string, string])[],
  ): TemplateResult {
    const { label, all } = ACTIVITY.filters[what]
    return html`<label
      ><span class="hidden-text">${label}</span
      ><select
        @change=${(event: Event) => {
          this.#only[what] = (event.target as HTMLSelectElement).value
          this.requestUpdate()
        }}
      >
        <option value="">${all}</option>
        ${choices.map(([value, words]) => html`<option value=${value}>${words}</option>`)}
      </select></label
    >`
  }

  #fits({ type, connection_id: id, actor }: ChangeEvent): boolean {
    const { kind, connection, person } = this.#only
    return (
      (kind === '' || type === kind) &&
      (connection === '' || id === connection) &&
      (person === '' || actor?.id === person)
    )
  }

  #days(events: readonly ChangeEvent[]): TemplateResult {
    const shown = events.filter((event) => this.#fits(event))
    if (shown.length === 0) {
      const isFiltered = events.length > 0
      return html`<p class="muted">${isFiltered ? ACTIVITY.nothingFits : ACTIVITY.nothing}</p>`
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

/** Who did something, by id; a client without a name stands there by its id. */
function persons(events: readonly ChangeEvent[]): ReadonlyMap<string, string> {
  return new Map(events.flatMap(({ actor }) => (actor ? [[actor.id, actor.name ?? actor.id]] : [])))
}

define('vault-activity', VaultActivity)
