import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { LocalCertificate } from './local-certificate.ts'

/** A service on this machine that stands in for a real one, so that an example needs no account anywhere. */
export interface LocalService {
  readonly url: string
  stop(): Promise<void>
}

/** What the double makes of a request. */
export type Answer = { readonly status: number; readonly body: unknown }

/** Starts a double on a free port of loopback; with a certificate it speaks https. */
export async function startLocalService(
  answer: (request: IncomingMessage, body: string) => Answer | Promise<Answer>,
  certificate?: LocalCertificate,
): Promise<LocalService> {
  const listener: RequestListener = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const { status, body } = await answer(request, Buffer.concat(chunks).toString('utf8'))
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  }
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener)
  return listenLocally(server)
}

/** Lets a server listen on loopback, on a free port unless one is named. */
export async function listenLocally(server: Server | TlsServer, port = 0): Promise<LocalService> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  const scheme = server instanceof TlsServer ? 'https' : 'http'
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
