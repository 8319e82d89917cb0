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

/** What the window with this state came back with; openers are cut by providers, so it tells by a channel. */
export function waitForWindow(state: string): Promise<IssuerAnswer> {
  const channel = new BroadcastChannel(SIGN_IN_CHANNEL)
  return new Promise((resolve) => {
    channel.onmessage = ({ data }: MessageEvent<IssuerAnswer>) => {
      if (new URLSearchParams(data.search).get('state') !== state) return
      channel.close()
      resolve(data)
    }
  })
}
