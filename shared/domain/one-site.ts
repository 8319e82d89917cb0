/** Second-level names under which others register theirs in a country's domain (`example.co.uk`). */
const REGISTRY_NAMES = new Set(['ac', 'co', 'com', 'edu', 'gov', 'net', 'ne', 'or', 'org'])

/**
 * Whether both URLs are of one site: the same host, or hosts below one registered name. Without a list of public
 * suffixes it errs towards "no" nowhere but in rare registries; it decides about a note to a person, not about access.
 */
export function isOneSite(one: URL, other: URL): boolean {
  if (one.hostname === other.hostname) return true
  const isName = (url: URL) => /[a-z]$/i.test(url.hostname) && url.hostname.includes('.')
  return isName(one) && isName(other) && siteOf(one.hostname) === siteOf(other.hostname)
}

function siteOf(hostname: string): string {
  const labels = hostname.split('.')
  const last = labels.at(-1) ?? ''
  const isBelowRegistry = last.length === 2 && REGISTRY_NAMES.has(labels.at(-2) ?? '')
  return labels.slice(isBelowRegistry ? -3 : -2).join('.')
}
