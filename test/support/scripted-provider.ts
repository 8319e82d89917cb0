import type { IncomingMessage, ServerResponse } from 'node:http'
import type { OutgoingFetch } from '../../shared/ports/outgoing-fetch.ts'
import { type LocalServer, startLocalServer } from './local-server.ts'

/** A request that reached the provider. */
export interface ProviderRequest {
  readonly method: string
  /** The path, without the host that a rerouted request carries in front. */
  readonly path: string
  /** The named provider's host, for rerouted requests; empty otherwise. */
  readonly host: string
  /** The form of the body, or the query of a GET. */
  readonly parameters: Readonly<Record<string, string>>
  readonly authorization: string | undefined
}

/** What the provider answers; an object goes as JSON, text as it is. `drop` closes the connection instead. */
export interface ScriptedAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly drop?: true
}

/** Decides an answer, at once or when the test lets it go. */
export type Script = (request: ProviderRequest) => ScriptedAnswer | Promise<ScriptedAnswer>

/** A provider that answers as a test tells it to, and remembers what it was asked. */
export interface ScriptedProvider {
  /** `127.0.0.1:<port>`, for the list of allowed hosts. */
  readonly host: string
  readonly url: string
  readonly requests: readonly ProviderRequest[]
  /** Replaces the script. */
  answerWith(script: Script): void
  close(): Promise<void>
}

/** Starts it on loopback; over TLS with a certificate. Until it has a script it answers 404. */
export async function startScriptedProvider(
  options: { readonly tls?: { readonly cert: string; readonly key: string } } = {},
): Promise<ScriptedProvider> {
  const requests: ProviderRequest[] = []
  let script: Script = () => ({ status: 404 })
  const server: LocalServer = await startLocalServer(
    (request, response) => {
      readRequest(request)
        .then(async (read) => {
          requests.push(read)
          send(await script(read), response)
        })
        .catch(() => response.destroy())
    },
    options.tls === undefined ? {} : { tls: options.tls },
  )
  return {
    host: server.host,
    url: server.url,
    requests,
    answerWith(next) {
      script = next
    },
    close: server.close,
  }
}

/** The fetch with every call to a named provider sent to this one, whatever its host; the path tells which it was. */
export function reroutedTo(provider: Pick<ScriptedProvider, 'url'>, fetch: OutgoingFetch): OutgoingFetch {
  return (input, request) => {
    const url = new URL(input)
    return fetch(`${provider.url}/~${url.host}${url.pathname}${url.search}`, request)
  }
}

async function readRequest(request: IncomingMessage): Promise<ProviderRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const url = new URL(request.url ?? '/', 'http://provider')
  const [, host = '', path = url.pathname] = /^\/~([^/]+)(\/.*)$/.exec(url.pathname) ?? []
  return {
    method: request.method ?? '',
    path,
    host,
    parameters: Object.fromEntries(text === '' ? url.searchParams : new URLSearchParams(text)),
    authorization: request.headers.authorization,
  }
}

function send(answer: ScriptedAnswer, response: ServerResponse): void {
  if (answer.drop === true) {
    response.socket?.destroy()
    return
  }
  const isText = typeof answer.body === 'string' || answer.body === undefined
  const type = isText ? 'text/html' : 'application/json'
  response.writeHead(answer.status ?? 200, { 'content-type': type, ...answer.headers })
  response.end(isText ? answer.body : JSON.stringify(answer.body))
}
