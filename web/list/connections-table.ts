import { html, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { guard } from 'lit/directives/guard.js'
import { repeat } from 'lit/directives/repeat.js'
import type { Connection, Connector } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { pageIcon } from '../page-icons.ts'
import { LIST } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'
import { type Block, groupedBlocks, plainBlocks, visibleRange } from './blocks.ts'
import { connectionMenu } from './connection-menu.ts'
import type { ListStore } from './list-store.ts'
import './rename-in-place.ts'
import { row } from './row.ts'
import { moveInTable } from './table-keys.ts'

const HEAD_HEIGHT_PX = 36
const ROW_HEIGHT_PX = 44
/** Rows that are drawn anew in one frame: about 20 ms of work on a slow machine, so that no frame is a long one. */
const ROWS_A_FRAME = 12
const MINUTE_MS = 60_000
/** Above this, groups are closed until somebody opens one. */
const FOLD_ABOVE = 200

/** What the table asks its owner. */
export interface TableOwner {
  addressOf(connection: Connection): string
  act(connection: Connection, action: string): void
}

/** The rows: a table that holds only what the window shows, in chunks, with spacers for the rest. */
export class ConnectionsTable extends View {
  static override properties = {
    context: {},
    store: {},
    connectors: {},
    isGrouped: { type: Boolean },
    openId: {},
    owner: {},
    version: {},
    selected: {},
    lit: {},
  }
  declare context: Context
  declare store: ListStore
  declare connectors: ReadonlyMap<string, Connector>
  declare isGrouped: boolean
  declare openId: string | undefined
  declare owner: TableOwner
  declare version: number
  declare selected: ReadonlySet<string>
  declare lit: ReadonlySet<string>
  #blocks: readonly Block[] = []
  #heights = new Map<string, number>()
  #toggled = new Set<string>()
  #renamed: string | undefined
  /** How far the table is scrolled over the window's edge. */
  #top = 0
  #frame = 0
  /** Those that are in the document, and those that are drawn now. */
  #drawn: ReadonlySet<string> = new Set()
  #drawing = new Set<string>()
  #left = 0
  #isCut = false
  readonly #onScroll = (): void => {
    cancelAnimationFrame(this.#frame)
    this.#frame = requestAnimationFrame(() => this.requestUpdate())
  }

  override connectedCallback(): void {
    super.connectedCallback()
    window.addEventListener('scroll', this.#onScroll, { passive: true })
    window.addEventListener('resize', this.#onScroll, { passive: true })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    window.removeEventListener('scroll', this.#onScroll)
    window.removeEventListener('resize', this.#onScroll)
  }

  protected override render(): TemplateResult {
    const { summary } = this.store
    // What is drawn in several frames is measured when it is there.
    if (!this.#isCut) this.#measure()
    this.#drawn = this.#drawing
    this.#drawing = new Set()
    this.#left = ROWS_A_FRAME
    this.#isCut = false
    const total = summary?.total ?? 0
    this.#blocks =
      this.isGrouped && summary !== undefined
        ? groupedBlocks(summary.by_app, (app) => this.#isOpen(app, total))
        : plainBlocks(total)
    const heights = this.#blocks.map((block) => this.#heightOf(block))
    const range = visibleRange(heights, { top: this.#top, height: window.innerHeight })
    const shown = this.#blocks.slice(range.from, range.to)
    return html`<table
      class="connections"
      aria-rowcount=${total + 1}
      @keydown=${(event: KeyboardEvent) => moveInTable(this, event)}
    >
      <caption class="hidden-text">${LIST.total(total)}</caption>
      <thead>
        <tr aria-rowindex="1">
          <th scope="col" class="c-name">${LIST.columns.connection}</th>
          <th scope="col" class="c-account">${LIST.columns.account}</th>
          <th scope="col" class="c-state">${LIST.columns.state}</th>
          <th scope="col" class="c-use">${LIST.columns.use}</th>
          <th scope="col" class="c-more"><span class="hidden-text">${LIST.columns.actions}</span></th>
        </tr>
      </thead>
      ${spacer(range.before)}
      ${repeat(shown, keyOf, (block) => this.#block(block))}
      ${spacer(range.after)}
    </table>`
  }

  /** Before anything is drawn, when the last layout still holds: to ask after it would be to lay out twice. */
  #measure(): void {
    this.#top = this.isConnected ? -this.getBoundingClientRect().top : 0
    for (const element of this.querySelectorAll<HTMLElement>('tbody[data-key]')) {
      this.#heights.set(element.dataset['key']!, element.offsetHeight)
    }
  }

  protected override updated(_changed: PropertyValues): void {
    if (this.#isCut) this.#onScroll()
    for (const element of this.querySelectorAll<HTMLElement>('tbody.spacer td')) {
      element.style.height = `${element.dataset['height']}px`
    }
  }

  #heightOf(block: Block): number {
    const known = this.#heights.get(keyOf(block))
    if (known !== undefined && known > 0) return known
    return block.kind === 'head' ? HEAD_HEIGHT_PX : (block.end - block.start) * ROW_HEIGHT_PX
  }

  #isOpen(app: string, total: number): boolean {
    const usually = total <= FOLD_ABOVE || (this.store.summary?.by_app.length ?? 0) === 1
    return this.#toggled.has(app) ? !usually : usually
  }

  #block(block: Block): TemplateResult {
    if (block.kind === 'head') return this.#head(block)
    const indices = Array.from({ length: block.end - block.start }, (_, offset) => block.start + offset)
    this.store.want(block.start)
    return html`<tbody data-key=${keyOf(block)}>
      ${indices.map((index) => this.#row(index))}
    </tbody>`
  }

  #head({ app, count, isOpen }: Extract<Block, { kind: 'head' }>): TemplateResult {
    const label = this.connectors.get(app)?.label ?? app
    return html`<tbody data-key="head-${app}" class="group">
      <tr>
        <th scope="rowgroup" colspan="5">
          <button
            type="button"
            class="fold"
            aria-expanded=${isOpen}
            @click=${() => this.#toggle(app)}
          >
            ${pageIcon(isOpen ? 'down' : 'right')}<bdi>${label}</bdi
            ><span class="muted">${count}</span
            ><span class="hidden-text">${LIST.groupOf(count)}</span>
          </button>
        </th>
      </tr>
    </tbody>`
  }

  #row(index: number): TemplateResult {
    const connection = this.store.row(index)
    if (connection === undefined || !this.#takeTurn(connection.id)) {
      return html`<tr class="row is-absent" aria-rowindex=${index + 2}>
        <td colspan="5"><div class="skeleton"></div></td>
      </tr>`
    }
    const connector = this.connectors.get(connection.app_id)
    const address = this.owner.addressOf(connection)
    const isSelected = this.selected.has(connection.id)
    const isOpen = this.openId === connection.id
    const isLit = this.lit.has(connection.id)
    const isRenamed = this.#renamed === connection.id
    const minute = Math.floor(Date.now() / MINUTE_MS)
    const act = (action: string): void => this.#act(connection, action)
    // Of many rows few change at a time; the others are not looked at.
    const seen = [
      this.context,
      connection,
      connector,
      address,
      index,
      isSelected,
      isOpen,
      isLit,
      isRenamed,
      minute,
    ]
    return html`${guard(seen, () =>
      row({
        context: this.context,
        connection,
        connector,
        address,
        position: index + 1,
        isSelected,
        isOpen,
        isLit,
        menu: connectionMenu({ context: this.context, connection, connector, run: act }),
        rename: isRenamed ? this.#field(connection) : undefined,
        onAction: act,
        onSelect: (wanted) =>
          this.dispatchEvent(
            new CustomEvent('select-row', { detail: { id: connection.id, isSelected: wanted } }),
          ),
      }),
    )}`
  }

  /** True where the row is there already, or this frame has time for it; the others come with the next ones. */
  #takeTurn(id: string): boolean {
    if (!this.#drawn.has(id)) {
      if (this.#left === 0) {
        this.#isCut = true
        return false
      }
      this.#left -= 1
    }
    this.#drawing.add(id)
    return true
  }

  /** A name is changed here, where it becomes the field. */
  #act(connection: Connection, action: string): void {
    if (action === 'rename') {
      this.#renamed = connection.id
      this.requestUpdate()
    } else this.owner.act(connection, action)
  }

  #field(connection: Connection): TemplateResult {
    return html`<rename-in-place .context=${this.context} .connection=${connection} @rename-ended=${() => this.#endRename(connection.id)}></rename-in-place>`
  }

  #endRename(id: string): void {
    this.#renamed = undefined
    this.requestUpdate()
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>(`tr[data-id="${CSS.escape(id)}"] a.name`)?.focus(),
    )
  }

  #toggle(app: string): void {
    if (!this.#toggled.delete(app)) this.#toggled.add(app)
    this.requestUpdate()
  }
}

function keyOf(block: Block): string {
  return block.kind === 'head' ? `head-${block.app}` : `rows-${block.start}-${block.end}`
}

/** A row as high as those that are not drawn; its height is set as a property, which the policy allows. */
function spacer(height: number): TemplateResult | typeof nothing {
  if (height <= 0) return nothing
  return html`<tbody class="spacer" aria-hidden="true"><tr><td colspan="5" data-height=${height}></td></tr></tbody>`
}

define('connections-table', ConnectionsTable)
