import { CookieJar } from './cookie-jar.ts'

/** What the person in front of the browser does. */
export interface Consent {
  /** Who signs in; `alice` when absent. */
  readonly account?: string
  /** Grants only these of the scopes asked for. */
  readonly scopes?: readonly string[]
  /** Says no. */
  readonly deny?: boolean
}

/** Sign-in and consent take five redirects; more means a loop. */
const MAX_REDIRECTS = 15

/**
 * Opens an authorization URL as a browser would, with a fresh cookie jar, signs in and answers the consent page.
 * Resolves to the URL the authorization server finally sends the browser to, which is not opened.
 */
export async function driveConsent(authorizationUrl: string, consent: Consent = {}): Promise<URL> {
  const jar = new CookieJar()
  const { origin } = new URL(authorizationUrl)
  let url = new URL(authorizationUrl)
  for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
    if (url.pathname.startsWith('/interaction/')) addDecision(url, consent)
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie: jar.cookies() } })
    await answer.arrayBuffer()
    jar.take(answer.headers)
    const location = answer.headers.get('location')
    if (location === null)
      throw new Error(`the authorization server stopped at ${url.pathname} (HTTP ${answer.status})`)
    url = new URL(location, url)
    if (url.origin !== origin) return url
  }
  throw new Error('the authorization server redirects without end')
}

function addDecision(url: URL, consent: Consent): void {
  url.searchParams.set('account', consent.account ?? 'alice')
  if (consent.deny) url.searchParams.set('deny', '1')
  if (consent.scopes !== undefined) url.searchParams.set('scopes', consent.scopes.join(' '))
}
