import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { Api, queryOf } from '../api/api.ts'
import { ApiError } from '../api/api-error.ts'
import type { Connection, Connector, Identity } from '../api/types.ts'
import { icon } from '../icons.ts'
import { namesIn } from '../names-in.ts'
import { type Context, mayAddIn } from '../page-context.ts'
import { stateButton, whyNotAdd } from '../parts/allowed.ts'
import { stateLine, tile } from '../parts/identity.ts'
import { stateWords } from '../state-words.ts'
import { PICKER } from '../texts/picker-texts.ts'
import { define } from '../view.ts'
import { nameOf, optionList, optionsOf, type PickerOption } from './picker-options.ts'
import { sheets } from './picker-sheets.ts'

/** A pause in typing after which the vault is asked. */
const PAUSE_MS = 200
const SHOWN = 50
/** With fewer, no keyboard comes up on a screen that is touched; who has one finds by typing all the same. */
const SEARCHED_FROM = 8

/**
 * `<vault-connection-picker>`: chooses a connection of a vault, adds one, and says when the chosen one needs
 * somebody. Form-associated. It never chooses by itself, and never drops a value that it cannot find.
 */
export class VaultConnectionPicker extends LitElement {
  static readonly formAssociated = true
  static override properties = {
    appId: { attribute: 'app-id' },
    value: {},
    vaultUrl: { attribute: 'vault-url' },
    name: { reflect: true },
    required: { type: Boolean, reflect: true },
    label: {},
    addIn: { attribute: 'add-in' },
    token: { attribute: false },
  }
  declare appId: string | undefined
  declare value: string
  declare vaultUrl: string | undefined
  declare name: string | undefined
  declare required: boolean
  declare label: string | undefined
  declare addIn: string | undefined
  /** A function that answers an access token; it is asked again when the vault took the last one for none. */
  declare token: ((options: { renew: boolean }) => Promise<string>) | undefined
  readonly #internals = this.attachInternals()
  #context: Context | undefined
  #connectors: readonly Connector[] = []
  #options: readonly PickerOption[] = []
  /** True where all of them are in sight, so that nobody has to search. */
  #isFew = false
  #chosen: Connection | undefined
  #isUnknown = false
  #error: string | undefined
  #query: string | undefined
  #active = -1
  #timer: ReturnType<typeof setTimeout> | undefined
  #initial = ''

  constructor() {
    super()
    this.value = ''
    this.required = false
  }

