import http, { type AgentOptions, type ClientRequestArgs } from 'node:http'
import net, { type LookupFunction, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import tls, { type SecureContext, type TLSSocket } from 'node:tls'
import { LRUCache } from 'lru-cache'
import type { OutgoingFailureCode } from '../../ports/outgoing-fetch.ts'
import { canonicalAddress, isPublicAddress } from './address-policy.ts'
import { askForTunnel, connectToProxy, type OutgoingProxy } from './proxy-tunnel.ts'

/** Hosts whose last TLS session is kept to be resumed; as many as node's own https agent keeps. */
const MAX_SESSIONS = 100

/** What a connection must obey; it travels through node's agent inside the request's options. */
export interface ConnectionPlan {
  readonly hostname: string
  readonly port: number
  readonly addresses: readonly string[]
  readonly mayBePrivate: boolean
  /** Through which the connection is made; it resolves the name then, and no address is checked here. */
  readonly proxy?: OutgoingProxy | undefined
  /** Destroys the socket while it is not yet connected. */
  readonly signal: AbortSignal
}

/** The options an agent of this file must be given with each request. */
export type PlannedRequestOptions = ClientRequestArgs & { readonly plan: ConnectionPlan }

/** A connection that could not be made; no byte of the request left. */
export class ConnectionRefused extends Error {
  override readonly name = 'ConnectionRefused'
  readonly code: OutgoingFailureCode
  /** Node's error code, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`. */
  readonly systemCode: string | undefined

  constructor(code: OutgoingFailureCode, systemCode?: string) {
    super(code)
    this.code = code
    this.systemCode = systemCode
  }
}

/**
 * An agent that connects only to the addresses of the request's plan and hands a socket over only when it is
 * connected, verified by TLS, and checked once more by the address it really reached. Because the request gets its
 * socket no earlier, an error before that is certain to have sent nothing. A proxy is the
 * plan's alone: no variables are read.
 */
export class PinnedAgent extends http.Agent {
  readonly protocol: 'https:' | 'http:'
  readonly defaultPort: number
  readonly #trust: readonly string[] | undefined
  readonly #sessions = new LRUCache<string, Buffer>({ max: MAX_SESSIONS })
  #context: SecureContext | undefined

  /** `trust`: PEM certificates trusted instead of node's own list. */
  constructor(
    protocol: 'https:' | 'http:',
    options: AgentOptions & { trust?: readonly string[] | undefined },
  ) {
    const { trust, ...agentOptions } = options
    super(agentOptions)
    this.protocol = protocol
    this.defaultPort = protocol === 'https:' ? 443 : 80
    this.#trust = trust
  }

  override createConnection(
    options: ClientRequestArgs,
    callback: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { plan } = options as PlannedRequestOptions
    let isSettled = false
    const settle = (error: ConnectionRefused | null, socket: Socket) => {
      if (isSettled) return
      isSettled = true
      plan.signal.removeEventListener('abort', abort)
      socket.removeListener('error', fail)
      if (error) socket.on('error', ignoreLaterErrors).destroy()
      callback(error, socket)
    }
    const fail = (error: NodeJS.ErrnoException) => {
      this.#sessions.delete(sessionKey(plan))
      settle(refusedBy(error, connected), socket)
    }
    const abort = () => settle(new ConnectionRefused('timeout'), socket)

    // TCP first and TLS over it, because only then can the address be checked before a byte is sent to it, and a
    // failed connection be told from a failed handshake.
    let connected = false
    const { proxy } = plan
    const carrier = proxy === undefined ? directly(plan) : connectToProxy(proxy)
    let { socket } = carrier
    socket.setNoDelay(true)
    socket.on('error', fail)
    const secure = () => {
      connected = true
      socket.removeListener('error', fail).on('error', ignoreLaterErrors)
      const secured = this.#startTls(socket, plan)
      socket = secured
      socket.on('error', fail)
      secured.once('secureConnect', () => {
        // Only from here on: a resumed session is not asked for its certificate's name again.
        secured.on('session', (session) => this.#sessions.set(sessionKey(plan), session))
        settle(null, socket)
      })
    }
    socket.once(carrier.ready, () => {
      if (proxy !== undefined) return void askForTunnel(socket, proxy, plan).then(secure, fail)
      if (!reachedAsPlanned(socket, plan)) return settle(new ConnectionRefused('forbidden_address'), socket)
      if (this.protocol === 'http:') return settle(null, socket)
      secure()
    })
    if (plan.signal.aborted) abort()
    else plan.signal.addEventListener('abort', abort, { once: true })
    return undefined
  }

  #startTls(socket: Socket, plan: ConnectionPlan): TLSSocket {
    // Made once: reading the list of authorities for each connection would be a fifth of a millisecond.
    this.#context ??= tls.createSecureContext({
      minVersion: 'TLSv1.2',
      ...(this.#trust === undefined ? {} : { ca: [...this.#trust] }),
    })
    return tls.connect({
      socket,
      // The name of the certificate is the URL's, whatever address it resolved to. RFC 6066 §3: no literals in SNI.
      host: plan.hostname,
      servername: net.isIP(plan.hostname) === 0 ? plan.hostname : '',
      ALPNProtocols: ['http/1.1'],
      secureContext: this.#context,
      session: this.#sessions.get(sessionKey(plan)),
      // Stated so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
      rejectUnauthorized: true,
    })
  }
}

/** A connection to one of the checked addresses. */
function directly(plan: ConnectionPlan): { socket: Socket; ready: string } {
  const { hostname: host, port } = plan
  return { socket: net.connect({ host, port, lookup: pinnedLookup(plan) }), ready: 'connect' }
}

function sessionKey({ hostname, port }: ConnectionPlan): string {
  return `${hostname}:${port}`
}

function reachedAsPlanned(socket: Socket, plan: ConnectionPlan): boolean {
  const address = canonicalAddress(socket.remoteAddress ?? '')
  return plan.addresses.includes(address) && (plan.mayBePrivate || isPublicAddress(address))
}

/** Answers node's question for the host with the checked addresses; node tries them in turn (RFC 8305). */
function pinnedLookup(plan: ConnectionPlan): LookupFunction {
  const answers = plan.addresses.map((address) => ({ address, family: net.isIP(address) }))
  return (_hostname, options, callback) => {
    if (options.all) return callback(null, answers)
    const first = answers[0]
    callback(null, first?.address ?? '', first?.family)
  }
}

function refusedBy(error: NodeJS.ErrnoException, connected: boolean): ConnectionRefused {
  // With several addresses tried node reports them together; the first cause stands for all.
  const cause = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error
  return new ConnectionRefused(connected ? 'tls_failed' : 'connect_failed', cause?.code ?? error.code)
}

/** A socket that was given up may still report why it closed; nobody is left to hear it. */
function ignoreLaterErrors(): void {}
