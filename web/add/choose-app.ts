import { html, nothing, type TemplateResult } from 'lit'
import type { Connector } from '../api/types.ts'
import { pageIcon } from '../page-icons.ts'
import { tile } from '../parts/identity.ts'
import { ADD } from '../texts/add-texts.ts'

/** The category of the apps that take any service; they come last. */
const GENERIC = 'generic'

/** A letter alone names a third of all services. */
const MIN_SEARCH = 2
const MAX_SERVICES = 12

function isNamed({ label, provider = '' }: Connector, wanted: string): boolean {
  return `${label} ${provider}`.toLowerCase().includes(wanted)
}

/** The first step: the apps as tiles, by category. */
export function chooseApp(options: {
  connectors: readonly Connector[]
  /** Of which there are connections already: the next one is likely to be of these. */
  used: ReadonlySet<string>
  /** Found by a search alone: there are hundreds. */
  services: readonly Connector[]
  query: string
  isChosen(app: Connector): boolean
  choose(app: Connector): void
  search(query: string): void
  next(): void
}): TemplateResult {
  const { connectors, query } = options
  const wanted = query.trim().toLowerCase()
  const fits = (each: Connector): boolean => `${each.label} ${each.about}`.toLowerCase().includes(wanted)
  const found = connectors.filter((each) => each.category !== GENERIC && fits(each))
  const generic = connectors.filter((each) => each.category === GENERIC)
  const own = new Set(connectors.map(({ label }) => label))
  const services =
    wanted.length < MIN_SEARCH
      ? []
      : options.services.filter((each) => isNamed(each, wanted) && !own.has(each.label))
  const used = found.filter(({ app_id: app }) => options.used.has(app))
  const others = found.filter((each) => !used.includes(each))
  const categories = Map.groupBy(others, (each) => each.category_label ?? '')
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
        @input=${(event: Event) => options.search((event.target as HTMLInputElement).value)}
    /></label>
    ${found.length + services.length === 0 && wanted !== '' ? html`<p role="status">${ADD.noApp(query)}</p>` : nothing}
    ${used.length === 0 ? nothing : group(ADD.usedBefore, used)}
    ${[...categories].sort(([a], [b]) => a.localeCompare(b)).map(([title, apps]) => group(title, apps))}
    ${services.length === 0 ? nothing : group(ADD.services, services.slice(0, MAX_SERVICES))}
    ${services.length > MAX_SERVICES ? html`<p class="meta">${ADD.moreServices(services.length - MAX_SERVICES)}</p>` : nothing}
    ${generic.length === 0 ? nothing : group(ADD.generic, generic)}
  `
}
