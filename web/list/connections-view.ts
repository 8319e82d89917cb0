import { html, nothing, type PropertyValues, type TemplateResult } from 'lit'
import type { Connection } from '../api/types.ts'
import { letterKey } from '../letter-keys.ts'
import { PAGE_ROOT } from '../mount.ts'
import type { Context } from '../page-context.ts'
import { pageIcon } from '../page-icons.ts'
import { whyNotAdd } from '../parts/allowed.ts'
import { problem, skeleton } from '../parts/pieces.ts'
import { addressOf, navigate, type Route } from '../router.ts'
import { LIST, PAGE } from '../texts/page-texts.ts'
import { clockOrDay } from '../time.ts'
import { define, View } from '../view.ts'
import '../connection/connection-panel.ts'
import './bulk-bar.ts'
import './connections-table.ts'
import './filter-bar.ts'
import type { FilterBar } from './filter-bar.ts'
import { type Filters, filtersOf, isFiltered, queryOfFilters } from './filters.ts'
import { focusRow } from './focus-row.ts'
import { ListController } from './list-controller.ts'
import { addButton, emptyVault, needYou, nothingFound, type Outcome, outcomeLine } from './list-parts.ts'
import type { ListStore } from './list-store.ts'
import { findSameAccount } from './same-account.ts'

const WIDE = '(min-width: 1200px)'

/** The list, its filters, and the connection that is open beside it. */
export class VaultConnections extends View {
  static override properties = { context: {}, route: {} }
  declare context: Context
  declare route: Route
  #list: ListController | undefined
  #filters: Filters = filtersOf(new URLSearchParams())
  #outcome: Outcome | undefined
  readonly #wide = matchMedia(WIDE)
  readonly #onKey = (event: KeyboardEvent): void => this.#key(event)
  readonly #onWide = (): void => this.requestUpdate()