  protected override createRenderRoot(): ShadowRoot {
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true })
    root.adoptedStyleSheets = sheets
    return root
  }

  /** What a form's reset puts back. */
  formResetCallback(): void {
    this.value = this.#initial
  }

  /** True while the form accepts it. */
  checkValidity(): boolean {
    return this.#internals.checkValidity()
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!this.hasUpdated) this.#initial = this.value
    if (changed.has('token') && this.token !== undefined) void this.#connect(this.token)
    else if (changed.has('value') && this.#context !== undefined) void this.#findChosen()
    this.#internals.setFormValue(this.value === '' ? null : this.value)
  }

  protected override updated(): void {
    const anchor = this.renderRoot.querySelector<HTMLElement>('input') ?? undefined
    if (this.required && this.value === '')
      this.#internals.setValidity({ valueMissing: true }, PICKER.required, anchor)
    else this.#internals.setValidity({})
  }

  get #appIds(): readonly string[] {
    return namesIn(this.appId ?? '')
  }

  get #base(): string {
    return this.vaultUrl ?? new URL('../..', import.meta.url).href.slice(0, -1)
  }

  async #connect(token: NonNullable<VaultConnectionPicker['token']>): Promise<void> {
    const api = new Api({ base: this.#base, token })
    try {
      const [identity, connectors] = await Promise.all([
        api.ask<Identity>('GET', '/session'),
        api.connectors(),
      ])
      this.#connectors = connectors
      this.#context = { api, identity, say: () => undefined }
      this.#error = undefined
      await this.#findChosen()
      // Somebody was quicker than the vault and has opened the list.
      if (this.#query !== undefined) await this.#search(this.#query)
    } catch (error) {
      this.#error = error instanceof ApiError ? error.message : PICKER.failed
    }
    this.requestUpdate()
  }

  async #findChosen(): Promise<void> {
    const id = this.value
    this.#isUnknown = false
    if (id === '') this.#chosen = undefined
    else if (this.#chosen?.id !== id) {
      try {
        this.#chosen = await this.#context!.api.connection(id)
      } catch (error) {
        this.#chosen = undefined
        this.#isUnknown = error instanceof ApiError && error.status === 404
        if (!this.#isUnknown) this.#error = error instanceof ApiError ? error.message : PICKER.failed
      }
    }
    this.requestUpdate()
  }

  protected override render(): TemplateResult {
    const isOpen = this.#query !== undefined
    const chosen = this.#chosen
    const label = this.label ?? PICKER.label
    const whyNot = this.#whyNotAdd
    return html`<label for="box" part="label">${label}</label>
      <div class="picker-line" part="line">
        <div class="box" @focusout=${this.#onFocusOut}>
          ${chosen === undefined || isOpen ? nothing : tile(chosen.app_id, this.#connectorOf(chosen)?.label ?? chosen.app_id)}
          <input
            id="box"
            part="input"
            class=${chosen === undefined || isOpen ? 'is-bare' : ''}
            role="combobox"
            aria-expanded=${isOpen}
            aria-controls="options"
            aria-autocomplete="list"
            aria-activedescendant=${this.#active < 0 ? nothing : `option-${this.#active}`}
            aria-describedby="below"
            autocomplete="off"
            inputmode=${this.#isFew ? 'none' : nothing}
            placeholder=${PICKER.choose}
            .value=${this.#query ?? (chosen === undefined ? this.value : nameOf(chosen))}
            @click=${() => this.#open()}
            @input=${(event: Event) => this.#typed((event.target as HTMLInputElement).value)}
            @keydown=${this.#onKey}
          />
          ${isOpen ? optionList({ options: this.#options, hasMore: this.#options.length === SHOWN, active: this.#active, chosen: this.value, manage: `${this.#base}/vault`, mayAdd: whyNot === undefined, choose: (connection) => this.#choose(connection) }) : nothing}
        </div>
        <button type="button" part="add" aria-label=${PICKER.add} aria-disabled=${whyNot === undefined ? nothing : 'true'} aria-describedby=${whyNot === undefined ? nothing : 'why-not'} title=${whyNot ?? PICKER.add} @click=${() => this.#add()}>${icon('plus')}</button>
      </div>
      <div id="below" part="state">${this.#below()}</div>
      ${whyNot === undefined ? nothing : html`<p class="muted below" id="why-not">${whyNot}</p>`}
      ${this.#context === undefined ? nothing : html`<vault-add-dialog .context=${this.#context} .appIds=${this.#addable} @connection-added=${this.#onSaved} @connection-updated=${this.#onSaved}></vault-add-dialog>`}`
  }

  #below(): TemplateResult | typeof nothing {
    if (this.#error !== undefined)
      return html`<p class="error-text below" role="alert">${icon('warning')}<span>${this.#error}</span></p>`
    if (this.#isUnknown)
      return html`<p class="error-text below">${icon('warning')}<span>${PICKER.unknown(this.value)}</span></p>`
    const chosen = this.#chosen
    if (chosen === undefined) return nothing
    const words = stateWords(chosen, this.#connectorOf(chosen), Date.now())
    if (words.action === undefined) return html`<span class="hidden-text">${words.sentence}</span>`
    const isRepair = ['add', 'connect', 'authorize', 'replace'].includes(words.action.kind)
    return html`<div class="below">
      ${stateLine(words)}
      ${isRepair ? stateButton(this.#context!, { action: words.action, run: (kind) => void this.#repair(chosen, kind) }) : nothing}
    </div>`
  }

  #connectorOf({ app_id: app }: Connection): Connector | undefined {
    return this.#connectors.find((each) => each.app_id === app)
  }

  #open(): void {
    if (this.#query === undefined) this.#typed('')
  }

  #typed(query: string): void {
    this.#query = query
    this.#active = -1
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#search(query), query === '' ? 0 : PAUSE_MS)
    this.requestUpdate()
  }

  async #search(q: string): Promise<void> {
    if (this.#context === undefined) return
    const query = queryOf({ view: 'full', sort: 'name', per_page: SHOWN, q: q.trim(), app_id: this.#appIds })
    try {
      const found = await this.#context.api.ask<Connection[]>('GET', `/connections${query}`)
      this.#options = optionsOf(found, (each) => this.#connectorOf(each))
      if (q === '') this.#isFew = found.length < SEARCHED_FROM
      this.#error = undefined
    } catch (error) {
      this.#error = error instanceof ApiError ? error.message : PICKER.failed
    }
    this.requestUpdate()
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.#options.length - 1
    if (event.key === 'Escape' && this.#query !== undefined) this.#closeList()
    else if (event.key === 'ArrowDown' && this.#query === undefined) this.#open()
    else if (event.key === 'ArrowDown') this.#active = Math.min(last, this.#active + 1)
    else if (event.key === 'ArrowUp') this.#active = Math.max(0, this.#active - 1)
    else if (event.key === 'Enter' && this.#active >= 0) this.#choose(this.#options[this.#active]!.connection)
    else return
    event.preventDefault()
    this.requestUpdate()
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector('.is-active')?.scrollIntoView({ block: 'nearest' }),
    )
  }

  #onFocusOut(event: FocusEvent): void {
    const box = event.currentTarget as HTMLElement
    if (!box.contains(event.relatedTarget as Node | null)) this.#closeList()
  }

  #closeList(): void {
    this.#query = undefined
    this.#active = -1
    this.requestUpdate()
  }

  #choose(connection: Connection): void {
    this.#chosen = connection
    this.value = connection.id
    this.#closeList()
    this.dispatchEvent(new Event('change', { bubbles: true }))
  }

  /** The apps that the dialog offers: its own, as far as permits name them; undefined for any. */
  get #addable(): readonly string[] | undefined {
    const apps = this.#appIds
    return apps.length === 0 ? undefined : apps.filter((app) => mayAddIn(this.#context!, app))
  }

  get #whyNotAdd(): string | undefined {
    return this.#context === undefined ? undefined : whyNotAdd(this.#context, this.#appIds)
  }

  async #add(): Promise<void> {
    if (this.#whyNotAdd !== undefined) return
    if (this.addIn === 'window') {
      window.open(`${this.#base}/vault/add`, '_blank', 'noopener')
      return
    }
    await this.#loadDialog()
    this.renderRoot.querySelector('vault-add-dialog')?.dispatchEvent(new CustomEvent('add'))
  }

  /** What few open is loaded when they do, its styles as well. */
  async #loadDialog(): Promise<void> {
    const { dialogSheet } = await import('./picker-dialog.ts')
    const root = this.renderRoot as ShadowRoot
    if (!root.adoptedStyleSheets.includes(dialogSheet)) root.adoptedStyleSheets = [...sheets, dialogSheet]
  }

  async #repair(connection: Connection, action: string): Promise<void> {
    await this.#loadDialog()
    const detail = { connection, action }
    this.renderRoot.querySelector('vault-add-dialog')?.dispatchEvent(new CustomEvent('repair', { detail }))
  }

  #onSaved(event: CustomEvent<{ connection: Connection }>): void {
    const { connection } = event.detail
    this.dispatchEvent(new CustomEvent(event.type, { detail: { id: connection.id }, bubbles: true }))
    this.#choose(connection)
  }
}

define('vault-connection-picker', VaultConnectionPicker)
