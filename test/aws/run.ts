import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { startAwsEmulators, stopGroup } from '../support/aws-emulators.ts'
import { preparePythonVenv, VenvUnavailableError } from '../support/python-venv.ts'

/**
 * `npm run test:aws [-- jest arguments]`: runs every `.aws.test.ts` suite against moto and MiniStack, which it
 * installs, starts and always stops. The exit code is jest's; 1 when the emulators are not to be had.
 */
const projectRoot = resolve(import.meta.dirname, '../..')

let jest: ChildProcess | undefined
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Ending jest lets the run below reach its end, where the emulators are stopped.
  process.on(signal, () => {
    interrupted = true
    if (jest !== undefined) void stopGroup(jest)
  })
}

try {
  process.exitCode = await runSuites(process.argv.slice(2))
} catch (error) {
  const message = error instanceof VenvUnavailableError ? error.message : String(error)
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}

async function runSuites(jestArguments: readonly string[]): Promise<number> {
  const binPath = await preparePythonVenv(projectRoot)
  const emulators = await startAwsEmulators({ projectRoot, binPath })
  try {
    if (interrupted) return 1
    return await runJest(jestArguments, {
      FLOW_VAULT_TEST_MOTO_URL: emulators.motoUrl,
      FLOW_VAULT_TEST_MINISTACK_URL: emulators.ministackUrl,
      FLOW_VAULT_TEST_PYTHON_BIN: binPath,
    })
  } finally {
    await emulators.stop()
  }
}

async function runJest(jestArguments: readonly string[], env: Record<string, string>): Promise<number> {
  const jestPath = resolve(projectRoot, 'node_modules/jest/bin/jest.js')
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jestPath]
  const args = [...flags, '--config', 'jest.aws.config.js', '--runInBand', ...jestArguments]
  // In a group of its own: whatever a suite leaves behind ends with it.
  const child = spawn(process.execPath, args, {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  jest = child
  const code = await new Promise<number>((done, fail) => {
    child.once('error', fail)
    child.once('exit', (exitCode) => done(exitCode ?? 1))
  })
  await stopGroup(child)
  return code
}
