import { html, nothing, type TemplateResult } from 'lit'
import type { Context } from '../page-context.ts'
import { problem, skeleton } from '../parts/pieces.ts'
import { View } from '../view.ts'

/** A section of the settings: a list that the vault has, and what may be done to it. */
export abstract class LoadedList<T> extends View {
  static override properties = { context: {} }
  declare context: Context
  protected items: readonly T[] | undefined
  protected error: unknown

  /** Where the list is. */
  protected abstract readonly path: string
  protected abstract readonly words: { readonly title: string; readonly about: string; readonly none: string }

  protected abstract item(item: T): TemplateResult
  protected abstract form(): TemplateResult | typeof nothing

  protected override firstUpdated(): void {
    void this.load()
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

  protected override render(): TemplateResult {
    const { items, words } = this
    return html`<section class="section card">
      <h2>${words.title}</h2>
      <p class="muted">${words.about}</p>
      ${this.error === undefined ? nothing : problem(this.error, () => this.load())}
      ${
        items === undefined
          ? this.error === undefined
            ? skeleton(2)
            : nothing
          : items.length === 0
            ? html`<p>${words.none}</p>`
            : html`<ul class="settings-list">${items.map((item) => html`<li>${this.item(item)}</li>`)}</ul>`
      }
      ${items === undefined ? nothing : this.form()}
    </section>`
  }
}
