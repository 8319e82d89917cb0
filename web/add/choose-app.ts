import { html, nothing, type TemplateResult } from 'lit'
import type { Connector } from '../api/types.ts'
import { icon } from '../icons.ts'
import { tile } from '../parts/pieces.ts'
import { ADD } from '../texts/add-texts.ts'

/** The category of the apps that take any service; they come last. */
const GENERIC = 'generic'

/** The first step: the apps as tiles, by category. */
export function chooseApp(options: {
  connectors: readonly Connector[]
  query: string
  chosen: string | undefined
  choose(appId: string): void
  search(query: string): void
  next(): void
}): TemplateResult {
  const { connectors, query, chosen } = options
  const wanted = query.trim().toLowerCase()
  const fits = (each: Connector): boolean => `${each.label} ${each.about}`.toLowerCase().includes(wanted)
  const found = connectors.filter((each) => each.category !== GENERIC && fits(each))
  const generic = connectors.filter((each) => each.category === GENERIC)
  const categories = Map.groupBy(found, (each) => each.category_label ?? '')
  const group = (title: string, apps: readonly Connector[]): TemplateResult => html`<fieldset>
    <legend>${title}</legend>
    <div class="apps">
      ${apps.map(
        (each) => html`<label class="app-choice" @dblclick=${options.next}>
          <input type="radio" name="app" value=${each.app_id} .checked=${chosen === each.app_id} @change=${() => options.choose(each.app_id)} />
          ${tile(each.app_id, each.label)}
          <span><span class="name">${each.label}</span><span class="about meta">${each.about}</span></span>
        </label>`,
      )}
    </div>
  </fieldset>`
  return html`
    <label class="search"
      ><span class="hidden-text">${ADD.searchApps}</span>${icon('search')}<input
        type="search"
        placeholder=${ADD.searchApps}
        autocomplete="off"
        autofocus
        .value=${query}
        @input=${(event: Event) => options.search((event.target as HTMLInputElement).value)}
    /></label>
    ${found.length === 0 && wanted !== '' ? html`<p role="status">${ADD.noApp(query)}</p>` : nothing}
    ${[...categories].sort(([a], [b]) => a.localeCompare(b)).map(([title, apps]) => group(title, apps))}
    ${generic.length === 0 ? nothing : group(ADD.generic, generic)}
  `
}
