import type { Connector } from '../api/types.ts'

/** The category of the apps that take any service; they come last. */
const GENERIC = 'generic'

/** A letter alone names a third of all services. */
const MIN_SEARCH = 2
const MAX_SERVICES = 12

/** What there is to choose from, and what of it is looked for. */
export interface AppsToFind {
  readonly connectors: readonly Connector[]
  /** Of which there are connections already: the next one is likely to be of these. */
  readonly used: ReadonlySet<string>
  /** Found by a search alone: there are hundreds. */
  readonly services: readonly Connector[]
  readonly query: string
}

/** What a search leaves, in the order in which it is shown. */
export interface FoundApps {
  readonly used: readonly Connector[]
  readonly categories: readonly (readonly [title: string, apps: readonly Connector[]])[]
  readonly services: readonly Connector[]
  /** How many services fit that are not shown. */
  readonly more: number
  /** The apps that take any service stay, whatever was typed. */
  readonly generic: readonly Connector[]
  /** All of these, first to last. */
  readonly shown: readonly Connector[]
  /** Those of them that the search names, by their names first. */
  readonly fitting: readonly Connector[]
}

/** What a search leaves of the apps; every choice among them goes by the order that this gives. */
export function foundApps({ connectors, used: usedApps, services: all, query }: AppsToFind): FoundApps {
  const wanted = query.trim().toLowerCase()
  const own = new Set(connectors.map(({ label }) => label))
  const named = connectors.filter((each) => each.category !== GENERIC && fits(each, wanted))
  const generic = connectors.filter((each) => each.category === GENERIC)
  const used = named.filter(({ app_id: app }) => usedApps.has(app))
  const others = named.filter((each) => !used.includes(each))
  const categories = [...Map.groupBy(others, (each) => each.category_label ?? '')].sort(([a], [b]) =>
    a.localeCompare(b),
  )
  const matches =
    wanted.length < MIN_SEARCH ? [] : all.filter((each) => isNamed(each, wanted) && !own.has(each.label))
  const services = matches.slice(0, MAX_SERVICES)
  const first = [...used, ...categories.flatMap(([, apps]) => apps), ...services]
  return {
    used,
    categories,
    services,
    more: matches.length - services.length,
    generic,
    shown: [...first, ...generic],
    // Whoever types a name means what has it, and not the first whose description has the word too.
    fitting: [...first, ...generic.filter((each) => fits(each, wanted))].sort(
      (one, other) => Number(isNamed(other, wanted)) - Number(isNamed(one, wanted)),
    ),
  }
}

function isNamed({ label, provider = '' }: Connector, wanted: string): boolean {
  return `${label} ${provider}`.toLowerCase().includes(wanted)
}

function fits({ label, about }: Connector, wanted: string): boolean {
  return `${label} ${about}`.toLowerCase().includes(wanted)
}
