import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Connector } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { buttonOrWhy, whyNot } from '../parts/allowed.ts'
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

/** How one row went; those that were deleted can be brought back. */
interface Result {
  readonly id: string
  readonly name: string
  readonly text: string
  readonly isDeleted: boolean
}

/** What is done to several rows: one after the other, with progress, a way to stop, and a result for each. */
export class BulkBar extends View {
  static override properties = { context: {}, connectors: {}, rows: {} }
  declare context: Context
  declare connectors: ReadonlyMap<string, Connector>
  declare rows: readonly Connection[]
  #done: Result[] = []
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
    const deleted = this.#done.filter(({ isDeleted }) => isDeleted)
    if (deleted.length > 0) {
      return html`<button type="button" class="small" @click=${() => this.#run('restore', deleted)}>${LIST.undo}</button>`
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
      <button type="submit" class="small ${isDelete ? 'danger' : 'primary'}">${MENU[work]}</button>
    </form>`
  }

  async #run(work: Work, rows: readonly { id: string; name: string }[], reason = ''): Promise<void> {
    const all = [...rows]
    this.#isRunning = true
    this.#isStopped = false
    this.#done = []
    this.#count = all.length
    this.#focus('.actions button')
    for (const { id, name } of all) {
      if (this.#isStopped) break
      const result = await this.#one(work, id, reason).catch((error: unknown) => ({
        text: String((error as Error).message),
        isDeleted: false,
      }))
      this.#done.push({ id, name, ...result })
      this.requestUpdate()
    }
    this.#isRunning = false
    this.#focus('.actions button')
    this.dispatchEvent(new Event('bulk-done'))
  }

  async #one(work: Work, id: string, reason: string): Promise<Pick<Result, 'text' | 'isDeleted'>> {
    const { api } = this.context
    const path = `/connections/${encodeURIComponent(id)}`
    if (work === 'test') return { text: await this.#test(id, path), isDeleted: false }
    if (work === 'delete') await api.ask('DELETE', path)
    else if (work === 'restore') await api.ask('POST', `${path}/restore`)
    else await api.ask('POST', '/freezes', { body: { connection_id: id, reason } })
    return { text: LIST.results[work], isDeleted: work === 'delete' }
  }

  async #test(id: string, path: string): Promise<string> {
    const { result } = await this.context.api.ask<{ result: keyof typeof CONNECTION.tests }>(
      'POST',
      `${path}/verify`,
    )
    const app = this.rows.find((row) => row.id === id)?.app_id ?? ''
    return CONNECTION.tests[result](this.connectors.get(app)?.label ?? app)
  }

  #stop(): void {
    this.#isStopped = true
  }

  #clear(): void {
    this.#isStopped = true
    this.#done = []
    this.#count = 0
    this.#asked = undefined
    this.dispatchEvent(new Event('bulk-clear'))
  }
}

define('bulk-bar', BulkBar)
