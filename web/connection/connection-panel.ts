import { html, nothing, type PropertyValues, render, type TemplateResult } from 'lit'
import { queryOf } from '../api/api.ts'
import { ApiError } from '../api/api-error.ts'
import type { Connection, Connector } from '../api/types.ts'
import { connectionMenu } from '../list/connection-menu.ts'
import { PAGE_ROOT } from '../mount.ts'
import type { Context } from '../page-context.ts'
import { pageIcon } from '../page-icons.ts'
import { stateButton } from '../parts/allowed.ts'
import { stateLine, tile } from '../parts/identity.ts'
import { problem, skeleton } from '../parts/pieces.ts'
import { stateWords } from '../state-words.ts'
import { CONNECTION } from '../texts/connection-words.ts'
import { PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'
import '../list/rename-in-place.ts'
import './connection-activity.ts'
import './connection-flows.ts'
import { overviewTab } from './overview-tab.ts'
import { useTab } from './use-tab.ts'

type Tab = keyof typeof CONNECTION.tabs
const TABS = Object.keys(CONNECTION.tabs) as Tab[]

/** One connection: beside the list where there is room, else over it. */
export class VaultConnection extends View {
  static override properties = {
    context: {},
    connectors: {},
    connectionId: {},
    query: {},
    version: {},
    changes: {},
    isBeside: { type: Boolean },
  }
  declare context: Context
  declare connectors: ReadonlyMap<string, Connector>
  declare connectionId: string
  declare query: URLSearchParams
  /** Rises with everything that is to be drawn anew. */
  declare version: number
  /** Rises when the vault may hold something else. */
  declare changes: number
  declare isBeside: boolean
  #connection: Connection | undefined
  #error: unknown
  #tab: Tab = 'overview'
  #isFocused = false
  #isRenaming = false
  /** The same wherever it stands: what is typed in it outlives a window that becomes narrower or wider. */
  readonly #body = document.createElement('div')
  /** What had the focus in it, when it is about to stand elsewhere. */
  #held: HTMLElement | undefined
  /** Once it was looked at it stays, out of sight, with what is typed in it. */
  #hasSettings = false

  constructor() {
    super()
    this.#body.className = 'panel-body'
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { activeElement: at } = document
    const isMoved = changed.has('isBeside') && at instanceof HTMLElement && this.#body.contains(at)
    this.#held = isMoved ? at : undefined
    if (changed.has('connectionId')) {
      this.#connection = undefined
      this.#isFocused = false
      this.#isRenaming = false
      const asked = this.query.get('tab') as Tab | null
      this.#tab = asked !== null && TABS.includes(asked) ? asked : 'overview'
      this.#hasSettings = false
    }
    // Its forms are those of the dialog, and loaded when somebody looks at them.
    if (this.#tab === 'settings' && !this.#hasSettings) {
      this.#hasSettings = true
      void import('./connection-settings.ts')
    }
    if (changed.has('connectionId') || changed.has('changes')) void this.#load()
  }

  async #load(): Promise<void> {
    const id = this.connectionId
    try {
      const connection = await this.context.api.connection(id)
      if (id !== this.connectionId) return
      this.#connection = connection
      this.#error = undefined
    } catch (error) {
      const isGone = error instanceof ApiError && error.status === 404
      const deleted = isGone ? await this.#deleted(id) : undefined
      if (id !== this.connectionId) return
      this.#connection = deleted
      this.#error = deleted === undefined ? error : undefined
    }
    this.requestUpdate()
  }

  /** One that was deleted says by whom, and can be brought back, for as long as it is kept. */
  async #deleted(id: string): Promise<Connection | undefined> {
    const path = `/connections${queryOf({ deleted: true, q: id, view: 'full' })}`
    const found = await this.context.api.ask<Connection[]>('GET', path).catch(() => [])
    return found.find((each) => each.id === id)
  }

  protected override render(): TemplateResult {
    render(this.#content(), this.#body, { host: this })
    const label = this.#connection?.name ?? PAGE.loading
    return this.isBeside
      ? html`<aside class="panel" aria-label=${label} @keydown=${this.#onKey}>${this.#body}</aside>`
      : html`<dialog class="sheet" aria-label=${label} closedby="none" @close=${this.#close} @keydown=${this.#onKey}>
          <div class="dialog-body scrolls-down">${this.#body}</div>
        </dialog>`
  }

  protected override updated(): void {
    const held = this.#held
    const dialog = this.querySelector<HTMLDialogElement>('dialog.sheet')
    // A window that was made narrower does not lay the sheet over what somebody types or is asked.
    const isAsked = document.querySelector('dialog:modal:not(.sheet)') !== null
    if (dialog !== null && !dialog.open && !isAsked) dialog.showModal()
    // Whoever turns their screen goes on where they were.
    if (held !== undefined && held !== document.activeElement) held.focus()
    if (this.#connection === undefined || this.#isFocused) return
    this.#isFocused = true
    const asked = this.query.get('do')
    const target =
      asked === null || asked === 'open' ? null : this.querySelector<HTMLElement>('.panel-state button')
    ;(target ?? this.querySelector<HTMLElement>('.panel-title h2'))?.focus()
  }

  #content(): TemplateResult {
    if (this.#error !== undefined) {
      const isGone = this.#error instanceof ApiError && this.#error.status === 404
      return html`<div class="panel-head"><div class="panel-title"><h2 tabindex="-1">${isGone ? CONNECTION.gone : PAGE.connections}</h2>${this.#closeButton()}</div></div>
        <div class="panel-rest">${isGone ? html`<a href=${PAGE_ROOT}>${PAGE.toList}</a>` : problem(this.#error, () => this.#load())}</div>`
    }
    const connection = this.#connection
    if (connection === undefined) return skeleton(5)
    const connector = this.connectors.get(connection.app_id)
    const words = stateWords(connection, connector, Date.now())
    return html`<div class="panel-head">
        <div class="panel-title">
          ${tile(connection.app_id, connector?.label ?? connection.app_id)}
          ${
            this.#isRenaming
              ? html`<rename-in-place .context=${this.context} .connection=${connection} @rename-ended=${this.#endRename}></rename-in-place>`
              : html`<h2 tabindex="-1"><bdi>${connection.name}</bdi></h2>`
          }
          <action-menu .label=${CONNECTION.more} .items=${connectionMenu({ context: this.context, connection, connector, run: (action) => this.#act(action) }).slice(connection.deleted ? 0 : 1)}></action-menu>
          ${this.#closeButton()}
        </div>
        <div class="panel-state">
          ${stateLine(words)}
          ${words.action === undefined || words.action.kind === 'why' ? nothing : stateButton(this.context, { action: words.action, isPrimary: true, run: (kind) => this.#act(kind) })}
        </div>
        ${connection.deleted ? nothing : this.#tabList()}
      </div>
      ${
        connection.deleted
          ? html`<div class="panel-rest stack">${overviewTab(connection, connector)}</div>`
          : html`<div role="tabpanel" id="tab-panel" aria-labelledby="tab-${this.#tab}" tabindex="0">${this.#tabContent(connection, connector)} ${this.#settings(connection)}</div>`
      }`
  }

  #closeButton(): TemplateResult {
    return html`<button type="button" class="quiet icon-only" aria-label=${PAGE.close} @click=${this.#close}>${pageIcon('close')}</button>`
  }

  #tabList(): TemplateResult {
    return html`<div role="tablist" @keydown=${this.#onTabKey}>
      ${TABS.map(
        (tab) =>
          html`<button type="button" role="tab" id="tab-${tab}" aria-controls="tab-panel" aria-selected=${tab === this.#tab} tabindex=${tab === this.#tab ? 0 : -1} @click=${() => this.#show(tab)}>${CONNECTION.tabs[tab]}</button>`,
      )}
    </div>`
  }

  #settings(connection: Connection): TemplateResult | typeof nothing {
    if (!this.#hasSettings) return nothing
    return html`<connection-settings
      class="stack"
      ?hidden=${this.#tab !== 'settings'}
      .context=${this.context}
      .connectors=${this.connectors}
      .connection=${connection}
      @connection-changed=${(event: CustomEvent<{ connection: Connection }>) => {
        this.#connection = event.detail.connection
        this.requestUpdate()
      }}
      @replace=${() => this.#act('replace')}
      @asked=${() => {
        this.#tab = 'settings'
        this.requestUpdate()
      }}
    ></connection-settings>`
  }

  #tabContent(connection: Connection, connector: Connector | undefined): TemplateResult | typeof nothing {
    switch (this.#tab) {
      case 'overview':
        return overviewTab(connection, connector)
      case 'settings':
        return nothing
      case 'use':
        return useTab(connection, this.context.identity.public_url)
      case 'flows':
        return html`<connection-flows .context=${this.context} .connection=${connection}></connection-flows>`
      default:
        return html`<connection-activity .context=${this.context} .connectionId=${connection.id} .version=${this.version} .changes=${this.changes}></connection-activity>`
    }
  }

  #show(tab: Tab): void {
    this.#tab = tab
    this.requestUpdate()
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#tab-${tab}`)?.focus())
  }

  #onTabKey(event: KeyboardEvent): void {
    const at = TABS.indexOf(this.#tab)
    const last = TABS.length - 1
    const targets: Record<string, number> = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    }
    const next = targets[event.key]
    if (next === undefined) return
    event.preventDefault()
    this.#show(TABS[next]!)
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.defaultPrevented) return
    event.preventDefault()
    this.#close()
  }

  #endRename(event: CustomEvent<{ connection?: Connection }>): void {
    this.#isRenaming = false
    if (event.detail.connection !== undefined) this.#connection = event.detail.connection
    this.requestUpdate()
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.panel-title h2')?.focus())
  }

  #act(action: string): void {
    if (action === 'rename') {
      this.#isRenaming = true
      this.requestUpdate()
      return
    }
    this.dispatchEvent(new CustomEvent('act', { detail: { connection: this.#connection, action } }))
  }

  #close(): void {
    this.dispatchEvent(new Event('close'))
  }
}

define('vault-connection', VaultConnection)
