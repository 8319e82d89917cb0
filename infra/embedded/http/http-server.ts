import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type tls from 'node:tls'
import { SharesInUse } from '../../../shared/adapters/memory/shares-in-use.ts'
import { addressHolder } from '../../../shared/domain/charges.ts'
import { rawProblem, type ServerProblem } from './gateway-answer.ts'
import { Exchange, type ExchangeHandlers, LINGER_MS } from './node-exchange.ts'

export interface HttpLimits {
  readonly bodyBytes: number
  readonly headerBytes: number
  /** From a request's first byte to its last. */
  readonly requestTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly connections: number
  /** Of these, how many from one address. */
  readonly connectionsPerAddress: number
}

/** What one machine bears, and no honest client meets. */
export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  /** The largest secret is 64 KiB; JSON escapes and the other members fit in the rest. */
  bodyBytes: 100 * 1024,
  /** Node's own default; tokens and cookies together stay well below it. */
  headerBytes: 16 * 1024,
  /** API Gateway's own limit for a whole call. */
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  /** Longer than the 60 s after which AWS's load balancers drop an idle connection, so that they do it first. */
  keepAliveTimeoutMs: 65_000,
  /** Below the usual limit of open files, with room for the store and outgoing calls. */
  connections: 10_000,
  /** A quarter, so that one machine does not keep all others out. */
  connectionsPerAddress: 2_500,
}

/** How often slow requests are looked for; their timeouts are late by up to this. */
const TIMEOUT_CHECK_MS = 2_000

export interface HttpServerOptions extends ExchangeHandlers {
  readonly limits?: Partial<HttpLimits>
  /** Whether an address is a proxy's, which stands for many. */
  isProxy?(address: string): boolean
  /** Serves https with this certificate instead of http. */
  readonly tls?: TlsIdentity
}

/** What an https server shows of itself, and the key that proves it. */
export interface TlsIdentity {
  readonly certPem: string
  readonly keyPem: string
}

export interface HttpServer {
  /** Starts to accept connections; port 0 takes a free one. Rejects when the address cannot be had. */
  listen(address: { host: string; port: number }): Promise<AddressInfo>
  /**
   * Accepts nothing more, lets the requests that have arrived finish within `graceMs`, telling their clients to go
   * (`Connection: close`), then ends every connection.
   */
  close(options: { graceMs: number }): Promise<void>
  /** Shows another certificate from the next handshake on; connections that are open stay. For https only. */
  changeCertificate(identity: TlsIdentity): void
}

/** An HTTP/1.1 server that hands requests to Lambda handlers, as API Gateway's HTTP APIs (payload 2.0) would. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits }
  const exchange = new Exchange(options, limits.bodyBytes)
  const server = createServer(limits, options.tls)
  const onRequest = (request: IncomingMessage, response: ServerResponse) => exchange.answer(request, response)
  server.on('request', onRequest)
  server.on('checkContinue', onRequest)
  server.on('clientError', createClientErrorAnswer(exchange))
  const connections = trackSockets(server, 'connection')
  shareConnections(server, limits.connectionsPerAddress, options.isProxy)
  const sockets = options.tls === undefined ? connections : trackSockets(server, 'secureConnection')
  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve(server.address() as AddressInfo)
        })
      }),
    close: ({ graceMs }) =>
      new Promise((resolve) => {
        const deadline = setTimeout(() => {
          for (const connection of connections) connection.destroy()
        }, graceMs)
        server.close(() => {
          clearTimeout(deadline)
          resolve()
        })
        exchange.drain(() => {
          // What is written already is sent first; connections that carry no request have nothing to wait for.
          for (const socket of sockets) socket.destroySoon()
        })
      }),
    changeCertificate(identity) {
      if (server instanceof https.Server) server.setSecureContext(secureContextOf(identity))
    },
  }
}

function secureContextOf({ certPem, keyPem }: TlsIdentity): tls.SecureContextOptions {
  return { cert: certPem, key: keyPem, minVersion: 'TLSv1.2' }
}

function createServer(limits: HttpLimits, identity: HttpServerOptions['tls']): http.Server | https.Server {
  const settings: http.ServerOptions = {
    maxHeaderSize: limits.headerBytes,
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    // Checked by the event reader, whose answer has the API's shape.
    requireHostHeader: false,
    noDelay: true,
  }
  const server =
    identity === undefined
      ? http.createServer(settings)
      : https.createServer({ ...settings, ...secureContextOf(identity) })
  // On `close`, Node would destroy connections whose answer is written but not yet sent; draining ends them here.
  server.closeIdleConnections = () => {}
  server.maxRequestsPerSocket = 0
  server.maxConnections = limits.connections
  return server
}

/** The open sockets that the server announces by this event; under TLS a connection is another one than its carrier. */
function trackSockets(
  server: http.Server | https.Server,
  event: 'connection' | 'secureConnection',
): Set<Socket> {
  const sockets = new Set<Socket>()
  server.on(event, (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

/** Drops a connection of an address that has its share of them. */
function shareConnections(
  server: http.Server | https.Server,
  limit: number,
  isProxy: HttpServerOptions['isProxy'],
): void {
  const inUse = new SharesInUse()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const share = [{ name: addressHolder(address).of, limit }]
    if (!inUse.fits(share) && isProxy?.(address) !== true) {
      socket.destroy()
      return
    }
    inUse.take(share)
    socket.once('close', () => inUse.give(share))
  })
}

/** Answers what is no HTTP request, too large a head, or too slow a client, once a connection, and closes it. */
function createClientErrorAnswer(exchange: Exchange): (error: NodeJS.ErrnoException, socket: Socket) => void {
  const refused = new WeakSet<Socket>()
  return (error, socket) => {
    // What is still read while the connection lingers is an error again.
    if (refused.has(socket)) return
    refused.add(socket)
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(timer))
    const problem = problemOfClientError(error.code)
    socket.end(rawProblem(problem, exchange.headersOfRefusal(problem.statusCode)))
  }
}

function problemOfClientError(code: string | undefined): ServerProblem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        statusCode: 431,
        error: 'Request Header Fields Too Large',
        message: 'The request line and headers are too large',
      }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { statusCode: 408, error: 'Request Timeout', message: 'The request did not arrive in time' }
    default:
      return { statusCode: 400, error: 'Bad Request', message: 'The request is not valid HTTP' }
  }
}
