import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Connector } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { buttonOrWhy, whyNot } from '../parts/allowed.ts'
import { testConnection } from '../parts/test-connection.ts'
import { CONNECTION, MENU } from '../texts/connection-words.ts'
import { LIST, PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'

const WORKS = ['test', 'freeze', 'delete', 'restore'] as const
type Work = (typeof WORKS)[number]

/** What each asks of the caller. */
const SCOPES: Readonly<Record<Work, string>> = {
  test: 'update:flows_vault_connections',
  freeze: 'create:flows_vault_freezes',
  delete: 'delete:flows_vault_connections',
  restore: 'create:flows_vault_connections',
}

type Row = Pick<Connection, 'id' | 'name' | 'app_id'>

/** How one row went. */
interface Result {
  readonly name: string
  readonly text: string
}

/** What is done to several rows: one after the other, with progress, a way to stop, and a result for each. */
export class BulkBar extends View {
  static override properties = { context: {}, connectors: {}, rows: {} }
  declare context: Context
  declare connectors: ReadonlyMap<string, Connector>
  declare rows: readonly Connection[]
  #done: Result[] = []
  /** What was deleted here and is not back, however often that is tried. */
  #deleted: readonly Row[] = []
  #count = 0
  /** What is asked about before it is done. */
  #asked: 'freeze' | 'delete' | undefined
  #isRunning = false
  #isStopped = false

  protected override render(): TemplateResult {
    const label = this.#isRunning
      ? LIST.progress(this.#done.length, this.#count)
      : LIST.selected(this.#count || this.rows.length)
    return html`<div class="notice bulk" role="group" aria-label=${label}>
      <strong role="status">${label}</strong>
      <ul class="results">
        ${this.#done.map(({ name, text }) => html`<li><bdi>${name}</bdi>: ${text}</li>`)}
      </ul>
      ${this.#asked === undefined ? nothing : this.#question(this.#asked)}
      <span class="actions">
        ${this.#isRunning ? html`<button type="button" class="small" @click=${this.#stop}>${LIST.stop}</button>` : this.#works()}
        ${this.#isRunning ? nothing : html`<button type="button" class="small quiet" @click=${this.#clear}>${this.#done.length > 0 ? PAGE.close : LIST.clear}</button>`}
      </span>
    </div>`
  }

  #works(): TemplateResult | typeof nothing {
    if (this.#asked !== undefined) return nothing
    if (this.#deleted.length > 0) {
      return buttonOrWhy({
        label: LIST.undo,
        reason: whyNot(this.context, SCOPES.restore),
        classes: 'small',
        run: () => this.#run('restore', this.#deleted),
      })
    }
    if (this.#done.length > 0 || this.rows.length === 0) return nothing
    const isOfDeleted = this.rows.every(({ deleted: end }) => end)
    return html`${WORKS.filter((work) => (work === 'restore') === isOfDeleted).map((work) => this.#button(work))}`
  }

  #button(work: Work): TemplateResult {
    return buttonOrWhy({
      label: MENU[work],
      reason: whyNot(this.context, SCOPES[work]),
      classes: `small ${work} ${work === 'delete' ? 'danger' : ''}`,
      run: () => (work === 'freeze' || work === 'delete' ? this.#ask(work) : this.#run(work, this.rows)),
    })
  }

  #ask(work: 'freeze' | 'delete'): void {
    this.#asked = work
    this.#focus('.first')
  }

  #leave(work: 'freeze' | 'delete'): void {
    this.#asked = undefined
    this.#focus(`.actions .${work}`)
  }

  /** Draws it, and gives the focus to what took the place of what had it; whoever went on elsewhere keeps it. */
  #focus(selector: string): void {
    this.requestUpdate()
    void this.updateComplete.then(() => {
      const { activeElement: at } = document
      if (at === null || at === document.body || this.contains(at))
        this.querySelector<HTMLElement>(selector)?.focus()
    })
  }

  /** Freezing says why, and deleting how many flows stop. */
  #question(work: 'freeze' | 'delete'): TemplateResult {
    const submit = (event: Event): void => {
      event.preventDefault()
      const reason = String(new FormData(event.currentTarget as HTMLFormElement).get('reason') ?? '').trim()
      if (work === 'freeze' && reason === '') return
      this.#asked = undefined
      void this.#run(work, this.rows, reason)
    }
    const flows = this.rows.reduce((sum, { used_by_count: users = 0 }) => sum + users, 0)
    const isDelete = work === 'delete'
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      event.stopPropagation()
      this.#leave(work)
    }
    return html`<form class="row-of bulk-question" @submit=${submit} @keydown=${onKey}>
      <p>${isDelete ? LIST.deleteAll(this.rows.length, flows) : CONNECTION.freezeText}</p>
      ${
        isDelete
          ? nothing
          : html`<div class="field"><label for="bulk-reason">${CONNECTION.reason}</label><input id="bulk-reason" class="first" name="reason" autocomplete="off" required /></div>`
      }
      <button type="button" class="small ${isDelete ? 'first' : ''}" @click=${() => this.#leave(work)}>${PAGE.cancel}</button>
      ${buttonOrWhy({
        label: MENU[work],
        reason: whyNot(this.context, SCOPES[work]),
        classes: isDelete ? 'small danger' : 'small primary',
      })}
    </form>`
  }

  async #run(work: Work, rows: readonly Row[], reason = ''): Promise<void> {
    this.#isRunning = true
    this.#isStopped = false
    this.#done = []
    this.#count = rows.length
    this.#focus('.actions button')
    for (const row of rows) {
      if (this.#isStopped) break
      this.dispatchEvent(new CustomEvent<string>('bulk-one', { detail: row.id }))
      const text = await this.#one(work, row, reason).catch((error: unknown) =>
        String((error as Error).message),
      )
      this.#done.push({ name: row.name, text })
      this.requestUpdate()
    }
    this.#isRunning = false
    this.#focus('.actions button')
    this.dispatchEvent(new Event('bulk-done'))
  }

  async #one(work: Work, row: Row, reason: string): Promise<string> {
    const { api } = this.context
    const path = `/connections/${encodeURIComponent(row.id)}`
    if (work === 'test') return testConnection(this.context, row, this.connectors)
    if (work === 'delete') {
      await api.ask('DELETE', path)
      this.#deleted = [...this.#deleted, row]
    } else if (work === 'restore') {
      await api.ask('POST', `${path}/restore`)
      this.#deleted = this.#deleted.filter(({ id }) => id !== row.id)
    } else await api.ask('POST', '/freezes', { body: { connection_id: row.id, reason } })
    return LIST.results[work]
  }

  #stop(): void {
    this.#isStopped = true
  }

  #clear(): void {
    this.#isStopped = true
    this.#done = []
    this.#deleted = []
    this.#count = 0
    this.#asked = undefined
    this.dispatchEvent(new Event('bulk-clear'))
  }
}

define('bulk-bar', BulkBar)
