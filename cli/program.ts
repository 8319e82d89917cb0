import { Command as Program } from 'commander'
import type { ApiCommand, Command, CommandContext, Input } from './cli-command.ts'
import { CliError, EXIT, type ExitCode } from './cli-error.ts'
import { completionScript } from './completion.ts'
import { chooseVault } from './profiles.ts'
import { fieldText, memberOf, sheet, table } from './render.ts'
import type { Terminal } from './terminal.ts'
import { VaultApi } from './vault-api.ts'

interface GlobalOptions {
  readonly json?: boolean
  readonly field?: string
  readonly input?: boolean
  readonly profile?: string
  readonly url?: string
}

const EXIT_CODES = `
Exit codes: 0 done · 1 failed · 2 wrong use, nothing changed · 4 sign in, or a scope is missing ·
5 a person has to act · 6 the vault cannot be reached or is busy · 130 cancelled
No telemetry, no update checks.`

/** Runs a command line to its exit code; what it prints goes to the terminal it is given. */
export async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal,
  commands: readonly Command[],
  version: string,
): Promise<ExitCode | number> {
  const asJson = ownWords(argv).includes('--json')
  const program = new Program('flow-vault')
    .description('Credentials for flows: stored once, renewed before they expire.')
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => void (asJson || terminal.err(text)),
    })
    .addHelpText('after', EXIT_CODES)
  withGlobalOptions(program)
  let result: ExitCode = EXIT.done
  const groups = new Map<string, Program>()
  for (const command of commands) {
    addCommand(program, groups, command, async (input, globals) => {
      result = await perform(command, input, globals, terminal)
    })
  }
  program
    .command('completion <shell>')
    .description('Print the completion script of bash, zsh or fish')
    .action((shell: string) => terminal.out(completionScript(shell, commands)))
  try {
    await program.parseAsync(argv, { from: 'user' })
    return result
  } catch (error) {
    return failed(error, asJson, terminal)
  }
}

/** What is said to this program, and not to one that it runs. */
function ownWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end === -1 ? argv : argv.slice(0, end)
}

function withGlobalOptions(program: Program): Program {
  return program
    .option('--json', 'print the API’s object, and errors as JSON')
    .option('--field <member>', 'print one member of the answer, such as request.base_url')
    .option('--no-input', 'never ask; fail when something is missing')
    .option('--profile <name>', 'the vault to talk to; see: flow-vault profiles list')
    .option('--url <url>', 'its address, in place of a profile')
}

function addCommand(
  program: Program,
  groups: Map<string, Program>,
  command: Command,
  perform: (input: Input, globals: GlobalOptions) => Promise<void>,
): void {
  const [group, verb] = command.name as [string, string | undefined]
  let parent = program
  if (verb !== undefined) {
    parent =
      groups.get(group) ??
      withGlobalOptions(program.command(group).description(`Commands for ${group.replaceAll('-', ' ')}`))
    groups.set(group, parent)
  }
  const made = parent.command(verb ?? group).description(command.about)
  const passesThrough = 'passesThrough' in command && command.passesThrough === true
  const owns = command.options ?? []
  for (const argument of command.args ?? []) {
    const name = `${argument.name}${argument.variadic === true ? '...' : ''}`
    made.argument(argument.optional === true ? `[${name}]` : `<${name}>`, argument.about)
  }
  for (const option of owns) {
    if (option.repeats === true)
      made.option(option.flags, option.about, (value: string, before: readonly string[] = []) => [
        ...before,
        value,
      ])
    else made.option(option.flags, option.about)
  }
  if (command.confirms !== undefined) made.option('--confirm <id>', 'repeats what is destroyed, for scripts')
  if (command.example !== undefined) made.addHelpText('after', `\nExample:\n  ${command.example}`)
  if (passesThrough) made.passThroughOptions()
  // A program of its own has its own --help, and takes every option.
  if (passesThrough && owns.length === 0) made.allowUnknownOption().helpOption(false)
  else if (!passesThrough) withGlobalOptions(made)
  made.action(async (...given: unknown[]) => {
    const values = given.slice(0, command.args?.length ?? 0)
    const args: Record<string, string | undefined> = {}
    let rest: readonly string[] = []
    command.args?.forEach(({ name, variadic }, index) => {
      if (variadic === true) rest = (values[index] as readonly string[] | undefined) ?? []
      else args[name] = values[index] as string | undefined
    })
    const options = { ...program.opts(), ...withoutDefaults(parent), ...withoutDefaults(made) }
    await perform({ args, rest, options }, options as GlobalOptions)
  })
}

