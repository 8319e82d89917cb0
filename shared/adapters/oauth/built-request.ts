import * as oauth from 'oauth4webapi'

/** A request as oauth4webapi builds it. */
export interface BuiltRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: URLSearchParams
}

/** What every call of oauth4webapi is given, so that it builds the request and sends nothing. */
export interface BuildOptions {
  readonly [oauth.customFetch]: (
    url: string,
    options: oauth.CustomFetchOptions<'POST', URLSearchParams>,
  ) => Promise<Response>
  readonly [oauth.allowInsecureRequests]: true
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The request that `call` would send, or undefined when the library refuses its arguments. The guard sends it: only
 * the guard decides which hosts may be spoken to, and no answer gets into the library, whose errors would carry it.
 */
export async function buildRequest(
  call: (options: BuildOptions) => Promise<unknown>,
): Promise<BuiltRequest | undefined> {
  let built: BuiltRequest | undefined
  try {
    await call({
      async [oauth.customFetch](_url, { headers, body }) {
        built = { headers, body }
        return new Response(null)
      },
      [oauth.allowInsecureRequests]: true,
      headers: { 'user-agent': 'flow-vault', accept: 'application/json' },
    })
  } catch {
    // The library's checks of its arguments; their messages may carry what was given.
    return undefined
  }
  return built
}
