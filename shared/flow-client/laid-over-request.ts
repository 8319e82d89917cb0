import type { Credential } from './credential.ts'
import { FlowVaultError } from './flow-vault-error.ts'

/** A request of a flow with the credential on it, and what of it the credential brought. */
export interface LaidOverRequest {
  readonly url: URL
  readonly headers: Headers
  /** Where the credential may go. */
  readonly origin: string
  /** Lower-case names of the headers, and names of the query parameters, that are the credential's. */
  readonly secretHeaders: readonly string[]
  readonly secretQuery: readonly string[]
}

/** What browsers and Node drop themselves when a redirect leaves the origin. */
export const ALWAYS_SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization']

/** A colon alone is no scheme: Google's methods are called `values/A1:append`, and `rows:batch` is a path too. */
const WHOLE_URL = /^[a-z][a-z\d+.-]*:\/\//i
/** The query may hold further question marks, and a fragment is never sent (RFC 3986 sections 3.4, 3.5). */
const PATH_AND_QUERY = /^([^?#]*)(?:\?([^#]*))?/

/**
 * Lays the credential over a request. The target is the caller's, resolved against the connection's own address where
 * it has one; it must be of that origin, or of one that the caller allows where the connection has none. Throws
 * `origin_not_allowed`, and never with a query in the message, which may hold a key.
 */
export function layOver(
  credential: Credential,
  target: { url: string | URL; headers: Headers; allow: readonly string[] },
): LaidOverRequest {
  const { request, connectionId } = credential
  const own = request.url ?? request.base_url
  const url = resolve(target.url, own, connectionId)
  const origins = own === undefined ? target.allow.map(originOf) : [new URL(own).origin]
  if (!origins.includes(url.origin)) throw notAllowed(connectionId, url.origin, origins)
  // An address that is itself the secret is sent as it is: what the caller adds to it is a query at most.
  const headers = new Headers(target.headers)
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, value)
  for (const [name, value] of Object.entries(request.query)) url.searchParams.set(name, value)
  return {
    url,
    headers,
    origin: url.origin,
    secretHeaders: [
      ...Object.keys(request.headers).map((name) => name.toLowerCase()),
      ...ALWAYS_SECRET_HEADERS,
    ],
    secretQuery: Object.keys(request.query),
  }
}

function resolve(url: string | URL, own: string | undefined, connectionId: string): URL {
  if (own === undefined) {
    if (URL.canParse(String(url))) return new URL(url)
    throw new FlowVaultError(
      'invalid_request',
      `${connectionId}: the connection has no address of its own, so the call needs a whole URL.`,
      { connectionId },
    )
  }
  if (url instanceof URL || WHOLE_URL.test(url)) return new URL(url)
  // `/rows` means a path below the base URL, as people write it, and not one at the host's root.
  const base = new URL(own)
  const [, path = '', query] = PATH_AND_QUERY.exec(url) ?? []
  const below = path.replace(/^\/+/, '')
  if (below !== '') base.pathname = `${base.pathname.replace(/\/+$/, '')}/${below}`
  for (const [name, value] of new URLSearchParams(query)) base.searchParams.append(name, value)
  return base
}

function originOf(allowed: string): string {
  if (!URL.canParse(allowed))
    throw new FlowVaultError(
      'invalid_options',
      `allow: "${allowed}" is no origin such as https://api.example.com.`,
    )
  return new URL(allowed).origin
}

function notAllowed(connectionId: string, origin: string, origins: readonly string[]): FlowVaultError {
  const allowed =
    origins.length === 0
      ? 'the connection has no address of its own: name the origins in allow, such as { allow: ["https://api.example.com"] }'
      : `it may go to ${origins.join(', ')}`
  return new FlowVaultError(
    'origin_not_allowed',
    `${connectionId}: the credential does not go to ${origin}; ${allowed}.`,
    {
      connectionId,
    },
  )
}
