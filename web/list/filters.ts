import { queryOf } from '../api/api.ts'
import { LIST } from '../texts/page-texts.ts'

/** What the list shows, and in which order; the address keeps it. */
export interface Filters {
  readonly q: string
  readonly app: string
  readonly state: string
  readonly sort: string
}

const SORTS = Object.keys(LIST.sorts)

/** The filters that an address names. */
export function filtersOf(query: URLSearchParams): Filters {
  const state = query.get('state') ?? ''
  const sort = query.get('sort') ?? 'app'
  return {
    q: (query.get('q') ?? '').slice(0, 150),
    app: query.get('app') ?? '',
    state: statesIn(state).join(','),
    sort: SORTS.includes(sort) ? sort : 'app',
  }
}

/** The same in an address; what is usual is left out. */
export function queryOfFilters(filters: Filters): URLSearchParams {
  const query = new URLSearchParams()
  for (const name of ['q', 'app', 'state'] as const) if (filters[name] !== '') query.set(name, filters[name])
  if (filters.sort !== 'app') query.set('sort', filters.sort)
  return query
}

/** True when something is left out of the list. */
export function isFiltered({ q, app, state }: Filters): boolean {
  return q !== '' || app !== '' || state !== ''
}

/** The states of a filter, each once. */
export function statesIn(state: string): readonly string[] {
  return [...new Set(state.split(','))].filter((name) => name in LIST.states)
}

/** The members of the API's query that filter. */
export function filterQuery({ q, app, state }: Filters): Record<string, string | undefined> {
  const states = statesIn(state)
  const special: Record<string, Record<string, string>> = {
    needs: { needs: 'person' },
    frozen: { frozen: 'true' },
    unused: { used: 'none' },
    deleted: { deleted: 'true' },
  }
  const plain = states.filter((name) => special[name] === undefined)
  return {
    q: q === '' ? undefined : q,
    app_id: app === '' ? undefined : app,
    ...(plain.length === 0 ? {} : { status: plain.join(',') }),
    ...Object.assign({}, ...states.map((name) => special[name])),
  }
}

/** The path of one page of the list. */
export function pagePath(filters: Filters, page: number, perPage: number): string {
  return `/connections${queryOf({
    ...filterQuery(filters),
    sort: filters.sort,
    view: 'full',
    page,
    per_page: perPage,
  })}`
}
