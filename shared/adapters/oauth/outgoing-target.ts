import { isIP } from 'node:net'
import type { OutgoingFailure, OutgoingFailureCode, UrlCheck } from '../../ports/outgoing-fetch.ts'
import { isPublicAddress } from './address-policy.ts'

/** In characters; nothing that a person enters as an endpoint comes near it, and servers refuse longer ones. */
const MAX_URL_LENGTH = 8192
const INTERNAL_DOMAINS = new Set([
  'alt',
  'corp',
  'home',
  'internal',
  'intranet',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'onion',
  'private',
])
/** The parser drops or rewrites these, so that what people read would be another address than the one called. */
const REWRITTEN = /[\s\\\p{Cc}\p{Cf}]/u
const HTTPS_PORT = 443
const HTTP_PORT = 80

/** Where a call goes, once its URL has passed. */
export interface OutgoingTarget {
  readonly url: URL
  /** Without the brackets of an IPv6 literal. */
  readonly hostname: string
  readonly port: number
  readonly secure: boolean
  /** The operator named this host and port: it may be private and plain http. */
  readonly allowListed: boolean
}

/**
 * The target of an outgoing URL, or why it may not be called: https on port 443 to a host without user info, unless
 * the operator listed `host:port`. The URL is read as browsers do (WHATWG), which turns `0x7f.1`, `2130706433` and
 * full-width digits into the address they mean. Addresses are checked later, when the name is resolved.
 */
export function checkTarget(
  input: string | URL,
  allowHosts: ReadonlySet<string>,
): OutgoingTarget | OutgoingFailure {
  const text = String(input)
  const url = text.length <= MAX_URL_LENGTH ? URL.parse(text) : null
  if (url === null) return refused('invalid_url', 'The address is not a valid URL.')
  if (REWRITTEN.test(text))
    return refused(
      'invalid_url',
      'An address with blanks, backslashes or invisible characters is not called.',
    )
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return refused('forbidden_scheme', 'Only https addresses are called.')
  }
  if (url.username !== '' || url.password !== '') {
    return refused('invalid_url', 'An address with a user name or password is not called.')
  }
  const secure = url.protocol === 'https:'
  const port = url.port === '' ? (secure ? HTTPS_PORT : HTTP_PORT) : Number(url.port)
  const allowListed = allowHosts.has(`${url.hostname}:${port}`)
  if (!secure && !allowListed) return refused('forbidden_scheme', 'Only https addresses are called.')
  if (port !== HTTPS_PORT && !allowListed) {
    return refused('forbidden_port', `Only port ${HTTPS_PORT} is called, not ${port}.`)
  }
  // A trailing dot names the same host in another spelling, which certificates and lists do not know.
  if (url.hostname.endsWith('.')) return refused('forbidden_host', 'A host name must not end in a dot.')
  if (!allowListed && isInternalName(url.hostname)) {
    return refused('forbidden_address', `${url.hostname}: the address is not on the public internet.`)
  }
  return { url, hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, secure, allowListed }
}

/**
 * Names that no public resolver knows: without a dot, or below a domain that is set apart for private use (RFC 6761,
 * RFC 6762, RFC 7686, RFC 8375, RFC 9476, ICANN's reserved `internal`). They are refused unasked, so that nobody learns which there are.
 */
function isInternalName(hostname: string): boolean {
  if (hostname.startsWith('[') || isIP(hostname) !== 0) return false
  const labels = hostname.split('.')
  return labels.length < 2 || INTERNAL_DOMAINS.has(labels.at(-1) ?? '') || hostname.endsWith('.home.arpa')
}

/** The guard's own check of a URL, before any name is resolved; `host:port` entries are those it lets through. */
export function createUrlCheck(allowHosts: readonly string[]): UrlCheck {
  const allowed = allowedHosts(allowHosts)
  return (url) => {
    const target = checkTarget(url, allowed)
    if ('kind' in target) return target
    const isForbidden =
      !target.allowListed && isIP(target.hostname) !== 0 && !isPublicAddress(target.hostname)
    return isForbidden
      ? refused('forbidden_address', 'The address is not on the public internet.')
      : undefined
  }
}

/** The `host:port` entries as `checkTarget` looks them up: each host in the spelling that URLs give it. */
export function allowedHosts(entries: readonly string[]): ReadonlySet<string> {
  return new Set(
    entries.map((entry) => {
      const port = Number(entry.slice(entry.lastIndexOf(':') + 1))
      return `${URL.parse(`http://${entry.trim()}`)?.hostname}:${port}`
    }),
  )
}

function refused(code: OutgoingFailureCode, message: string): OutgoingFailure {
  return { kind: 'not-sent', code, message }
}
