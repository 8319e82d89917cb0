import { html, type TemplateResult } from 'lit'
import type { Connector } from '../api/types.ts'
import { pageIcon } from '../page-icons.ts'
import { LIST } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'
import { type Filters, statesIn } from './filters.ts'

/** A person types on; the list follows when they pause. */
const PAUSE_MS = 250

/** Search, filters and order; tells of a change by `filters-change`. */
export class FilterBar extends View {
  static override properties = { filters: {}, connectors: {}, total: {} }
  declare filters: Filters
  declare connectors: readonly Connector[]
  declare total: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  protected override render(): TemplateResult {
    const { q, app, state, sort } = this.filters
    const apps = [...this.connectors].sort((a, b) => a.label.localeCompare(b.label))
    return html`<form class="filters" role="search" @submit=${this.#submit}>
      <label class="search"
        ><span class="hidden-text">${LIST.search}</span>${pageIcon('search')}<input
          type="search"
          name="q"
          maxlength="150"
          autocomplete="off"
          placeholder=${LIST.searchHint}
          .value=${q}
          @input=${this.#typed}
      /></label>
      <label
        ><span class="hidden-text">${LIST.app}</span
        ><select name="app" @change=${this.#chosen}>
          <option value="" ?selected=${app === ''}>${LIST.allApps}</option>
          ${apps.map(
            (each) =>
              html`<option value=${each.app_id} ?selected=${app === each.app_id}>${each.label}</option>`,
          )}
        </select></label
      >
      ${this.#states(statesIn(state))}
      <label
        ><span class="hidden-text">${LIST.sort}</span
        ><select name="sort" @change=${this.#chosen}>
          ${Object.entries(LIST.sorts).map(
            ([value, text]) =>
              html`<option value=${value} ?selected=${sort === value}>${LIST.sort}: ${text}</option>`,
          )}
        </select></label
      >
      <span class="total muted" role="status">${this.total === undefined ? '' : LIST.total(this.total)}</span>
    </form>`
  }

  /** Several at a time: each box is one more kind that is shown. */
  #states(chosen: readonly string[]): TemplateResult {
    const [first] = chosen
    const texts: Readonly<Record<string, string>> = LIST.states
    const label =
      first === undefined
        ? LIST.allStates
        : chosen.length === 1
          ? texts[first]
          : LIST.someStates(chosen.length)
    return html`<details class="states" @focusout=${closeWhenLeft} @keydown=${closeOnEscape}>
      <summary><span class="hidden-text">${LIST.state}: </span>${label} ${pageIcon('down')}</summary>
      <fieldset>
        <legend class="hidden-text">${LIST.state}</legend>
        ${Object.entries(texts).map(
          ([value, text]) => html`<label class="check">
            <input type="checkbox" name="state" value=${value} .checked=${chosen.includes(value)} @change=${this.#chosen} />${text}
          </label>`,
        )}
      </fieldset>
    </details>`
  }

  /** Puts the caret into the search field. */
  focusSearch(): void {
    this.querySelector<HTMLInputElement>('input[type="search"]')?.select()
  }

  #typed(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tell(), PAUSE_MS)
  }

  #chosen(): void {
    this.#tell()
  }

  #submit(event: Event): void {
    event.preventDefault()
    clearTimeout(this.#timer)
    this.#tell()
  }

  #tell(): void {
    const data = new FormData(this.querySelector('form')!)
    const detail = Object.fromEntries(
      (['q', 'app', 'state', 'sort'] as const).map((name) => [name, data.getAll(name).join(',').trim()]),
    )
    this.dispatchEvent(new CustomEvent('filters-change', { detail }))
  }
}

function closeWhenLeft(event: FocusEvent): void {
  const details = event.currentTarget as HTMLDetailsElement
  if (!details.contains(event.relatedTarget as Node | null)) details.open = false
}

function closeOnEscape(event: KeyboardEvent): void {
  const details = event.currentTarget as HTMLDetailsElement
  if (event.key !== 'Escape' || !details.open) return
  event.preventDefault()
  details.open = false
  details.querySelector('summary')!.focus()
}

define('filter-bar', FilterBar)
