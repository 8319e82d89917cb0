import fs from 'node:fs'
import type { CommandContext, Input } from './cli-command.ts'
import { text } from './cli-command.ts'
import { CliError, fileFailure } from './cli-error.ts'

/** A megabyte: no setup is larger, and a wrong file may be. */
const MAX_BYTES = 1_048_576

/** The options by which JSON with secrets comes in; never as the value of an option, which every process can read. */
export const JSON_OPTIONS = [
  { flags: '--setup-file <file>', about: 'the setup as JSON; - is standard input' },
] as const

/** The setup given as a file or on standard input; undefined when neither was said. */
export async function readSetup(
  context: CommandContext,
  input: Input,
): Promise<Record<string, unknown> | undefined> {
  const file = text(input, 'setupFile')
  return file === undefined ? undefined : readSetupFile(context, file)
}

/** The JSON object of a file, or of standard input where that is `-`. Throws `CliError`. */
export async function readSetupFile(context: CommandContext, file: string): Promise<Record<string, unknown>> {
  const content = file === '-' ? await context.terminal.readStdin() : readFile(file)
  let parsed: unknown
  try {
    parsed = JSON.parse(content)
  } catch {
    throw new CliError(
      `${file === '-' ? 'Standard input' : file} is no JSON. A setup looks like {"type":"BEARER","token":"…"}.`,
    )
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Record<string, unknown>
  throw new CliError('A setup is a JSON object, such as {"type":"BEARER","token":"…"}.')
}

/** One secret from the person, unseen, or the whole of standard input without its last line end. */
export async function readSecret(context: CommandContext, label: string): Promise<string> {
  const { terminal } = context
  if (terminal.stdinIsTerminal) {
    if (!context.asks) throw new CliError(`${label} is needed, and --no-input forbids to ask. Pipe it in.`)
    const typed = await terminal.askSecret(label)
    if (typed === undefined) throw new CliError('Cancelled. Nothing was changed.', 130)
    return typed
  }
  const piped = (await terminal.readStdin()).replace(/\r?\n$/, '')
  if (piped === '') throw new CliError(`${label} is needed: pipe it in, or run this in a terminal.`)
  return piped
}

function readFile(file: string): string {
  try {
    if (fs.statSync(file).size > MAX_BYTES)
      throw new CliError(`${file} is larger than a setup can be (${MAX_BYTES} bytes).`)
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw fileFailure('read', file, error)
  }
}
