import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** A vault that shares its data folder with others, in a process that a test may kill. */
export interface VaultWorker {
  readonly url: string
  /** Moves its calendar on. */
  moveOn(ms: number): Promise<void>
  /** Stops the whole process where it is (SIGSTOP), and lets it go on (SIGCONT). */
  pause(): void
  resume(): void
  /** `kill -9`, and waits for the end. */
  kill(): Promise<void>
  close(): Promise<void>
}

/** What all workers of one folder have in common. */
export interface WorkerOptions {
  readonly folder: string
  readonly allowHosts: readonly string[]
  /** The authority that the providers' certificates come from, in a file. */
  readonly authorityPath: string
}

const SCRIPT = path.resolve('test/support/vault-worker.ts')
/** Never listened on: it only names the issuer that the workers share. */
const ISSUER_URL = 'http://127.0.0.1:1'

/** Starts one and waits until it answers. The first one of a folder makes its stores and keys: wait for it. */
export async function spawnVaultWorker(options: WorkerOptions): Promise<VaultWorker> {
  const child = fork(SCRIPT, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: {
      PATH: process.env['PATH'],
      FLOW_VAULT_DATA: options.folder,
      FLOW_VAULT_ALLOW_HOSTS: options.allowHosts.join(','),
      FLOW_VAULT_RATE_LIMIT: '1000000',
      NODE_EXTRA_CA_CERTS: options.authorityPath,
      VAULT_WORKER_URL: ISSUER_URL,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const { port } = await nextMessage<{ port: number }>(child)
  return {
    url: `http://127.0.0.1:${port}`,
    async moveOn(moveOnMs) {
      const done = nextMessage(child)
      child.send({ moveOnMs })
      await done
    },
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async close() {
      child.kill('SIGCONT')
      if (child.exitCode === null && child.signalCode === null) child.send({ close: true })
      await exited
    },
  }
}

/** The audience of the issuer that the workers share. */
export const WORKER_AUDIENCE = `${ISSUER_URL}/api/v2/`

async function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`a vault worker ended early with exit code ${code}`)
  })
  const [message] = await Promise.race([once(child, 'message'), failed])
  return message as Message
}
