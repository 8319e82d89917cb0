import { html, type TemplateResult } from 'lit'
import type { Connection } from '../api/types.ts'
import { icon } from '../icons.ts'
import { stateLine, tile } from '../parts/identity.ts'
import type { StateWords } from '../state-words.ts'
import { PICKER } from '../texts/picker-texts.ts'

/** A connection that can be chosen, with its state in words. */
export interface PickerOption {
  readonly connection: Connection
  readonly label: string
  readonly words: StateWords
}

/** The connection, and whose account it is. */
export function nameOf(connection: Connection): string {
  const account = connection.account?.email ?? connection.account_name
  return account === undefined ? connection.name : `${connection.name} · ${account}`
}

/** The list under the field; each says who it is and how it stands. */
export function optionList(list: {
  options: readonly PickerOption[]
  active: number
  chosen: string
  manage: string
  mayAdd: boolean
  choose(connection: Connection): void
}): TemplateResult {
  return html`<div class="options">
    <div role="listbox" id="options" aria-label=${PICKER.label}>
      ${list.options.map(
        ({ connection, label, words }, index) => html`<div
          class="option ${index === list.active ? 'is-active' : ''}"
          role="option"
          id="option-${index}"
          aria-selected=${connection.id === list.chosen}
          @mousedown=${(event: Event) => event.preventDefault()}
          @click=${() => list.choose(connection)}
        >
          ${tile(connection.app_id, label)}
          <span
            ><bdi class="strong">${connection.name}</bdi>
            <bdi class="meta">${connection.account?.email ?? connection.account_name ?? ''}</bdi></span
          >
          ${stateLine(words)}
        </div>`,
      )}
    </div>
    ${list.options.length === 0 ? html`<p class="option muted" role="status">${list.mayAdd ? PICKER.none : PICKER.noneAtAll}</p>` : ''}
    <a class="option" href=${list.manage} target="_blank" rel="noopener">${PICKER.manage} ${icon('external')}</a>
  </div>`
}
