import { ALWAYS_SECRET_HEADERS, type LaidOverRequest } from './laid-over-request.ts'
import { isReplayable } from './replayable-body.ts'

/** A request on its way, after some redirects. */
export interface SentRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: RequestInit['body']
  /** It has been at another origin: the credential is not put back, not even on the way home. */
  readonly left: boolean
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** What a request that lost its body does not carry (Fetch, "request-body-header name"). */
const BODY_HEADERS = [
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
]

/**
 * The request that follows a redirect, by the rules of the Fetch standard (HTTP-redirect fetch), but that everything
 * the credential brought is dropped at another origin, not `Authorization` alone. Undefined when the answer is the
 * caller's: no redirect, one that leads nowhere, or one that would repeat a body elsewhere or a stream anywhere.
 */
export function followingRequest(
  sent: SentRequest,
  answer: { readonly status: number; readonly location: string | null },
  laidOver: LaidOverRequest,
): SentRequest | undefined {
  if (!REDIRECTS.has(answer.status) || answer.location === null) return undefined
  if (!URL.canParse(answer.location, sent.url.href)) return undefined
  const url = new URL(answer.location, sent.url)
  if (!/^https?:$/.test(url.protocol)) return undefined
  const elsewhere = url.origin !== laidOver.origin
  const hasBody = sent.body !== undefined && sent.body !== null
  const keepsBody = answer.status === 307 || answer.status === 308
  if (keepsBody && hasBody && (elsewhere || !isReplayable(sent.body))) return undefined
  const becomesGet =
    answer.status === 303 ? !/^(?:GET|HEAD)$/.test(sent.method) : !keepsBody && sent.method === 'POST'
  const headers = new Headers(sent.headers)
  if (becomesGet) for (const name of BODY_HEADERS) headers.delete(name)
  const left = sent.left || elsewhere
  if (elsewhere) {
    for (const name of [...laidOver.secretHeaders, ...ALWAYS_SECRET_HEADERS]) headers.delete(name)
    for (const name of laidOver.secretQuery) url.searchParams.delete(name)
  } else if (!left) {
    for (const name of laidOver.secretQuery)
      url.searchParams.set(name, laidOver.url.searchParams.get(name) ?? '')
  }
  return {
    url,
    method: becomesGet ? 'GET' : sent.method,
    headers,
    body: becomesGet ? undefined : sent.body,
    left,
  }
}
