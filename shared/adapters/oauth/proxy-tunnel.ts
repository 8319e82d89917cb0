import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import { SecretText } from '../../domain/secret-text.ts'

/** The proxy that outgoing calls go through, and the hosts that they do not. */
export interface OutgoingProxy {
  readonly host: string
  readonly port: number
  /** The way to the proxy itself is https. */
  readonly secure: boolean
  /** What `Proxy-Authorization` says, where the proxy asks for it. */
  readonly authorization?: SecretText
  /** As `NO_PROXY` lists them: a name means itself and what is below it, `*` everything. */
  readonly except: readonly string[]
}

/** The proxy did not make the tunnel; no byte of the request left. */
export class TunnelRefused extends Error {
  override readonly name = 'TunnelRefused'
  /** The status it answered with, such as `PROXY_403`. */
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** In bytes, of the proxy's whole answer to CONNECT: real ones have a few hundred. */
const MAX_ANSWER_BYTES = 16_384
const END_OF_HEAD = '\r\n\r\n'

/** Whether calls to this host go through the proxy. */
export function goesThrough(
  { except }: Pick<OutgoingProxy, 'except'>,
  { hostname, port }: { hostname: string; port: number },
): boolean {
  return !except.some((entry) => {
    const [, name = '', ofPort] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? []
    if (entry === '*') return true
    if (ofPort !== undefined && Number(ofPort) !== port) return false
    return name !== '' && (hostname === name || hostname.endsWith(`.${name}`))
  })
}

/** Connects to the proxy; it says `ready` when what is written to it reaches the proxy. */
export function connectToProxy({ host, port, secure }: OutgoingProxy): { socket: Socket; ready: string } {
  if (!secure) return { socket: net.connect({ host, port }), ready: 'connect' }
  const servername = net.isIP(host) === 0 ? host : ''
  const socket = tls.connect({ host, port, servername, minVersion: 'TLSv1.2', rejectUnauthorized: true })
  return { socket, ready: 'secureConnect' }
}

/**
 * Asks the proxy for a tunnel to the target (RFC 9110 §9.3.6) over a connection to it; resolves when what is written
 * from now on reaches the target. Rejects with `TunnelRefused`, or with the connection's own error.
 */
export function askForTunnel(
  socket: Socket,
  proxy: OutgoingProxy,
  target: { hostname: string; port: number },
): Promise<void> {
  const authority = `${net.isIP(target.hostname) === 6 ? `[${target.hostname}]` : target.hostname}:${target.port}`
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`]
  if (proxy.authorization !== undefined) lines.push(`Proxy-Authorization: ${proxy.authorization.reveal()}`)
  socket.write(`${lines.join('\r\n')}${END_OF_HEAD}`)
  return new Promise((resolve, reject) => {
    let head = ''
    const settle = (error?: Error) => {
      socket.off('data', onData)
      socket.off('error', settle)
      socket.off('close', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onClose = () => settle(new TunnelRefused('PROXY_CLOSED'))
    const onData = (chunk: Buffer) => {
      head += chunk.toString('latin1')
      const end = head.indexOf(END_OF_HEAD)
      if (end < 0 && head.length <= MAX_ANSWER_BYTES) return
      const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(head)?.[1]
      // The target speaks second: what comes behind the head before we have sent anything is not from it.
      const isTunnel =
        status?.startsWith('2') === true && end >= 0 && end + END_OF_HEAD.length === head.length
      settle(isTunnel ? undefined : new TunnelRefused(`PROXY_${status ?? 'ANSWER'}`))
    }
    socket.on('data', onData)
    socket.on('error', settle)
    socket.on('close', onClose)
  })
}

/** A proxy as `HTTPS_PROXY` and `NO_PROXY` name it; undefined for what is no http or https URL. */
export function parseProxy(text: string, except: readonly string[]): OutgoingProxy | undefined {
  const url = URL.parse(text)
  const secure = url?.protocol === 'https:'
  if (url === null || (!secure && url.protocol !== 'http:') || url.hostname === '') return undefined
  const user =
    url.username === ''
      ? undefined
      : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    secure,
    ...(user === undefined
      ? {}
      : { authorization: new SecretText(`Basic ${Buffer.from(user).toString('base64')}`) }),
    except,
  }
}
