import { html, nothing, type TemplateResult } from 'lit'
import type { Connector } from '../api/types.ts'
import { pageIcon } from '../page-icons.ts'
import { tile } from '../parts/identity.ts'
import { ADD } from '../texts/add-texts.ts'
import { type AppsToFind, type FoundApps, foundApps } from './found-apps.ts'

interface AppChoice extends AppsToFind {
  isChosen(app: Connector): boolean
  choose(app: Connector | undefined): void
  search(query: string): void
  next(): void
}

/** Enter in the search takes the first that fits, where none is taken; the next Enter goes on with it. */
function takeFirst(event: KeyboardEvent, found: FoundApps, options: AppChoice): void {
  if (found.shown.some((each) => options.isChosen(each)) || options.query.trim() === '') return
  event.preventDefault()
  options.choose(found.fitting[0])
}

/** A choice that a search hides is none any more: nobody goes on with what they do not see. */
function search(query: string, options: AppChoice): void {
  if (!foundApps({ ...options, query }).shown.some((each) => options.isChosen(each)))
    options.choose(undefined)
  options.search(query)
}

/** The first step: the apps as tiles, by category. */
export function chooseApp(options: AppChoice): TemplateResult {
  const { query } = options
  const found = foundApps(options)
  // Where no app could be asked for, none is said to be missing.
  const isMissing = query.trim() !== '' && options.connectors.length > 0 && found.fitting.length === 0
  const group = (title: string, apps: readonly Connector[]): TemplateResult => html`<fieldset>
    <legend>${title}</legend>
    <div class="apps">
      ${apps.map(
        (each) => html`<label class="app-choice" @dblclick=${options.next}>
          <input type="radio" name="app" value=${each.provider ?? each.app_id} .checked=${options.isChosen(each)} @change=${() => options.choose(each)} />
          ${tile(each.provider ?? each.app_id, each.label)}
          <span><span class="name">${each.label}</span><span class="about meta">${each.about}</span></span>
        </label>`,
      )}
    </div>
  </fieldset>`
  return html`
    <label class="search"
      ><span class="hidden-text">${ADD.searchApps}</span>${pageIcon('search')}<input
        type="search"
        placeholder=${ADD.searchApps}
        autocomplete="off"
        autofocus
        .value=${query}
        @keydown=${(event: KeyboardEvent) => event.key === 'Enter' && takeFirst(event, found, options)}
        @input=${(event: Event) => search((event.target as HTMLInputElement).value, options)}
    /></label>
    ${isMissing ? html`<p role="status">${ADD.noApp(query.trim(), found.generic.length > 0)}</p>` : nothing}
    ${found.used.length === 0 ? nothing : group(ADD.usedBefore, found.used)}
    ${found.categories.map(([title, apps]) => group(title, apps))}
    ${found.services.length === 0 ? nothing : group(ADD.services, found.services)}
    ${found.more === 0 ? nothing : html`<p class="meta">${ADD.moreServices(found.more)}</p>`}
    ${found.generic.length === 0 ? nothing : group(ADD.generic, found.generic)}
  `
}
