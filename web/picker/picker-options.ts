import { html, type TemplateResult } from 'lit'
import type { Connection, Connector } from '../api/types.ts'
import { icon } from '../icons.ts'
import { stateLine, tile } from '../parts/identity.ts'
import { type StateWords, stateWords } from '../state-words.ts'
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

/** Which group a state is in: what can be used comes first. */
function groupOf({ words: { hue } }: PickerOption): number {
  return hue === 'green' ? 0 : hue === 'amber' ? 1 : 2
}

/** The connections as they can be chosen, group by group, each in the order in which they came. */
export function optionsOf(
  connections: readonly Connection[],
  connectorOf: (connection: Connection) => Connector | undefined,
): readonly PickerOption[] {
  return connections
    .map((connection) => {
      const connector = connectorOf(connection)
      const label = connector?.label ?? connection.app_id
      return { connection, label, words: stateWords(connection, connector, Date.now()) }
    })
    .sort((a, b) => groupOf(a) - groupOf(b))
}

/** The list under the field; each says who it is and how it stands. */
export function optionList(list: {
  options: readonly PickerOption[]
  active: number
  chosen: string
  manage: string
  mayAdd: boolean
  /** True where the vault has others that fit. */
  hasMore: boolean
  choose(connection: Connection): void
}): TemplateResult {
  const { options } = list
  const groups = [...Map.groupBy(options, groupOf)]
  const one = (option: PickerOption): TemplateResult => {
    const { connection, label, words } = option
    const index = options.indexOf(option)
    return html`<div
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
    </div>`
  }
  return html`<div class="options">
    <div role="listbox" id="options" aria-label=${PICKER.label}>
      ${groups.map(([group, own]) =>
        groups.length < 2
          ? own.map(one)
          : html`<div role="group" aria-label=${PICKER.groups[group]!}><p class="group meta" aria-hidden="true">${PICKER.groups[group]}</p>${own.map(one)}</div>`,
      )}
    </div>
    ${options.length === 0 ? html`<p class="option muted" role="status">${list.mayAdd ? PICKER.none : PICKER.noneAtAll}</p>` : ''}
    ${list.hasMore ? html`<p class="group meta">${PICKER.more}</p>` : ''}
    <a class="option" href=${list.manage} target="_blank" rel="noopener">${PICKER.manage} ${icon('external')}</a>
  </div>`
}
