import { once } from 'node:events'
import net from 'node:net'

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  /** By lower-case name; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Sends bytes that no HTTP client would send, and reads until the server ends the connection: have the request
 * ask for that, unless it is one that the server closes after.
 */
export async function sendRaw(url: string, request: string | Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  // A server that refuses early may reset what is still being sent; its answer has arrived by then.
  socket.on('error', () => {})
  socket.write(request)
  await once(socket, 'close')
  return parseAnswer(Buffer.concat(chunks).toString('utf8'))
}

/** A request head with `Host` and `Connection: close`; `headers` are lines without their line ends. */
export function rawHead(method: string, target: string, headers: readonly string[] = []): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: vault.test', 'Connection: close', ...headers, '', ''].join(
    '\r\n',
  )
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { status: Number(statusLine.split(' ')[1]), headers, body: text.slice(end + 4) }
}
