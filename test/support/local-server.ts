import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

/** A server on loopback that counts what reaches it. */
export interface LocalServer {
  readonly port: number
  /** `127.0.0.1:<port>`. */
  readonly host: string
  readonly url: string
  readonly sockets: readonly Socket[]
  /** Every request as `METHOD path`, in the order they came. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

/** Starts a server with the given listener on a free port, with TLS when there are TLS options. */
export async function startLocalServer(
  listener: RequestListener,
  options: { readonly tls?: ServerOptions; readonly address?: string; readonly port?: number } = {},
): Promise<LocalServer> {
  const requests: string[] = []
  const sockets: Socket[] = []
  const record: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    listener(request, response)
  }
  const server: Server = options.tls ? createHttpsServer(options.tls, record) : createHttpServer(record)
  server.on('connection', (socket) => sockets.push(socket))
  const address = options.address ?? '127.0.0.1'
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, address, resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    host: `${address}:${port}`,
    url: `${options.tls ? 'https' : 'http'}://${address}:${port}`,
    sockets,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        for (const socket of sockets) socket.destroy()
      }),
  }
}
