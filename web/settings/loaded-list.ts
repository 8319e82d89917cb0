import { html, nothing, type TemplateResult } from 'lit'
import { ApiError } from '../api/api-error.ts'
import { icon } from '../icons.ts'
import type { Context } from '../page-context.ts'
import { buttonOrWhy, whyForbidden, whyNot } from '../parts/allowed.ts'
import { inWords } from '../parts/in-words.ts'
import { fieldError, problem, skeleton } from '../parts/pieces.ts'
import { ADD } from '../texts/add-texts.ts'
import { PAGE } from '../texts/page-texts.ts'
import { SETTINGS } from '../texts/view-texts.ts'
import { View } from '../view.ts'

/** What may be done to what is listed, as scopes call it. */
type Verb = 'read' | 'create' | 'update' | 'delete'

/** A field of a section's form; `name` is the member of the body, which refusals name too. */
interface FormField {
  readonly id: string
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'url' | 'date'
  readonly isOptional?: boolean
  readonly placeholder?: string
  readonly max?: string
  /** The members of the body that are made of it, where they are called otherwise. */
  readonly members?: readonly string[]
}

/** A section of the settings: a list that the vault has, and what may be done to it. */
export abstract class LoadedList<T, Details = never> extends View {
  static override properties = { context: {} }
  declare context: Context
  protected items: readonly T[] | undefined
  protected error: unknown
  /** What is asked about before it is removed. */
  #asked: string | undefined
  #unfolded: { readonly path: string; readonly details: Details } | undefined

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
    const answer = await this.attempt(method, path, body)
    if (answer !== undefined) await this.load()
    return answer
  }

  /** Does what leaves the list as it is; a refusal is shown, and answers undefined. */
  protected async attempt(method: string, path: string, body?: unknown): Promise<unknown> {
    try {
      const answer = await this.context.api.ask<unknown>(method, path, body === undefined ? {} : { body })
      this.error = undefined
      return answer ?? true
    } catch (error) {
      this.error = error
      this.requestUpdate()
      void this.updateComplete.then(() => this.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
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
    const classes = isDangerous ? 'small danger' : 'small'
    return buttonOrWhy({ label, reason: this.#whyNot(verb), classes, name: of, run })
  }

  /** A button that unfolds what is at the path, which is loaded then, or folds it. */
  protected foldButton(label: string, path: string): TemplateResult {
    const isShown = this.unfolded(path) !== undefined
    const toggle = async (): Promise<void> => {
      const details = isShown ? undefined : ((await this.attempt('GET', path)) as Details | undefined)
      if (isShown || details !== undefined) this.#unfolded = details && { path, details }
      this.requestUpdate()
    }
    return html`<button type="button" class="small" aria-expanded=${isShown} @click=${toggle}>${label}</button>`
  }

  /** What is at the path, while it is unfolded. */
  protected unfolded(path: string): Details | undefined {
    return this.#unfolded?.path === path ? this.#unfolded.details : undefined
  }

  /** The button of a form; while nothing can be saved it says why, or `busy`, and what was typed stays. */
  protected submitButton(label: string, verb: Verb = 'create', busy?: string): TemplateResult {
    return buttonOrWhy({ label, reason: this.#whyNot(verb) ?? busy })
  }

  /** Removes what is at the path, after it was asked what that means; nothing brings it back. */
  protected removal(path: string, name: string, consequence: string): TemplateResult {
    const ask = (asked: string | undefined): void => {
      this.#asked = asked
      this.requestUpdate()
      const target = asked === undefined ? `[data-path="${CSS.escape(path)}"] button` : '.removal .keep'
      void this.updateComplete.then(() => this.querySelector<HTMLElement>(target)?.focus())
    }
    if (this.#asked !== path) {
      const how = { of: SETTINGS.removeFor(name), isDangerous: true }
      return html`<span data-path=${path}>${this.button('delete', SETTINGS.remove, () => ask(path), how)}</span>`
    }
    return html`<div class="notice removal" data-hue="amber" role="alertdialog" aria-label=${SETTINGS.removeQuestion(name)}>
      ${icon('warning')}
      <span><strong><bdi>${SETTINGS.removeQuestion(name)}</bdi></strong> ${consequence}</span>
      <span class="row-of">
        <button type="button" class="small keep" @click=${() => ask(undefined)}>${PAGE.cancel}</button>
        ${this.button('delete', SETTINGS.remove, () => void this.change('DELETE', path), { isDangerous: true })}
      </span>
    </div>`
  }

  /** A field of the form, with what the vault has against its value under it. */
  protected field(field: FormField): TemplateResult {
    const { id, name, label, type = 'text', isOptional = false, placeholder, max } = field
    const reason = this.#refused(field)
    return html`<div class="field">
      <label for=${id}>${label} ${isOptional ? html`<span class="optional">(${ADD.optional})</span>` : nothing}</label>
      <input
        id=${id}
        name=${name}
        type=${type}
        max=${max ?? nothing}
        autocomplete="off"
        spellcheck="false"
        placeholder=${placeholder ?? nothing}
        ?required=${!isOptional}
        aria-describedby="${id}-about"
        aria-invalid=${reason === undefined ? nothing : 'true'}
      />
      <div id="${id}-about">${fieldError(reason)}</div>
    </div>`
  }

  /** The fields of the form, by whose names a refusal is told under one of them. */
  protected get fields(): readonly FormField[] {
    return []
  }

  #refused({ name, members = [name] }: FormField): string | undefined {
    if (!(this.error instanceof ApiError)) return undefined
    const refused = this.error.fields.find(({ path }) => members.includes(path.split(/[.[]/)[0]!))
    return refused && inWords(refused)
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
    const { items, words, error } = this
    const isUnderField = this.fields.some((field) => this.#refused(field) !== undefined)
    const problems = error === undefined || isUnderField ? nothing : problem(error, () => this.load())
    if (items === undefined) return html`${problems} ${error === undefined ? skeleton(2) : nothing}`
    const whyNoForm = this.subject && whyForbidden(this.context, `create:${this.subject}`)
    return html`${problems}
      ${
        items.length === 0
          ? html`<p>${words.none}</p>`
          : html`<ul class="settings-list">${items.map((item) => html`<li>${this.item(item)}</li>`)}</ul>`
      }
      ${whyNoForm === undefined ? this.form() : html`<p class="meta">${whyNoForm}</p>`}`
  }
}
