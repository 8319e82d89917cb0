/** A person's session, however it was begun. */
export interface Session {
  /** When it ends, in epoch ms; undefined while it renews itself. */
  readonly endsAtMs: number | undefined
  /** True where a button of the page signs in; false where a link from elsewhere does. */
  readonly hasButton: boolean
  /** Takes up what the address or an earlier visit left. Throws `ApiError` with 401 when nobody is signed in. */
  begin(): Promise<void>
  /**
   * Sends the person to sign in; `inWindow` leaves this page as it is, until the signal says that nobody waits any
   * more. Throws `ApiError`, or the signal's reason.
   */
  signIn(how: { inWindow: boolean; signal: AbortSignal }): Promise<void>
  /** A token that works for a while. Throws `ApiError` with 401 when nobody is signed in. */
  token(how: { renew: boolean }): Promise<string>
  /** Begins the session's time anew. */
  stay(): Promise<void>
  /** Ends the session. */
  end(): Promise<void>
}

/** What `config.json` says of signing in. */
export type SignInConfig =
  | { readonly sign_in: 'link' | 'none' }
  | {
      readonly sign_in: 'issuer'
      readonly issuer: string
      readonly client_id: string
      readonly scope: string
      readonly audience: string
      readonly audience_in: 'audience' | 'resource' | 'none'
    }
