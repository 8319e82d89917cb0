import type { Column } from './render.ts'
import type { Terminal } from './terminal.ts'
import type { ApiRequest, VaultApi } from './vault-api.ts'

/** A word after the command. */
export interface Argument {
  readonly name: string
  readonly about: string
  readonly optional?: boolean
  readonly variadic?: boolean
}

export interface Option {
  /** As commander writes it: `--app <id>`, or `-f, --flag`. */
  readonly flags: string
  readonly about: string
  readonly repeats?: boolean
}

/** What the person typed: arguments by name, options by their camel-case names. */
export interface Input {
  readonly args: Readonly<Record<string, string | undefined>>
  readonly rest: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

export interface CommandContext {
  readonly terminal: Terminal
  /** Chosen and signed in when a command first uses it. */
  api(): VaultApi
  /** Questions may be asked: a person sits there and did not say `--no-input`. */
  readonly asks: boolean
}

interface CommandBase {
  /** The words that name it: `['connections', 'show']`. */
  readonly name: readonly string[]
  readonly about: string
  readonly args?: readonly Argument[]
  readonly options?: readonly Option[]
  /** Shown under the help: what a person types. */
  readonly example?: string
}

/** One call of the API, whose answer is shown. */
export interface ApiCommand extends CommandBase {
  request(input: Input): ApiRequest
  /** The member of the answer that holds the rows. */
  readonly rows?: string
  readonly columns?: readonly Column[]
  /** What to say when the answer has no body. */
  done?(input: Input): string
  /** It destroys: `--confirm` must repeat this argument, or the person types it. */
  readonly confirms?: string
}

/** A command with a way of its own; what it resolves to is shown, when it is anything. */
export interface RunCommand extends CommandBase {
  run(context: CommandContext, input: Input): Promise<unknown>
  readonly columns?: readonly Column[]
  readonly confirms?: string
  /** Everything after the arguments belongs to another program. */
  readonly passesThrough?: boolean
}

export type Command = ApiCommand | RunCommand

/** An option of the command as text, where it was given. */
export function text(input: Input, name: string): string | undefined {
  const value = input.options[name]
  return typeof value === 'string' ? value : undefined
}

/** One argument as a part of a path. */
export function part(input: Input, name: string): string {
  return encodeURIComponent(input.args[name] ?? '')
}
