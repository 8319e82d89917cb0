import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Connector } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import type { MenuItem } from '../parts/action-menu.ts'
import { stateButton } from '../parts/allowed.ts'
import { stateLine, tile } from '../parts/identity.ts'
import { timeAgo } from '../parts/pieces.ts'
import { stateWords } from '../state-words.ts'
import { LIST } from '../texts/page-texts.ts'

/** What a row shows and does. */
export interface RowOptions {
  readonly context: Context
  readonly connection: Connection
  readonly connector: Connector | undefined
  readonly address: string
  /** Counted from 1 over the whole list. */
  readonly position: number
  readonly isSelected: boolean
  readonly isOpen: boolean
  readonly isLit: boolean
  readonly menu: readonly MenuItem[]
  /** The field in the place of the name, while somebody renames it. */
  readonly rename: TemplateResult | undefined
  onAction(kind: string): void
  onSelect(isSelected: boolean): void
}

/** One connection: who it is, how it stands in one sentence, and what to do about it. */
export function row(options: RowOptions): TemplateResult {
  const { connection, connector, position } = options
  const words = stateWords(connection, connector, Date.now())
  const label = connector?.label ?? connection.app_id
  if (options.rename !== undefined) {
    return html`<tr class="row is-renamed" data-id=${connection.id} aria-rowindex=${position + 1}>
      <td colspan="5"><span class="renaming">${tile(connection.app_id, label)}${options.rename}</span></td>
    </tr>`
  }
  const classes = ['row', options.isOpen ? 'is-open' : '', options.isLit ? 'is-lit' : ''].join(' ')
  return html`<tr
    class=${classes}
    data-id=${connection.id}
    aria-rowindex=${position + 1}
    aria-selected=${options.isOpen ? 'true' : nothing}
    @click=${openByMouse}
  >
    <td class="c-name">
      <input
        type="checkbox"
        class="select"
        aria-label=${LIST.select(connection.name)}
        .checked=${options.isSelected}
        @change=${(event: Event) => options.onSelect((event.target as HTMLInputElement).checked)}
      />${tile(connection.app_id, label)}
      <span class="names">
        <a class="name" href=${options.address} title=${connection.name}><bdi>${connection.name}</bdi></a>
        ${accountOf(connection) === '–' ? nothing : html`<span class="account-under meta"><bdi>${accountOf(connection)}</bdi></span>`}
      </span>
    </td>
    <td class="c-account"><bdi>${accountOf(connection)}</bdi></td>
    <td class="c-state">
      <span class="state-cell">
        ${stateLine(words)}
        ${
          words.action === undefined
            ? nothing
            : stateButton(options.context, {
                action: words.action,
                of: connection.name,
                run: options.onAction,
              })
        }
      </span>
    </td>
    <td class="c-use ${isUsed(connection) ? '' : 'is-unused'}">${useOf(connection)}</td>
    <td class="c-more"><action-menu .label=${LIST.more(connection.name)} .items=${options.menu}></action-menu></td>
  </tr>`
}

function accountOf(connection: Connection): string {
  return connection.account?.email ?? connection.account_name ?? '–'
}

function isUsed({ used_by_count: flows, last_used_at: usedAt }: Connection): boolean {
  return Boolean(flows) || usedAt !== null
}

function useOf(connection: Connection): TemplateResult | string {
  const { used_by_count: flows, last_used_at: usedAt } = connection
  if (!isUsed(connection)) return '–'
  return html`${flows ? LIST.flows(flows) : nothing}${flows && usedAt !== null ? ' · ' : nothing}${
    usedAt === null ? nothing : timeAgo(usedAt)
  }`
}

/** The whole row opens by mouse, but for what has a use of its own, and for text that was being selected. */
function openByMouse(event: MouseEvent): void {
  const target = event.target as Element
  if (target.closest('a, button, input, action-menu, label') !== null) return
  if (String(getSelection()) !== '') return
  ;(event.currentTarget as Element).querySelector<HTMLAnchorElement>('a.name')?.click()
}
