import { VaultError } from '../../domain/errors.ts'

/**
 * Our own paths, or an origin of the allow-list. Refused is everything a browser, or a proxy that decodes once too
 * often, might read as another host, and every character that does not belong into a header. Throws `invalid-body`.
 */
export function checkReturnTo(returnTo: string | undefined, allowed: readonly string[]): void {
  if (returnTo === undefined) return
  const isPlain = /^[\x21-\x5b\x5d-\x7e]+$/.test(returnTo)
  const isOwnPath = /^\/(?!\/|%2f|%5c)/i.test(returnTo)
  if (isPlain && (isOwnPath || isAllowedUrl(returnTo, allowed))) return
  throw new VaultError('invalid-body', 'Not an address a person may be sent back to', {
    field: 'return_to',
    allowed: ['a path of this vault', ...allowed].join(', or '),
  })
}

function isAllowedUrl(text: string, allowed: readonly string[]): boolean {
  const url = URL.parse(text)
  return url !== null && url.username === '' && url.password === '' && allowed.includes(url.origin)
}

/** The address with the outcome in its query; what a page keeps after `#` stays at the end. */
export function returnAddress(returnTo: string, outcome: Readonly<Record<string, string>>): string {
  const [, base = '', fragment = ''] = /^([^#]*)(#.*)?$/s.exec(returnTo) ?? []
  return `${base}${base.includes('?') ? '&' : '?'}${new URLSearchParams(outcome)}${fragment}`
}