  override connectedCallback(): void {
    super.connectedCallback()
    document.addEventListener('keydown', this.#onKey)
    this.#wide.addEventListener('change', this.#onWide)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    document.removeEventListener('keydown', this.#onKey)
    this.#wide.removeEventListener('change', this.#onWide)
  }

  protected override willUpdate(changed: PropertyValues): void {
    this.#filters = filtersOf(this.route.query)
    if (this.#list === undefined) {
      this.#list = new ListController(this, this.context, this.#filters)
      void this.#list.open()
    } else if (changed.has('route')) this.#list.filter(this.#filters)
    if (changed.has('route') && this.route.add) this.#add()
  }

  protected override render(): TemplateResult {
    const { id } = this.route
    const isBeside = id !== undefined && this.#wide.matches
    return html`<div class="columns ${isBeside ? 'has-panel' : ''}" @connection-changed=${this.#onChangedHere}>
        <section class="list" aria-busy=${this.#list!.store.isLoading}>${this.#rowsAndFilters()}</section>
        ${id === undefined ? nothing : this.#panel(id)}
      </div>
      <vault-add-dialog
        .context=${this.context}
        @connection-added=${this.#onAdded}
        @connection-updated=${this.#onAdded}
        @dialog-closed=${() => this.route.add && navigate(PAGE_ROOT, { replace: true })}
      ></vault-add-dialog>
      <connection-dialogs
        .context=${this.context}
        .connectors=${this.#list!.connectors}
        @connection-changed=${this.#onChangedHere}
        @connection-deleted=${this.#onDeletedHere}
      ></connection-dialogs>`
  }

  #rowsAndFilters(): TemplateResult {
    const { store, connectors, waiting } = this.#list!
    const { summary } = store
    document.title =
      summary === undefined || summary.needs_person === 0
        ? `${PAGE.connections} · ${PAGE.product}`
        : `(${summary.needs_person}) ${PAGE.connections} · ${PAGE.product}`
    return html`
      <div class="title-line">
        <h1>${PAGE.connections}</h1>
        ${addButton(this.context, () => this.#add())}
      </div>
      ${outcomeLine(this.#outcome, () => this.#tell(undefined))}
      ${summary === undefined ? nothing : needYou(summary, connectors, { filters: this.#filters, show: (state) => this.#filter({ ...this.#filters, state }) })}
      ${
        summary === undefined || (summary.total === 0 && !isFiltered(this.#filters))
          ? nothing
          : html`<filter-bar
              .filters=${this.#filters}
              .connectors=${[...connectors.values()]}
              .total=${summary.total}
              @filters-change=${(event: CustomEvent<Filters>) => this.#filter(event.detail)}
            ></filter-bar>`
      }
      ${this.#selectionBar()}
      ${
        waiting === 0
          ? nothing
          : html`<div class="pending-changes" role="status">
              <button type="button" class="small" @click=${() => this.#list!.reload()}>
                ${pageIcon('refresh')} ${LIST.changes(waiting)}
              </button>
            </div>`
      }
      ${this.#rows(store)}
    `
  }

  #rows(store: ListStore): TemplateResult {
    const { summary, error } = store
    if (error !== undefined) {
      const at = store.loadedAtMs
      return html`${problem(error, () => this.#list!.reload())}
      ${
        summary === undefined
          ? nothing
          : html`<p class="meta">${LIST.stale(clockOrDay(at ?? Date.now(), Date.now()))}</p>
              <div class="stale">${this.#table(store)}</div>`
      }`
    }
    if (summary === undefined) return skeleton(8)
    if (summary.total === 0) {
      return isFiltered(this.#filters)
        ? nothingFound(this.#filters, this.#list!.connectors, () =>
            this.#filter({ ...this.#filters, q: '', app: '', state: '' }),
          )
        : emptyVault(this.context, () => this.#add())
    }
    return this.#table(store)
  }

  #table(store: ListStore): TemplateResult {
    return html`<connections-table
      .context=${this.context}
      .store=${store}
      .connectors=${this.#list!.connectors}
      .isGrouped=${this.#filters.sort === 'app'}
      .openId=${this.route.id}
      .version=${this.#list!.version}
      .selected=${this.#list!.selected}
      .lit=${this.#list!.lit}
      .owner=${{
        addressOf: (connection: Connection) => addressOf({ id: connection.id, query: this.route.query }),
        act: (connection: Connection, action: string) => this.#act(connection, action),
      }}
      @select-row=${this.#onSelect}
    ></connections-table>`
  }

  #panel(id: string): TemplateResult {
    return html`<vault-connection
      .context=${this.context}
      .connectors=${this.#list!.connectors}
      .connectionId=${id}
      .query=${this.route.query}
      .version=${this.#list!.version}
      .changes=${this.#list!.changes}
      .isBeside=${this.#wide.matches}
      @close=${() => this.#closePanel(id)}
      @act=${(event: CustomEvent<{ connection: Connection; action: string }>) =>
        this.#act(event.detail.connection, event.detail.action)}
    ></vault-connection>`
  }

  #selectionBar(): TemplateResult | typeof nothing {
    if (this.#list!.selected.size === 0) return nothing
    const rows = [...this.#list!.selected].flatMap((id) => this.#list!.store.find(id) ?? [])
    return html`<bulk-bar
      .context=${this.context}
      .connectors=${this.#list!.connectors}
      .rows=${rows}
      @bulk-one=${(event: CustomEvent<string>) => this.#list!.own(event.detail)}
      @bulk-done=${() => this.#list!.reload()}
      @bulk-clear=${() => focusRow(this, this.#list!.unselect())}
    ></bulk-bar>`
  }

  #filter(filters: Filters): void {
    navigate(addressOf({ id: this.route.id, query: queryOfFilters(filters) }), { replace: true })
  }

  #onSelect(event: CustomEvent<{ id: string; isSelected: boolean }>): void {
    const { id, isSelected } = event.detail
    if (isSelected) this.#list!.selected.add(id)
    else this.#list!.selected.delete(id)
    this.#list!.refresh()
  }

  #act(connection: Connection, action: string): void {
    const query = new URLSearchParams(this.route.query)
    if (['add', 'connect', 'authorize', 'replace'].includes(action)) this.#repair(connection, action)
    else if (action === 'why' || action === 'open') {
      query.set('do', action)
      navigate(addressOf({ id: connection.id, query }))
    } else {
      void import('../connection/connection-dialogs.ts').then(() =>
        this.querySelector('connection-dialogs')?.dispatchEvent(
          new CustomEvent('show', { detail: { connection, action } }),
        ),
      )
    }
  }

  #repair(connection: Connection, action: string): void {
    this.#showDialog(new CustomEvent('repair', { detail: { connection, action } }))
  }

  #add(): void {
    if (whyNotAdd(this.context) === undefined) this.#showDialog(new CustomEvent('add'))
  }

  #showDialog(event: CustomEvent): void {
    void import('../add/add-dialog.ts').then(() =>
      this.querySelector('vault-add-dialog')?.dispatchEvent(event),
    )
  }

  async #onAdded(event: CustomEvent<{ connection: Connection }>): Promise<void> {
    const { connection } = event.detail
    const text = connection.status === 'empty' ? LIST.added : connection.ready ? LIST.ready : LIST.waiting
    const told = { text: text(connection.name), connection }
    const left = document.activeElement
    this.#tell(told)
    this.#list!.own(connection.id)
    await this.#list!.reload()
    this.#list!.light([connection.id])
    await this.updateComplete
    // Whoever went on meanwhile keeps the focus.
    if ([left, document.body].includes(document.activeElement)) focusRow(this, connection.id)
    // One that was there before has flows: nobody is asked to delete it.
    if (event.type === 'connection-added') await this.#tellSame(told)
  }

  /** Adds to what was told that the account is connected twice, unless something else is told by then. */
  async #tellSame(told: Outcome & { readonly connection: Connection }): Promise<void> {
    const same = await findSameAccount(this.context, told.connection)
    const drop = (): void => this.#act(told.connection, 'delete')
    if (same !== undefined && this.#outcome === told) this.#tell({ ...told, same, drop })
  }

  async #onChangedHere(event: CustomEvent<{ connection?: Connection; text?: string }>): Promise<void> {
    const { connection, text } = event.detail
    if (text !== undefined) this.#tell({ text })
    if (connection !== undefined) {
      this.#list!.own(connection.id)
      this.#list!.store.replace(connection)
    }
    await this.#list!.reload()
  }

  async #onDeletedHere(
    event: CustomEvent<{ connection: Connection; undo?(): Promise<void> }>,
  ): Promise<void> {
    const { connection, undo } = event.detail
    const back = (): void =>
      void undo!()
        .then(() => this.#list!.reload())
        .then(() => this.#tell(undefined))
    this.#list!.own(connection.id)
    if (this.route.id === connection.id) navigate(addressOf({ query: this.route.query }), { asks: false })
    const text = undo === undefined ? LIST.purgedLine(connection.name) : LIST.deletedLine(connection.name)
    this.#tell({ text, ...(undo === undefined ? {} : { undo: back }) })
    await this.#list!.reload()
  }

  #closePanel(id: string): void {
    const query = new URLSearchParams(this.route.query)
    for (const name of ['do', 'tab']) query.delete(name)
    navigate(addressOf({ query }))
    void this.updateComplete.then(() => focusRow(this, id))
  }

  #tell(outcome: Outcome | undefined): void {
    this.#outcome = outcome
    this.#list!.refresh()
  }

  #key(event: KeyboardEvent): void {
    const isSearch = (event.ctrlKey || event.metaKey) && event.key === 'k'
    const key = letterKey(event)
    if (isSearch || key === '/') this.querySelector<FilterBar>('filter-bar')?.focusSearch()
    else if (key === 'a') this.#add()
    else return
    event.preventDefault()
  }
}

define('vault-connections', VaultConnections)
