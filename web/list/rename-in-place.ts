import { html, nothing, type TemplateResult } from 'lit'
import { ApiError } from '../api/api-error.ts'
import type { Connection } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { conflictNotice, tagOf, theirsAfter } from '../parts/conflict.ts'
import { inWords } from '../parts/in-words.ts'
import { fieldError } from '../parts/pieces.ts'
import { CONNECTION } from '../texts/connection-words.ts'
import { PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'

/** The name of a connection as a field: Enter keeps it, Escape drops it. Tells `connection-changed` or `rename-ended`. */
export class RenameInPlace extends View {
  static override properties = { context: {}, connection: {} }
  declare context: Context
  declare connection: Connection
  /** As it was when somebody began to type: what arrives meanwhile takes nothing away. */
  #seen: Connection | undefined
  #theirs: Connection | undefined
  #error: string | undefined
  #isBusy = false

  protected override willUpdate(): void {
    this.#seen ??= this.connection
  }

  protected override firstUpdated(): void {
    this.querySelector('input')!.select()
  }

  protected override render(): TemplateResult {
    const theirs = this.#theirs
    const seen = this.#seen!
    return html`<form class="rename" novalidate @submit=${this.#submit} @keydown=${this.#onKey} @click=${(event: Event) => event.stopPropagation()}>
      <div class="with-button">
        <input
          type="text"
          autocomplete="off"
          data-1p-ignore
          data-lpignore="true"
          aria-label=${CONNECTION.newName}
          aria-invalid=${this.#error === undefined ? nothing : 'true'}
          aria-describedby="rename-about"
          .value=${seen.name}
        />
        <button type="submit" class="small" ?disabled=${this.#isBusy}>${PAGE.save}</button>
        <button type="button" class="small quiet" @click=${() => this.#end()}>${PAGE.cancel}</button>
      </div>
      <div id="rename-about">
        ${fieldError(this.#error, 'alert')}
        ${
          theirs === undefined
            ? nothing
            : conflictNotice({
                before: seen,
                theirs,
                takeTheirs: () => this.#end(theirs),
                saveMine: () => void this.#save(theirs),
              })
        }
      </div>
    </form>`
  }

  #submit(event: Event): void {
    event.preventDefault()
    void this.#save(this.#seen!)
  }

  #onKey(event: KeyboardEvent): void {
    event.stopPropagation()
    if (event.key !== 'Escape') return
    event.preventDefault()
    this.#end()
  }

  /** Saves over the state that `seen` is; another one is shown first. */
  async #save(seen: Connection): Promise<void> {
    const name = this.querySelector('input')!.value.trim()
    if (name === seen.name) return this.#end()
    const path = `/connections/${encodeURIComponent(this.connection.id)}?view=full`
    this.#isBusy = true
    this.#error = undefined
    this.#theirs = undefined
    this.requestUpdate()
    try {
      const headers = { 'if-match': tagOf(seen) }
      const connection = await this.context.api.ask<Connection>('PATCH', path, { body: { name }, headers })
      const text = CONNECTION.renamed(connection.name)
      this.context.say(text)
      this.dispatchEvent(
        new CustomEvent('connection-changed', { detail: { connection, text }, bubbles: true }),
      )
      this.#end()
    } catch (error) {
      await this.#refused(error)
    }
    this.#isBusy = false
    this.requestUpdate()
  }

  async #refused(error: unknown): Promise<void> {
    this.#theirs = await theirsAfter(error, this.context.api, this.connection)
    if (this.#theirs !== undefined) return
    const field = error instanceof ApiError ? error.fields[0] : undefined
    this.#error =
      field === undefined ? (error instanceof ApiError ? error.message : PAGE.noAnswer) : inWords(field)
  }

  #end(connection?: Connection): void {
    const detail = connection === undefined ? {} : { connection }
    this.dispatchEvent(new CustomEvent('rename-ended', { detail, bubbles: true }))
  }
}

define('rename-in-place', RenameInPlace)
