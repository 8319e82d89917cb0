/** What a command sees of the world: the process's own in `flow-vault.ts`, a test's elsewhere. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly fetch: typeof fetch
  /** True when a person sits at the keyboard; questions are asked only then. */
  readonly stdinIsTerminal: boolean
  /** True when a person reads the answer; tables and colours are for them. */
  readonly stdoutIsTerminal: boolean
  /** The whole standard input, as text. */
  readStdin(): Promise<string>
  /** Data, for pipes. */
  out(text: string): void
  /** Messages, for people. */
  err(text: string): void
  /** Asks without showing what is typed; undefined when the person gave up. */
  askSecret(question: string): Promise<string | undefined>
  askText(question: string, initial?: string): Promise<string | undefined>
  askChoice(
    question: string,
    choices: readonly { value: string; label: string }[],
  ): Promise<string | undefined>
  openBrowser(url: string): void
  pause(ms: number): Promise<void>
  nowMs(): number
  /** Aborted when the person stops the command. */
  readonly signal: AbortSignal
}
