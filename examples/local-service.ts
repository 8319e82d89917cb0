import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A service on this machine that stands in for a real one, so that an example needs no account anywhere. */
export interface LocalService {
  readonly url: string
  stop(): Promise<void>
}

/** What the double makes of a request. */
export type Answer = { readonly status: number; readonly body: unknown }

/** Starts a double on a free port of loopback. */
export async function startLocalService(
  answer: (request: IncomingMessage, body: string) => Answer | Promise<Answer>,
): Promise<LocalService> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const { status, body } = await answer(request, Buffer.concat(chunks).toString('utf8'))
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
