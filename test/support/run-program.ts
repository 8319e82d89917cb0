import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PROJECT_ROOT } from './source-files.ts'

/** How a program of the project ended, and what it said. */
export interface ProgramEnd {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a source file as a program to its end; `reads` false closes its output before it has written. */
export async function runProgram(
  file: string,
  {
    args = [],
    env = {},
    reads = true,
  }: { args?: readonly string[]; env?: NodeJS.ProcessEnv; reads?: boolean },
): Promise<ProgramEnd> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], {
    cwd: PROJECT_ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  if (reads) child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)))
  else child.stdout.destroy()
  child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}
