import { html, nothing, type TemplateResult } from 'lit'
import type { Context } from '../page-context.ts'
import { whyNot } from '../parts/allowed.ts'
import { problem, skeleton } from '../parts/pieces.ts'
import { View } from '../view.ts'

/** What may be done to what is listed, as scopes call it. */
type Verb = 'read' | 'create' | 'update' | 'delete'

/** A section of the settings: a list that the vault has, and what may be done to it. */
export abstract class LoadedList<T> extends View {
  static override properties = { context: {} }
  declare context: Context
  protected items: readonly T[] | undefined
  protected error: unknown

  /** Where the list is. */
  protected abstract readonly path: string
  /** What scopes call it; undefined where none narrow it. */
  protected abstract readonly subject: string | undefined
  protected abstract readonly words: { readonly title: string; readonly about: string; readonly none: string }

  protected abstract item(item: T): TemplateResult
  protected abstract form(): TemplateResult | typeof nothing

  protected override firstUpdated(): void {
    if (this.#whyNot('read') === undefined) void this.load()
  }

  protected async load(): Promise<void> {
    try {
      this.items = await this.context.api.ask<readonly T[]>('GET', this.path)
      this.error = undefined
    } catch (error) {
      this.error = error
    }
    this.requestUpdate()
  }

  /** Does it, and shows the list as it is then. */
  protected async change(method: string, path: string, body?: unknown): Promise<unknown> {
    try {
      const answer = await this.context.api.ask<unknown>(method, path, body === undefined ? {} : { body })
      await this.load()
      return answer
    } catch (error) {
      this.error = error
      this.requestUpdate()
      return undefined
    }
  }

  /** A button that does something to one of them, or says which scope that needs. */
  protected button(
    verb: Verb,
    label: string,
    run: () => unknown,
    { of, isDangerous }: { of?: string; isDangerous?: boolean } = {},
  ): TemplateResult {
    const reason = this.#whyNot(verb)
    return html`<button
      type="button"
      class="small ${isDangerous ? 'danger' : ''}"
      aria-label=${of ?? nothing}
      aria-disabled=${reason === undefined ? nothing : 'true'}
      title=${reason ?? nothing}
      @click=${() => reason === undefined && run()}
    >
      ${label}
    </button>`
  }

  #whyNot(verb: Verb): string | undefined {
    return this.subject === undefined ? undefined : whyNot(this.context, `${verb}:${this.subject}`)
  }

  protected override render(): TemplateResult {
    const { words } = this
    const whyNot = this.#whyNot('read')
    return html`<section class="section card">
      <h2>${words.title}</h2>
      <p class="muted">${words.about}</p>
      ${whyNot === undefined ? this.#content() : html`<p>${whyNot}</p>`}
    </section>`
  }

  #content(): TemplateResult {
    const { items, words } = this
    const problems = this.error === undefined ? nothing : problem(this.error, () => this.load())
    if (items === undefined) return html`${problems} ${this.error === undefined ? skeleton(2) : nothing}`
    const whyNot = this.#whyNot('create')
    return html`${problems}
      ${
        items.length === 0
          ? html`<p>${words.none}</p>`
          : html`<ul class="settings-list">${items.map((item) => html`<li>${this.item(item)}</li>`)}</ul>`
      }
      ${whyNot === undefined ? this.form() : html`<p class="meta">${whyNot}</p>`}`
  }
}
