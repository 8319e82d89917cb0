import { PAGE_ROOT } from './mount.ts'

/** Where the page is. */
export interface Route {
  readonly view: 'connections' | 'health' | 'activity' | 'settings' | 'unknown'
  /** Of the connection that is open. */
  readonly id?: string
  /** Adding was asked for by the address. */
  readonly add: boolean
  readonly query: URLSearchParams
}

const VIEWS = ['connections', 'health', 'activity', 'settings'] as const

/** The place an address names. */
export function routeOf(url: { pathname: string; search: string }): Route {
  const [, view = '', id = ''] = url.pathname.slice(PAGE_ROOT.length).split('/')
  const query = new URLSearchParams(url.search)
  if (view === '') return { view: 'connections', add: false, query }
  if (view === 'add') return { view: 'connections', add: true, query }
  const known = VIEWS.find((each) => each === view)
  if (known === undefined) return { view: 'unknown', add: false, query }
  return { view: known, add: false, query, ...(id === '' ? {} : { id: decodeURIComponent(id) }) }
}

/** The address of the list or of one connection, with these filters. */
export function addressOf(place: { id?: string | undefined; query: URLSearchParams }): string {
  const query = place.query.toString()
  const path = place.id === undefined ? PAGE_ROOT : `${PAGE_ROOT}/connections/${encodeURIComponent(place.id)}`
  return query === '' ? path : `${path}?${query}`
}

/** Goes there without loading the page again; whoever listens to `popstate` hears of it. */
export function navigate(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  window.dispatchEvent(new PopStateEvent('popstate'))
}

/** Lets a click on one of our own links go without loading; modified clicks stay the browser's. */
export function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  const link = event.composedPath().find((target) => target instanceof HTMLAnchorElement)
  if (link === undefined || link.target !== '' || link.hasAttribute('download')) return
  const url = new URL(link.href)
  const isOurs = url.pathname === PAGE_ROOT || url.pathname.startsWith(`${PAGE_ROOT}/`)
  if (url.origin !== location.origin || !isOurs || url.hash !== '') return
  event.preventDefault()
  navigate(url.pathname + url.search)
}
