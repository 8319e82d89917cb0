import http from 'node:http'
import type { AddressInfo } from 'node:net'
import autocannon from 'autocannon'
import { percentilesOf } from './percentiles.ts'

/** Long enough for the JIT to settle and for a p99 to mean something. */
const WARM_UP_SECONDS = 2
const MEASURED_SECONDS = 5

export interface Load {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failures: number
}

export interface LoadRequest {
  readonly url: string
  readonly connections: number
  readonly headers?: Record<string, string>
  readonly method?: 'GET' | 'POST'
  readonly body?: string
  readonly seconds?: number
}

/** Warms up, then measures with keep-alive connections that each send the next request when the last is answered. */
export async function measure(request: LoadRequest): Promise<Load> {
  await run(request, WARM_UP_SECONDS)
  return run(request, request.seconds ?? MEASURED_SECONDS)
}

async function run(request: LoadRequest, seconds: number): Promise<Load> {
  const latencies: number[] = []
  const options: autocannon.Options = {
    url: request.url,
    connections: request.connections,
    duration: seconds,
    ...(request.headers === undefined ? {} : { headers: request.headers }),
    ...(request.method === undefined ? {} : { method: request.method }),
    ...(request.body === undefined ? {} : { body: request.body }),
  }
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(options, (error, done) => (error ? reject(error) : resolve(done)))
    // autocannon's own percentiles are whole milliseconds, which is coarser than what is measured here.
    instance.on('response', (_client, _status, _bytes, ms) => latencies.push(ms))
  })
  const at = percentilesOf(latencies)
  return {
    requestsPerSecond: result.requests.average,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    failures: result.non2xx - result['3xx'] + result.errors,
  }
}

/** The rate and the percentiles in one cell. */
export function showLoad(load: Load): string {
  const failures = load.failures > 0 ? ` (${load.failures} FAILED)` : ''
  return `${Math.round(load.requestsPerSecond).toLocaleString('en')}/s  p50 ${load.p50Ms.toFixed(2)} ms  p99 ${load.p99Ms.toFixed(2)} ms${failures}`
}

/** A bare node:http server in a process of its own that answers these bytes, for comparison. */
export async function withBareServer<T>(body: string, use: (url: string) => Promise<T>): Promise<T> {
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, [new URL('./bare-server.ts', import.meta.url).pathname], {
    env: { ...process.env, BARE_BODY: body },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const port = await new Promise<string>((resolve) =>
      child.stdout.once('data', (data) => resolve(String(data).trim())),
    )
    return await use(`http://127.0.0.1:${port}/`)
  } finally {
    child.kill()
  }
}

/** Serves `body` on a free port until the process ends. */
export function startBareServer(body: string): Promise<number> {
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
