/** What a browser says of where a request comes from (Fetch Metadata, Fetch §3.2), as far as it says it. */
export interface NavigationHeaders {
  readonly 'sec-fetch-site'?: string | undefined
  readonly origin?: string | undefined
  readonly 'sec-purpose'?: string | undefined
  readonly purpose?: string | undefined
  readonly 'x-moz'?: string | undefined
}

/** A page of our own origin sent the browser here; a typed address, a mail or another site did not. */
export function comesFromOurPage(headers: NavigationHeaders): boolean {
  return headers['sec-fetch-site'] === 'same-origin'
}

/** A form of ours was sent. Browsers without Fetch Metadata name the origin of every POST, and both must agree. */
export function isOurForm(headers: NavigationHeaders, publicUrl: string): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin === undefined && site === undefined) return false
  if (site !== undefined && site !== 'same-origin') return false
  return origin === undefined || origin === new URL(publicUrl).origin
}

/** Nobody has asked for the page yet: a browser or a preview fetches it in case somebody will. */
export function isPrefetch(headers: NavigationHeaders): boolean {
  const { purpose, 'sec-purpose': secPurpose, 'x-moz': moz } = headers
  return [secPurpose, purpose, moz].some((value) => value?.toLowerCase().startsWith('prefetch') === true)
}
