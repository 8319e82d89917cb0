import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { ClientRegistry } from '../../infra/embedded/issuer/client-registry.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { COMPILE_CACHE } from './compile-cache.ts'
import {
  type Caller,
  callsOf,
  newDataFolder,
  registration,
  TEST_ENV,
  type TestVault,
} from './running-vault.ts'
import type { ClientCredentials } from './vault-token.ts'

/** A vault in a process of its own, which a test may kill. */
export interface SpawnedVault extends TestVault {
  readonly pid: number
  /** Resolves when the process is gone, however it went. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** `kill -9`, and waits for the end. The data folder stays; start another vault over it; `stop` of this one removes it. */
  kill(): Promise<void>
}

export interface SpawnedVaultOptions {
  readonly env?: Readonly<Record<string, string>>
  /** A data folder of the test's own, such as that of a vault it has killed; `stop` leaves it in place. */
  readonly folder?: string
  /** No file that it writes may outgrow so many blocks of the shell's `ulimit -f`, as on a full disk. */
  readonly maxFileBlocks?: number
}

const MAIN = path.resolve('infra/embedded/main.ts')
/** Starting takes about a second; a busy machine may need many. */
const START_WITHIN_MS = 30_000

/**
 * Starts `npm start`'s own entry in a child process, and waits for its banner. A token is bound to the issuer's
 * URL: give PORT in `env` to have tokens outlive a restart.
 */
export async function spawnVault(options: SpawnedVaultOptions = {}): Promise<SpawnedVault> {
  const folder = options.folder ?? (await newDataFolder())
  const { maxFileBlocks } = options
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN]
  const [program, ...rest] =
    maxFileBlocks === undefined
      ? command
      : ['sh', '-c', `ulimit -f ${maxFileBlocks}; exec "$@"`, 'sh', ...command]
  const child = spawn(program!, rest, {
    env: {
      PATH: process.env['PATH'],
      // What the vault's own files may not outgrow, the cache may not either.
      ...(maxFileBlocks === undefined ? COMPILE_CACHE : {}),
      ...TEST_ENV,
      FLOW_VAULT_DATA: folder,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
  const output = collectOutput(child)
  const { url, tlsUrl } = await output.banner
  const clock = new SystemClock()
  const registry = ClientRegistry.open(path.join(folder, 'clients.json'), {
    clock,
    random: new SystemRandom(),
  })
  const client = (caller: Caller): ClientCredentials => {
    const { client: added, secret } = registry.add(registration(caller))
    return { clientId: added.client_id, clientSecret: secret.reveal(), audience: `${url}/api/v2/` }
  }
  return {
    pid: child.pid!,
    url,
    tlsUrl,
    caPath: path.join(folder, 'ca.pem'),
    folder,
    exited,
    log: output.lines,
    client,
    ...callsOf(url, client),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

function collectOutput(child: ChildProcess): {
  banner: Promise<{ url: string; tlsUrl: string }>
  lines(): string[]
} {
  let log = ''
  let said = ''
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk
  })
  const banner = new Promise<{ url: string; tlsUrl: string }>((resolve, reject) => {
    const failed = (why: string): void => reject(new Error(`the vault did not start: ${why}\n${said}`))
    const timer = setTimeout(() => failed(`no banner within ${START_WITHIN_MS} ms`), START_WITHIN_MS)
    child.once('exit', (code, signal) => failed(`exit ${code ?? signal}`))
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
      const url = /^ {2}API +(http:\/\/[^/\s]+)/m.exec(said)?.[1]
      const tlsUrl = /^ {2}TLS +(https:\/\/[^/\s]+)/m.exec(said)?.[1]
      if (url === undefined || tlsUrl === undefined) return
      clearTimeout(timer)
      resolve({ url, tlsUrl })
    })
    child.once('exit', () => clearTimeout(timer))
  })
  return { banner, lines: () => `${log}${said}`.split('\n').filter((line) => line !== '') }
}
