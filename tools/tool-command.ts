import { parseArgs } from 'node:util'
import { SettingsError } from '../shared/settings/read-environment.ts'

/** What the caller can put right: told with the usage, exit code 2, and nothing was changed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The work was begun, or looked at something that is not as it has to be. Exit code 1. */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}

/** What a person has not set yet: the AWS SDK does not say where it is looked for. */
const ABSENT = [
  { said: /^Region is missing$/, told: 'No Region is set: export AWS_REGION.' },
  {
    said: /^Could not load credentials from any providers$/,
    told: 'No credentials of AWS were found: sign in, or name a profile with AWS_PROFILE, as for the AWS CLI.',
  },
]

/** What may stand on the command line; words that are no option only where there are any. */
interface Accepted<Option extends string, Flag extends string> {
  readonly options: readonly Option[]
  readonly flags: readonly Flag[]
  readonly words?: true
}

/** What a tool is run with. */
export interface ToolInput<Option extends string, Flag extends string> {
  readonly values: Readonly<Partial<Record<Option, string>>>
  readonly flags: ReadonlySet<Flag>
  readonly positionals: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** A line for the person at the terminal. */
  say(line: string): void
}

/**
 * Runs a tool to its exit code: what `run` answers, 2 for what the caller can put right, 1 for what failed on the way.
 * Of an error of the AWS SDK its name and message are told: a person watches, and nothing of ours is in them.
 */
export async function runTool<Option extends string, Flag extends string>(
  usage: string,
  accepted: Accepted<Option, Flag>,
  run: (input: ToolInput<Option, Flag>) => Promise<number>,
): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const complain = (line: string): void => void process.stderr.write(`${line}\n`)
  try {
    const input = parse(accepted, process.argv.slice(2))
    if (input === 'help') say(usage)
    else process.exitCode = await run({ ...input, env: process.env, say })
  } catch (error) {
    const { name, message } = error as Error
    process.exitCode = error instanceof UsageError || error instanceof SettingsError ? 2 : 1
    if (error instanceof UsageError) complain(`${message}\n\n${usage}`)
    else if (error instanceof ToolError || error instanceof SettingsError) complain(message)
    else complain(ABSENT.find(({ said }) => said.test(message))?.told ?? `${name}: ${message}`)
  }
}

function parse<Option extends string, Flag extends string>(
  accepted: Accepted<Option, Flag>,
  args: string[],
): Pick<ToolInput<Option, Flag>, 'values' | 'flags' | 'positionals'> | 'help' {
  const strings = accepted.options.map((name) => [name, { type: 'string' as const }] as const)
  const booleans = [...accepted.flags, 'help'].map((name) => [name, { type: 'boolean' as const }] as const)
  const options = Object.fromEntries<{ type: 'string' | 'boolean' }>([...strings, ...booleans])
  try {
    const allowPositionals = accepted.words === true
    const { values, positionals } = parseArgs({ args, allowPositionals, options })
    if (values['help'] === true) return 'help'
    const given = Object.entries(values)
    return {
      values: Object.fromEntries(given.filter(([, value]) => typeof value === 'string')) as Partial<
        Record<Option, string>
      >,
      flags: new Set(given.flatMap(([name, value]) => (value === true ? [name as Flag] : []))),
      positionals,
    }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** The value of an option that must be there. */
export function needed<Option extends string>(
  values: Readonly<Partial<Record<Option, string>>>,
  name: Option,
): string {
  const value = values[name]
  if (value === undefined || value === '') throw new UsageError(`--${name} is not given.`)
  return value
}
