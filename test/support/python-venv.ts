import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The oldest Python that all the pinned packages install on (schemathesis 4.31 and later refuse 3.10). */
const OLDEST_PYTHON = { major: 3, minor: 11 }

/** Tried in this order: the plain name is what a developer means, the others are beside it on many machines. */
const PYTHON_COMMANDS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python']

/** A fresh install takes about a minute here; ten allow for a slow mirror without hanging for ever. */
const INSTALL_TIMEOUT_MS = 600_000

/** How much of pip's log a failed install shows: the last lines hold the reason. */
const LOG_TAIL_LINES = 15

/** The emulators could not be installed; the message tells a developer what to do, in full. */
export class VenvUnavailableError extends Error {
  override readonly name = 'VenvUnavailableError'
}

/**
 * The path of the `bin` folder of `<projectRoot>/.cache/venv`, which holds what `test/aws/requirements.txt` pins.
 * Makes the environment when it is missing or was made from other requirements; the stamp inside it says which.
 * Throws `VenvUnavailableError` when there is no Python >= 3.11, no `venv` module, or the install fails.
 */
export async function preparePythonVenv(projectRoot: string): Promise<string> {
  const venv = join(projectRoot, '.cache', 'venv')
  const stampPath = join(venv, 'requirements.sha256')
  const requirements = join(projectRoot, 'test', 'aws', 'requirements.txt')
  const constraints = join(projectRoot, 'test', 'aws', 'constraints.txt')
  const digest = createHash('sha256').update(readFileSync(requirements)).update(readFileSync(constraints))
  const stamp = digest.digest('hex')
  const binPath = join(venv, 'bin')
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return binPath

  const python = findPython()
  rmSync(venv, { recursive: true, force: true })
  mkdirSync(join(projectRoot, '.cache'), { recursive: true })
  const logPath = join(projectRoot, '.cache', 'venv-install.log')
  const log = openSync(logPath, 'w')
  try {
    await run(python, ['-m', 'venv', venv], log, logPath)
    const pip = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '-r', requirements]
    await run(join(binPath, 'python'), [...pip, '-c', constraints], log, logPath)
  } finally {
    closeSync(log)
  }
  // The stamp comes last, so an install that was interrupted is repeated from the start.
  writeFileSync(stampPath, stamp)
  return binPath
}

function findPython(): string {
  const seen: string[] = []
  for (const command of PYTHON_COMMANDS) {
    const probe = spawnSync(command, ['-c', 'import sys, venv, ensurepip; print(*sys.version_info[:2])'], {
      encoding: 'utf8',
    })
    if (probe.error !== undefined) continue
    const [major = 0, minor = 0] = probe.stdout.trim().split(' ').map(Number)
    if (probe.status === 0 && major === OLDEST_PYTHON.major && minor >= OLDEST_PYTHON.minor) return command
    seen.push(
      probe.status === 0 ? `${command} is ${major}.${minor}` : `${command} lacks venv or does not run`,
    )
  }
  const found = seen.length === 0 ? 'none was found on PATH' : seen.join(', ')
  throw new VenvUnavailableError(
    `The AWS suites run against emulators written in Python and need Python ${OLDEST_PYTHON.major}.${OLDEST_PYTHON.minor} ` +
      `or newer with its venv module (${found}). Install it (Debian: apt-get install python3 python3-venv) and ` +
      'run this command again. Every other suite runs without it: npm test.',
  )
}

async function run(command: string, args: readonly string[], log: number, logPath: string): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', log, log], timeout: INSTALL_TIMEOUT_MS })
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => resolve(exitCode ?? signal ?? 'unknown'))
  })
  if (code === 0) return
  const tail = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
  throw new VenvUnavailableError(
    `Installing the emulators failed (${code}). The last lines of ${logPath}:\n${tail}`,
  )
}
