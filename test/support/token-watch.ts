import { type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { LoopbackCertificate } from './loopback-tls.ts'

/** One exchange with the token endpoint of a real server. */
export interface WatchedTokenRequest {
  readonly parameters: Readonly<Record<string, string>>
  readonly status: number
  /** Empty where the answer was lost on its way, or is no JSON. */
  readonly answer: Readonly<Record<string, unknown>>
}

/** TLS in front of a real authorization server, and an eye on its token endpoint. */
export interface TokenWatch {
  readonly url: string
  /** `127.0.0.1:<port>`, for the list of allowed hosts. */
  readonly host: string
  readonly requests: readonly WatchedTokenRequest[]
  /** The next answer of the token endpoint is given by the server and never arrives. */
  loseNextAnswer(): void
  /** Takes the last request out of the record: it was not the vault's. */
  forgetLast(): void
  /** Refuses connections, as a server does that is down; `listen` takes them again, at the same port. */
  refuse(): Promise<void>
  listen(): Promise<void>
}

/** Starts it before `backendPort`; requests whose path ends in `tokenPath` are watched. */
export async function startTokenWatch(options: {
  readonly backendPort: number
  readonly tokenPath: string
  readonly certificate: LoopbackCertificate
}): Promise<TokenWatch> {
  const requests: WatchedTokenRequest[] = []
  let isLosing = false
  const server = createServer(options.certificate, (request, response) => {
    forward(request, response).catch(() => response.destroy())
  })
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request)
    const isWatched = request.method === 'POST' && (request.url ?? '').endsWith(options.tokenPath)
    const isLost = isWatched && isLosing
    if (isLost) isLosing = false
    const answer = await ask(options.backendPort, request, body, host)
    const content = await read(answer)
    if (isWatched) {
      requests.push({
        parameters: Object.fromEntries(new URLSearchParams(body.toString())),
        status: answer.statusCode ?? 0,
        answer: isLost ? {} : parsed(content),
      })
    }
    if (isLost) {
      request.socket.destroy()
      return
    }
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
    response.end(content)
  }

  return {
    url: `https://${host}`,
    host,
    requests,
    loseNextAnswer() {
      isLosing = true
    },
    forgetLast() {
      requests.pop()
    },
    listen: () => listen(port),
    refuse: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function ask(port: number, request: IncomingMessage, body: Buffer, host: string): Promise<IncomingMessage> {
  const [hostname = '', forwardedPort = ''] = host.split(':')
  const headers = {
    ...request.headers,
    host,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': hostname,
    'x-forwarded-port': forwardedPort,
  }
  return new Promise((resolve, reject) => {
    const { method, url: path } = request
    const outgoing = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, resolve)
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function parsed(content: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(content.toString())
  } catch {
    return {}
  }
}
