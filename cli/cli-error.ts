/** What the command line ends with; the README lists them for scripts. */
export const EXIT = {
  done: 0,
  /** A fault of ours, or an answer that could not be understood. */
  failed: 1,
  /** The command, its options or what it was given are wrong; nothing was changed. */
  usage: 2,
  /** Not signed in, or the client lacks a scope. */
  login: 4,
  /** A person has to act in the vault before another try can work. */
  person: 5,
  /** The vault or the provider cannot be reached or is busy: try again. */
  unavailable: 6,
  /** Stopped by the person at the keyboard. */
  cancelled: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What a person reads: one sentence that says what to do, and the API's own error beside it for `--json`. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: ExitCode
  readonly answer: unknown

  constructor(message: string, exitCode: ExitCode = EXIT.usage, answer?: unknown) {
    super(message)
    this.exitCode = exitCode
    this.answer = answer
  }
}

/**
 * The refusal of a file that cannot be read, or written, by the system's own code; a `CliError` is answered as it is.
 * What cannot be written was not wrong in the command.
 */
export function fileFailure(what: 'read' | 'write', file: string, error: unknown): CliError {
  if (error instanceof CliError) return error
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
  return new CliError(`Cannot ${what} ${file}: ${code}.`, what === 'read' ? EXIT.usage : EXIT.failed)
}
