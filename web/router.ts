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

/** What somebody has typed, which asks before it is lost. */
export interface Typed {
  /** True where that place would take it away. */
  isLostAt(route: Route): boolean
  /** Asks whether it may go, and leaves when it may. */
  askBefore(leave: () => void): void
}

const TYPED = new Set<Typed>()
/** The address that is shown; not known before something can be lost, as a sign-in rewrites the first one. */
let shown = ''

/** From now on what is typed there is asked for before the page goes elsewhere; answers what ends that. */
export function keepTyped(typed: Typed): () => void {
  TYPED.add(typed)
  shown = location.href
  return () => TYPED.delete(typed)
}

function lostAt(address: string): Typed | undefined {
  const route = routeOf(new URL(address, location.href))
  return [...TYPED].find((typed) => typed.isLostAt(route))
}

/** Goes there without loading the page again, once nobody minds what was typed; `listen` hears of it. */
export function navigate(address: string, { replace = false, asks = true } = {}): void {
  const go = (): void => {
    if (replace) history.replaceState(null, '', address)
    else history.pushState(null, '', address)
    shown = location.href
    window.dispatchEvent(new PopStateEvent('popstate'))
  }
  const typed = asks ? lostAt(address) : undefined
  if (typed === undefined) go()
  else typed.askBefore(go)
}

/** Hears of each place that the page goes to, by itself or by the browser's Back and Forward. */
export function listen(hear: (route: Route) => void): void {
  window.addEventListener('popstate', () => {
    const typed = location.href === shown ? undefined : lostAt(location.href)
    if (typed !== undefined) {
      // The browser has gone already: the place is put back in front of it until somebody has answered.
      history.pushState(null, '', shown)
      typed.askBefore(() => history.back())
      return
    }
    shown = location.href
    hear(routeOf(location))
  })
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
