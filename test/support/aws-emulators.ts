import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { delimiter, join } from 'node:path'

/** Both start in 2 to 5 s on two idle cores; a minute allows for a machine that is busy with other suites. */
const READY_WITHIN_MS = 60_000
const READY_POLL_MS = 100
const POLL_TIMEOUT_MS = 2_000

/** After this the process group is killed outright; neither emulator has anything to save. */
const STOP_WITHIN_MS = 5_000

const LOG_TAIL_LINES = 20

export interface AwsEmulators {
  /** The base URL of moto: Secrets Manager, KMS, SQS and DynamoDB. */
  readonly motoUrl: string
  /** The base URL of MiniStack: deployments, HTTP APIs, schedules, event delivery and DynamoDB. */
  readonly ministackUrl: string
  /** Ends both, with everything they started. */
  stop(): Promise<void>
}

interface Emulator {
  readonly name: string
  readonly child: ChildProcess
  readonly healthUrl: string
  readonly logPath: string
}

/**
 * Starts both emulators on free loopback ports and waits until they answer. `binPath` is what
 * `preparePythonVenv` gave. Their logs go to `<projectRoot>/.cache/emulators`. Throws, with the end of the log,
 * when one exits or does not answer in time; then neither is left running.
 */
export async function startAwsEmulators(options: {
  projectRoot: string
  binPath: string
}): Promise<AwsEmulators> {
  const logFolder = join(options.projectRoot, '.cache', 'emulators')
  mkdirSync(logFolder, { recursive: true })
  const [motoPort, ministackPort] = [await freePort(), await freePort()]
  const motoUrl = `http://127.0.0.1:${motoPort}`
  const ministackUrl = `http://127.0.0.1:${ministackPort}`
  const environment = emulatorEnvironment(options.projectRoot)
  const moto = start({
    name: 'moto',
    command: [join(options.binPath, 'moto_server'), '--host', '127.0.0.1', '--port', String(motoPort)],
    env: environment,
    healthUrl: `${motoUrl}/moto-api/`,
    logFolder,
  })
  const ministack = start({
    name: 'ministack',
    command: [join(options.binPath, 'ministack')],
    // It binds every interface unless told otherwise, and its MQTT and SFTP listeners take fixed ports.
    env: {
      ...environment,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(ministackPort),
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
    },
    healthUrl: `${ministackUrl}/_ministack/health`,
    logFolder,
  })
  const stop = async () => {
    await Promise.all([stopGroup(moto.child), stopGroup(ministack.child)])
  }
  try {
    await Promise.all([ready(moto), ready(ministack)])
  } catch (error) {
    await stop()
    throw error
  }
  return { motoUrl, ministackUrl, stop }
}

/**
 * What an emulator may see: never the developer's own AWS credentials or Docker, and `node_modules/.bin` first on
 * PATH, because MiniStack runs Lambda functions with the `node` it finds there.
 */
function emulatorEnvironment(projectRoot: string): Record<string, string> {
  const { PATH = '', HOME = '/tmp', TMPDIR = '/tmp' } = process.env
  const path = [join(projectRoot, 'node_modules', '.bin'), PATH].join(delimiter)
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' }
  return { PATH: path, HOME, TMPDIR, PYTHONUNBUFFERED: '1', ...credentials }
}

function start(options: {
  name: string
  command: readonly string[]
  env: Record<string, string>
  healthUrl: string
  logFolder: string
}): Emulator {
  const { name, healthUrl } = options
  const [file = '', ...args] = options.command
  const logPath = join(options.logFolder, `${name}.log`)
  const log = openSync(logPath, 'w')
  // Detached gives it a process group of its own, so that stopping it also ends its Lambda workers.
  const child = spawn(file, args, { env: options.env, stdio: ['ignore', log, log], detached: true })
  // A failed start is noticed by `ready`, which finds that the process has no id.
  child.on('error', () => undefined)
  closeSync(log)
  return { name, child, healthUrl, logPath }
}

async function ready({ name, child, healthUrl, logPath }: Emulator): Promise<void> {
  const giveUpAtMs = performance.now() + READY_WITHIN_MS
  while (performance.now() < giveUpAtMs) {
    if (!isRunning(child)) break
    if (await answers(healthUrl)) return
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))
  }
  const end = isRunning(child) ? `did not answer within ${READY_WITHIN_MS / 1000} s` : 'exited at its start'
  const tail = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
  throw new Error(`${name} ${end}. The end of ${logPath}:\n${tail}`)
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(POLL_TIMEOUT_MS) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** Ends a detached child and everything in its process group; resolves when the child is gone. */
export async function stopGroup(child: ChildProcess): Promise<void> {
  const { pid } = child
  if (pid === undefined) return
  if (isRunning(child)) {
    const closed = new Promise((resolve) => child.once('exit', resolve))
    signalGroup(pid, 'SIGTERM')
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), STOP_WITHIN_MS)
    await closed
    clearTimeout(timer)
  }
  // The leader is gone; a worker that outlived it still holds the group.
  signalGroup(pid, 'SIGKILL')
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // ESRCH: nothing is left in the group, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
