import type { ServerResponse } from 'node:http'
import { startLocalServer } from './local-server.ts'
import type { LoopbackCertificate } from './loopback-tls.ts'

/** A token endpoint over TLS that answers only when the test says so, and what it says. */
export interface HeldTokenEndpoint {
  /** `127.0.0.1:<port>`, for the list of allowed hosts. */
  readonly host: string
  readonly url: string
  /** The next request that has not been taken yet; waits for it. */
  nextRequest(): Promise<HeldRequest>
  close(): Promise<void>
}

/** A request that waits for its answer. */
export interface HeldRequest {
  grant(accessToken: string): void
  refuse(): void
}

/** Starts it on a free port. Close it when the suite ends. */
export async function startHeldTokenEndpoint(tls: LoopbackCertificate): Promise<HeldTokenEndpoint> {
  const arrived: HeldRequest[] = []
  const awaited: ((request: HeldRequest) => void)[] = []
  const server = await startLocalServer(
    (request, response) => {
      request.resume()
      const held = heldRequest(response)
      const waiting = awaited.shift()
      if (waiting === undefined) arrived.push(held)
      else waiting(held)
    },
    { tls },
  )
  return {
    host: server.host,
    url: `${server.url}/token`,
    nextRequest: () => {
      const held = arrived.shift()
      return held === undefined ? new Promise((resolve) => awaited.push(resolve)) : Promise.resolve(held)
    },
    close: () => server.close(),
  }
}

function heldRequest(response: ServerResponse): HeldRequest {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify(body))
  }
  return {
    grant: (accessToken) =>
      answer(200, { access_token: accessToken, token_type: 'Bearer', expires_in: 3600 }),
    refuse: () => answer(401, { error: 'invalid_client' }),
  }
}
