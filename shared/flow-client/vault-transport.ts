/** A request to the vault, its token among the headers. */
export interface VaultRequest {
  readonly method: 'GET' | 'POST'
  /** From the host root, with its query. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface VaultAnswer {
  readonly status: number
  header(name: string): string | undefined
  readonly body: string
}

/** Carries one request to the vault. Rejects when there was no answer; every answer, of whatever status, resolves. */
export type VaultTransport = (request: VaultRequest, signal: AbortSignal) => Promise<VaultAnswer>

/** Calls the `credentials` function itself: takes an HTTP API event as JSON text, resolves to the function's JSON text. */
export type Invoke = (payload: string, options: { signal: AbortSignal }) => Promise<string>

/** Over HTTP. A redirect is not followed: the token goes to the address that was configured and nowhere else. */
export function httpTransport(url: string, fetchImplementation: typeof fetch): VaultTransport {
  return async ({ method, path, headers, body }, signal) => {
    const response = await fetchImplementation(`${url}${path}`, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    })
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      body: await response.text(),
    }
  }
}

/**
 * By invoking the function, which saves the gateway on the way. The event is API Gateway's payload format 2.0, and
 * the function verifies its bearer token as always.
 */
export function invokeTransport(invoke: Invoke, host: string): VaultTransport {
  return async ({ method, path, headers, body }, signal) => {
    const [rawPath, rawQueryString = ''] = path.split('?') as [string, string?]
    const id = /\/connections\/([^/]+)\//.exec(rawPath)?.[1] ?? ''
    const routeKey = `${method} ${rawPath.replace(id, '{id}')}`
    const event = {
      version: '2.0',
      routeKey,
      rawPath,
      rawQueryString,
      headers: { host, ...headers },
      queryStringParameters: Object.fromEntries(new URLSearchParams(rawQueryString)),
      pathParameters: { id: decodeURIComponent(id) },
      requestContext: {
        http: {
          method,
          path: rawPath,
          protocol: 'HTTP/1.1',
          sourceIp: '',
          userAgent: headers['user-agent'] ?? '',
        },
        routeKey,
        stage: '$default',
      },
      isBase64Encoded: false,
      ...(body === undefined ? {} : { body }),
    }
    const answer: unknown = JSON.parse(await invoke(JSON.stringify(event), { signal }))
    if (!isFunctionAnswer(answer))
      throw new TypeError('The function answered something that is no HTTP answer')
    const answered = answer.headers ?? {}
    return {
      status: answer.statusCode,
      header: (name) => (answered[name] === undefined ? undefined : String(answered[name])),
      body: answer.body ?? '',
    }
  }
}

interface FunctionAnswer {
  readonly statusCode: number
  readonly headers?: Readonly<Record<string, string | number | boolean>>
  readonly body?: string
}

function isFunctionAnswer(value: unknown): value is FunctionAnswer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'statusCode' in value &&
    typeof value.statusCode === 'number'
  )
}
