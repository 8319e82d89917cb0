import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { LoopbackCertificate } from './loopback-tls.ts'
import type { TokenWatch } from './token-watch.ts'
import { until } from './until.ts'

/** An authorization server that others wrote, in a process of its own on loopback. */
export interface RealServer {
  /** In front of it; what the vault speaks to. */
  readonly watch: TokenWatch
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly revocationUrl: string
  readonly scope: string
  readonly client: { readonly id: string; secret: string }
  /** Signs in at an authorization URL and allows it; answers where the browser is sent. */
  consent(authorizationUrl: string): Promise<URL>
  /** Whether the server would still take the token (RFC 7662). */
  isActive(token: string): Promise<boolean>
  /** What a person does on the provider's own site. */
  endGrantsOfPerson(): Promise<void>
  changeSecret(secret: string): Promise<void>
  /** Sessions that nobody uses end after this long; undefined where a server has none. */
  readonly endIdleSessionsAfter?: (seconds: number) => Promise<void>
  /** Ends the process, and starts another one over the same data. */
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** What each of them is started with. */
export interface RealServerPlace {
  /** The unpacked distribution, or the binary. */
  readonly program: string
  /** For its data; new and empty. */
  readonly folder: string
  readonly certificate: LoopbackCertificate
}

const STOP_WITHIN_MS = 20_000
const LOG_TAIL_LINES = 15

/** A server process that can be started again and again. */
export interface ServerProcess {
  start(): Promise<void>
  stop(): Promise<void>
}

/** The process of a server; it is up when `healthUrl` answers with anything but an error of the server. */
export function serverProcess(options: {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly healthUrl: string
  readonly logPath: string
  readonly startWithinMs: number
}): ServerProcess {
  let child: ChildProcess | undefined
  return {
    async start() {
      const log = openSync(options.logPath, 'a')
      const [program = '', ...args] = options.command
      const started = spawn(program, args, {
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
        stdio: ['ignore', log, log],
      })
      closeSync(log)
      child = started
      const isUp = await until(
        async () => started.exitCode === null && (await answers(options.healthUrl)),
        (up) => up || started.exitCode !== null,
        options.startWithinMs,
      )
      if (isUp) return
      const tail = readFileSync(options.logPath, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES)
      await this.stop()
      throw new Error(`${program} did not start. The last lines of its log:\n${tail.join('\n')}`)
    },
    async stop() {
      const { pid, exitCode, signalCode } = child ?? {}
      if (child === undefined || pid === undefined || exitCode !== null || signalCode !== null) return
      const gone = once(child, 'exit')
      // Keycloak's script hands the signal on to Java and waits for its end.
      child.kill('SIGTERM')
      const stubborn = child
      const timer = setTimeout(() => stubborn.kill('SIGKILL'), STOP_WITHIN_MS)
      await gone
      clearTimeout(timer)
    },
  }
}

/** Both are up, or neither is: a watch before a server that is down would take a request and lose it. */
export function restartable(
  server: ServerProcess,
  watch: TokenWatch,
): Pick<RealServer, 'start' | 'stop' | 'close'> {
  const stop = async () => {
    await watch.refuse()
    await server.stop()
  }
  return {
    stop,
    close: stop,
    async start() {
      await server.start()
      await watch.listen()
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.status < 500
  } catch {
    return false
  }
}

/** A port of loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A call with a JSON body, whose answer is JSON or empty; throws on every status that is no success. */
export async function callJson(
  method: string,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
  // biome-ignore lint/suspicious/noExplicitAny: answers of other people's servers are looked at member by member.
): Promise<any> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text.slice(0, 300)}`)
  return text === '' ? undefined : JSON.parse(text)
}
