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

interface AppChoice {
  readonly connectors: readonly Connector[]
  /** Of which there are connections already: the next one is likely to be of these. */
  readonly used: ReadonlySet<string>
  /** Found by a search alone: there are hundreds. */
  readonly services: readonly Connector[]
  readonly query: string
  isChosen(app: Connector): boolean
  choose(app: Connector | undefined): void
  search(query: string): void
  next(): void
}

/** What a search leaves; the apps that take any service stay whatever was typed. */
function foundApps({ connectors, services, query }: Pick<AppChoice, 'connectors' | 'services' | 'query'>) {
  const wanted = query.trim().toLowerCase()
  const own = new Set(connectors.map(({ label }) => label))
  return {
    wanted,
    found: connectors.filter((each) => each.category !== GENERIC && fits(each, wanted)),
    services:
      wanted.length < MIN_SEARCH
        ? []
        : services.filter((each) => isNamed(each, wanted) && !own.has(each.label)),
    generic: connectors.filter((each) => each.category === GENERIC),
  }
}

function fits({ label, about }: Connector, wanted: string): boolean {
  return `${label} ${about}`.toLowerCase().includes(wanted)
}

/** Enter in the search takes the first that fits, where none is taken; the next Enter goes on with it. */
function takeFirst(event: KeyboardEvent, options: AppChoice): void {
  const { wanted, found, services, generic } = foundApps(options)
  if ([...found, ...services, ...generic].some((each) => options.isChosen(each)) || wanted === '') return
  event.preventDefault()
  options.choose([...found, ...services, ...generic.filter((each) => fits(each, wanted))][0])
}

/** A choice that a search hides is none any more: nobody goes on with what they do not see. */
function search(query: string, options: AppChoice): void {
  const { found, services, generic } = foundApps({ ...options, query })
  if (![...found, ...services, ...generic].some((each) => options.isChosen(each))) options.choose(undefined)
  options.search(query)
}

/** The first step: the apps as tiles, by category. */
export function chooseApp(options: AppChoice): TemplateResult {
  const { query } = options
  const { wanted, found, services, generic } = foundApps(options)
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
        @keydown=${(event: KeyboardEvent) => event.key === 'Enter' && takeFirst(event, options)}
        @input=${(event: Event) => search((event.target as HTMLInputElement).value, options)}
    /></label>
    ${found.length + services.length === 0 && !generic.some((each) => fits(each, wanted)) ? html`<p role="status">${ADD.noApp(query)}</p>` : nothing}
    ${used.length === 0 ? nothing : group(ADD.usedBefore, used)}
    ${[...categories].sort(([a], [b]) => a.localeCompare(b)).map(([title, apps]) => group(title, apps))}
    ${services.length === 0 ? nothing : group(ADD.services, services.slice(0, MAX_SERVICES))}
    ${services.length > MAX_SERVICES ? html`<p class="meta">${ADD.moreServices(services.length - MAX_SERVICES)}</p>` : nothing}
    ${generic.length === 0 ? nothing : group(ADD.generic, generic)}
  `
}