/** An option of the command hides the same one before it only when it was typed. */
function withoutDefaults(made: Program): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(made.opts()).filter(([name]) => made.getOptionValueSource(name) !== 'default'),
  )
}

async function perform(
  command: Command,
  input: Input,
  globals: GlobalOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  let api: VaultApi | undefined
  const context: CommandContext = {
    terminal,
    asks: terminal.stdinIsTerminal && globals.input !== false,
    api: () => {
      api ??= new VaultApi(terminal, chooseVault(terminal, globals))
      return api
    },
  }
  if (command.confirms !== undefined) await confirm(context, input, command.confirms)
  if ('run' in command) {
    const answer = await command.run(context, input)
    if (answer !== undefined) show(answer, command, globals, { terminal, api })
    return EXIT.done
  }
  const answer = await context.api().call(command.request(input))
  if (answer === undefined) {
    if (globals.json !== true) terminal.err(`${command.done?.(input) ?? 'Done.'}\n`)
  } else show(answer, command, globals, { terminal, api })
  return EXIT.done
}

async function confirm(context: CommandContext, input: Input, argument: string): Promise<void> {
  const what = input.args[argument]!
  const given = input.options['confirm']
  if (given === what) return
  if (given !== undefined)
    throw new CliError(`--confirm ${String(given)} is not ${what}. Nothing was changed.`)
  if (!context.asks) throw new CliError(`This destroys. Scripts say so with: --confirm ${what}`)
  const typed = await context.terminal.askText(`Type ${what} to go on`)
  if (typed !== what) throw new CliError('Not confirmed. Nothing was changed.', EXIT.cancelled)
}

function show(
  answer: unknown,
  command: Pick<ApiCommand, 'rows' | 'columns'>,
  globals: GlobalOptions,
  { terminal, api }: { readonly terminal: Terminal; readonly api: VaultApi | undefined },
): void {
  let text: string
  try {
    text = rendered(answer, command, globals, terminal)
  } catch (error) {
    // A script that took this for wrong use would do it once more.
    if (!(error instanceof CliError) || api?.hasChanged !== true) throw error
    throw new CliError(`It is done, and cannot be shown so. ${error.message}`, EXIT.failed)
  }
  terminal.out(text)
}

function rendered(
  answer: unknown,
  command: Pick<ApiCommand, 'rows' | 'columns'>,
  globals: GlobalOptions,
  terminal: Terminal,
): string {
  if (globals.field !== undefined) return fieldText(answer, globals.field)
  if (globals.json === true || !terminal.stdoutIsTerminal) return `${JSON.stringify(answer, null, 2)}\n`
  const rows = command.rows === undefined ? answer : memberOf(answer, command.rows)
  if (!Array.isArray(rows)) return sheet(answer, command.columns)
  if (rows.length === 0) return 'None.\n'
  const columns =
    command.columns ?? Object.keys(rows[0] as object).map((name) => [name.toUpperCase(), name] as const)
  return table(rows, columns, useColours(terminal))
}

function useColours({ env }: Terminal): boolean {
  return !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}

function failed(error: unknown, asJson: boolean, terminal: Terminal): number {
  if (terminal.signal.aborted) return EXIT.cancelled
  if (error instanceof CliError) {
    terminal.err(asJson ? asJsonLine(error) : `${error.message}\n`)
    return error.exitCode
  }
  const { code, exitCode } = error as { code?: unknown; exitCode?: unknown }
  // Commander has said it already; help and version are no failures.
  if (typeof code === 'string' && code.startsWith('commander.')) {
    if (exitCode === 0) return EXIT.done
    if (asJson) terminal.err(asJsonLine(new CliError(usageWords(code, error as Error))))
    return EXIT.usage
  }
  terminal.err(`Something unexpected happened: ${error instanceof Error ? error.name : 'unknown'}.\n`)
  return EXIT.failed
}

function asJsonLine({ answer, message, exitCode }: CliError): string {
  return `${JSON.stringify(answer ?? { error: message, exit_code: exitCode })}\n`
}

/** Commander's own sentence; where it has printed the help in place of one, what was missing. */
function usageWords(code: string, { message }: Error): string {
  return code === 'commander.help' ? 'Which command? See --help.' : message.replace(/^error: /, '')
}
