import type { Credential } from './credential.ts'
import type { CredentialsOptions } from './credential-source.ts'
import { FlowVaultError } from './flow-vault-error.ts'
import { type LaidOverRequest, layOver } from './laid-over-request.ts'
import { newerCredential, type RefusalPorts } from './newer-credential.ts'
import { followingRequest, type SentRequest } from './redirect-step.ts'
import { isReplayable } from './replayable-body.ts'

/** As in the Fetch standard. */
const MAX_REDIRECTS = 20

export interface VaultFetchInit extends RequestInit {
  /** Seconds the credential has to last; see `credentials`. */
  readonly minTtl?: number
  /** Origins the credential may go to, for a connection that has no address of its own. */
  readonly allow?: readonly string[]
  readonly duplex?: 'half'
}

export interface CredentialFetchOptions extends RefusalPorts {
  readonly fetch: typeof fetch
}

/**
 * `fetch` with a connection's credential laid over. It never reaches another origin, redirects included; a 401 is
 * reported to the vault and the call repeated once with a newer credential, when its body can be sent again.
 */
export async function fetchWithCredential(
  options: CredentialFetchOptions,
  id: string,
  url: string | URL,
  init: VaultFetchInit = {},
): Promise<Response> {
  const { minTtl, allow = [], ...request } = init
  const signal = request.signal ?? undefined
  const ask: CredentialsOptions = {
    ...(minTtl === undefined ? {} : { minTtl }),
    ...(signal === undefined ? {} : { signal }),
  }
  const send = (credential: Credential): Promise<FollowedAnswer> =>
    sendFollowing(
      options.fetch,
      layOver(credential, { url, headers: new Headers(request.headers), allow }),
      request,
    )
  const credential = await options.credentials(id, ask)
  const { answer, carried } = await send(credential)
  // A 401 of somebody who was not shown the credential says nothing about it.
  if (answer.status !== 401 || !carried) return answer
  const newer = await newerCredential(options, credential, ask, isReplayable(request.body))
  if (newer === undefined) return answer
  await answer.body?.cancel()
  return (await send(newer)).answer
}

interface FollowedAnswer {
  readonly answer: Response
  /** Whether the request that was answered had the credential on it: after a redirect to another origin none has. */
  readonly carried: boolean
}

async function sendFollowing(
  fetchImplementation: typeof fetch,
  laidOver: LaidOverRequest,
  init: RequestInit,
): Promise<FollowedAnswer> {
  let sent: SentRequest = {
    url: laidOver.url,
    method: (init.method ?? 'GET').toUpperCase(),
    headers: laidOver.headers,
    body: init.body,
    left: false,
  }
  for (let redirects = 0; ; redirects += 1) {
    const { url, method, headers, body } = sent
    const { body: _, ...rest } = init
    const answer = await fetchImplementation(url, {
      ...rest,
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined || body === null ? {} : { body }),
    })
    if (answer.type === 'opaqueredirect')
      throw new FlowVaultError(
        'invalid_request',
        'A browser hides where a redirect leads, so the credential stays here.',
      )
    const next = followingRequest(
      sent,
      { status: answer.status, location: answer.headers.get('location') },
      laidOver,
    )
    if (next === undefined || init.redirect === 'manual') return { answer, carried: !sent.left }
    await answer.body?.cancel()
    if (init.redirect === 'error')
      throw new TypeError('The service answered with a redirect, which the call refuses.')
    if (redirects >= MAX_REDIRECTS)
      throw new TypeError(`The service redirected more than ${MAX_REDIRECTS} times.`)
    sent = next
  }
}
