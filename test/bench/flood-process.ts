import net from 'node:net'
import autocannon from 'autocannon'

/** What one process sends to slow others down, for as long as it lives. */
export type Flood =
  | {
      readonly kind: 'requests'
      readonly url: string
      readonly connections: number
      readonly method: 'GET' | 'POST'
      readonly headers: Readonly<Record<string, string>>
      readonly body?: string
    }
  | { readonly kind: 'connections'; readonly url: string; readonly count: number }

/** What became of it. */
export interface FloodResult {
  readonly answered: number
  readonly refused: number
  readonly seconds: number
}

const ENDLESS_SECONDS = 3_600

/** Holds connections open, each with a request that never ends. */
function holdConnections({ url, count }: Extract<Flood, { kind: 'connections' }>): () => FloodResult {
  const { hostname, port } = new URL(url)
  const startedAtMs = performance.now()
  let [opened, dropped] = [0, 0]
  const open = (): void => {
    const socket = net.connect({ host: hostname, port: Number(port), localAddress: '127.0.0.2' })
    socket.once('connect', () => {
      opened++
      socket.write('GET / HTTP/1.1\r\n')
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      dropped++
      // Whoever floods comes back; not at once, or this process would measure itself.
      setTimeout(open, 1_000)
    })
  }
  for (let index = 0; index < count; index++) open()
  return () => ({ answered: opened, refused: dropped, seconds: (performance.now() - startedAtMs) / 1000 })
}

function sendRequests(flood: Extract<Flood, { kind: 'requests' }>): () => FloodResult {
  const startedAtMs = performance.now()
  let [answered, refused] = [0, 0]
  const options: autocannon.Options = {
    url: flood.url,
    connections: flood.connections,
    duration: ENDLESS_SECONDS,
    method: flood.method,
    headers: { ...flood.headers },
    timeout: 60,
    ...(flood.body === undefined ? {} : { body: flood.body }),
  }
  // Whoever asked for the flood ends this process.
  const instance = autocannon(options, () => {})
  instance.on('response', (_client, status) => {
    if (status === 429 || status === 503) refused++
    else answered++
  })
  return () => ({ answered, refused, seconds: (performance.now() - startedAtMs) / 1000 })
}

// Forked with the flood as its argument; asked for the result, it tells it and ends.
const flood = JSON.parse(process.argv[2] ?? 'null') as Flood | null
if (flood !== null && process.send !== undefined) {
  const result = flood.kind === 'requests' ? sendRequests(flood) : holdConnections(flood)
  process.send('begun')
  process.on('message', () => process.send?.(result(), () => process.exit()))
}
