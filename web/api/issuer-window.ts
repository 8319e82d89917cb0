/** On which the window that came back tells the page what it was given. */
export const SIGN_IN_CHANNEL = 'flow-vault-sign-in'

/** What was asked of the issuer. */
export interface AskedIssuer {
  readonly url: URL
  readonly state: string
  readonly verifier: string
}

/** The query that the issuer sent the browser back with. */
export interface IssuerAnswer {
  readonly search: string
}

/**
 * What the window with this state came back with; openers are cut by providers, so it tells by a channel. Undefined
 * when nothing came within `limitMs`: an issuer that isolates its window makes `closed` say nothing of whether it was
 * shut. Rejects with the signal's reason.
 */
export function waitForWindow(options: {
  state: string
  limitMs: number
  signal?: AbortSignal | undefined
}): Promise<IssuerAnswer | undefined> {
  const { state, limitMs, signal } = options
  const channel = new BroadcastChannel(SIGN_IN_CHANNEL)
  const { promise, resolve, reject } = Promise.withResolvers<IssuerAnswer | undefined>()
  const timer = setTimeout(() => resolve(undefined), limitMs)
  const onAbort = (): void => reject(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  channel.onmessage = ({ data }: MessageEvent) => {
    const answer = data as IssuerAnswer
    if (new URLSearchParams(answer.search).get('state') === state) resolve(answer)
  }
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    channel.close()
  })
}
