import { html, nothing, type TemplateResult } from 'lit'
import type { Connection } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { LIST } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'

type Work = 'test' | 'freeze' | 'delete'

/** What is done to several rows: one after the other, with progress, a way to stop, and a result for each. */
export class BulkBar extends View {
  static override properties = { context: {}, rows: {} }
  declare context: Context
  declare rows: readonly Connection[]
  #done: { name: string; text: string }[] = []
  #isRunning = false
  #isStopped = false

  protected override render(): TemplateResult {
    const works: readonly Work[] = ['test', 'freeze', 'delete']
    return html`<div class="notice bulk" role="group" aria-label=${LIST.selected(this.rows.length)}>
      <strong role="status"
        >${
          this.#isRunning
            ? LIST.progress(this.#done.length, this.rows.length)
            : LIST.selected(this.rows.length)
        }</strong
      >
      <ul class="results">
        ${this.#done.map(({ name, text }) => html`<li><bdi>${name}</bdi>: ${text}</li>`)}
      </ul>
      <span class="actions">
        ${
          this.#isRunning
            ? html`<button type="button" class="small" @click=${this.#stop}>${LIST.stop}</button>`
            : this.#done.length > 0
              ? nothing
              : works.map(
                  (work) =>
                    html`<button
                      type="button"
                      class="small ${work === 'delete' ? 'danger' : ''}"
                      @click=${() => this.#run(work)}
                    >
                      ${LIST[work]}
                    </button>`,
                )
        }
        <button type="button" class="small quiet" @click=${this.#clear}>${LIST.clear}</button>
      </span>
    </div>`
  }

  async #run(work: Work): Promise<void> {
    this.#isRunning = true
    this.#isStopped = false
    const rows = [...this.rows]
    for (const connection of rows) {
      if (this.#isStopped) break
      const text = await this.#one(work, connection).catch((error: unknown) =>
        String((error as Error).message),
      )
      this.#done.push({ name: connection.name, text })
      this.requestUpdate()
    }
    this.#isRunning = false
    this.requestUpdate()
    this.dispatchEvent(new Event('bulk-done'))
  }

  async #one(work: Work, { id }: Connection): Promise<string> {
    const { api } = this.context
    const path = `/connections/${encodeURIComponent(id)}`
    if (work === 'delete') await api.ask('DELETE', path)
    else if (work === 'freeze') {
      await api.ask('POST', '/freezes', { body: { connection_id: id, reason: 'frozen from the list' } })
    } else return (await api.ask<{ result: string }>('POST', `${path}/verify`)).result
    return LIST.done
  }

  #stop(): void {
    this.#isStopped = true
  }

  #clear(): void {
    this.#isStopped = true
    this.#done = []
    this.dispatchEvent(new Event('bulk-clear'))
  }
}

define('bulk-bar', BulkBar)
