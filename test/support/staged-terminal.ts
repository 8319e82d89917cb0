import { COMMANDS } from '../../cli/command-table.ts'
import { runCommandLine } from '../../cli/program.ts'
import type { Terminal } from '../../cli/terminal.ts'

/** What a command line printed, and how it ended. */
export interface CommandLineEnd {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Who types: what stands on standard input or is answered to questions, and whether anybody sits there. */
export interface Typing {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Answers to questions in their order; a person sits there when there is a list, even an empty one. */
  readonly answers?: readonly (string | undefined)[]
  readonly tty?: boolean
  readonly signal?: AbortSignal
  onPause?(): Promise<void> | void
  /** Told what people read, as it is printed. */
  onPrint?(text: string): void
  readonly cwd?: string
  /** In place of the network. */
  readonly fetch?: typeof fetch
}

/** Runs the command line in this process over a terminal that is told what is typed. */
export async function typeCommand(argv: readonly string[], typing: Typing = {}): Promise<CommandLineEnd> {
  let out = ''
  let err = ''
  const answers = [...(typing.answers ?? [])]
  const next = async (): Promise<string | undefined> => answers.shift()
  let nowMs = 1_800_000_000_000
  const terminal: Terminal = {
    env: typing.env ?? {},
    cwd: typing.cwd ?? '/nowhere',
    fetch: typing.fetch ?? ((input, init) => fetch(input, init)),
    stdinIsTerminal: typing.answers !== undefined,
    stdoutIsTerminal: typing.tty === true,
    readStdin: async () => typing.stdin ?? '',
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
      typing.onPrint?.(text)
    },
    askSecret: next,
    askText: next,
    askChoice: next,
    openBrowser: () => {},
    async pause(ms) {
      nowMs += ms
      await typing.onPause?.()
    },
    nowMs: () => nowMs,
    signal: typing.signal ?? new AbortController().signal,
  }
  const code = await runCommandLine(argv, terminal, COMMANDS, '0.0.0')
  return { code, out, err }
}
