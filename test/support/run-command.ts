import { spawn } from 'node:child_process'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { COMPILE_CACHE } from './compile-cache.ts'

export interface CommandOutcome {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

/**
 * Runs `infra/embedded/commands/<name>-command.ts` as npm would, in this folder and with it as the data folder. With
 * `maxFileBlocks` no file that it writes may outgrow so many blocks of the shell's `ulimit -f`, as on a full disk.
 */
export async function runCommand(
  name: 'client' | 'token' | 'rotate-key' | 'rotate-issuer-key' | 'backup' | 'restore',
  args: readonly string[],
  options: { folder: string; env?: Record<string, string>; maxFileBlocks?: number },
): Promise<CommandOutcome> {
  const script = path.resolve('infra/embedded/commands', `${name}-command.ts`)
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', script, ...args]
  const { maxFileBlocks } = options
  const [program, ...rest] =
    maxFileBlocks === undefined
      ? command
      : ['sh', '-c', `ulimit -f ${maxFileBlocks}; exec "$@"`, 'sh', ...command]
  const child = spawn(program!, rest, {
    cwd: options.folder,
    // What the command's own files may not outgrow, the cache may not either.
    env: {
      ...(maxFileBlocks === undefined ? COMPILE_CACHE : {}),
      FLOW_VAULT_DATA: options.folder,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = new Promise<number | null>((resolve) => {
    child.on('close', resolve)
  })
  const [out, err, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  return { exitCode, out, err }
}
