import * as z from 'zod/mini'

export type Environment = Readonly<Record<string, string | undefined>>

/** What is wrong with the settings, one line each; whoever gets it does not start. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** A kind of value: how its text is checked and read, and what is allowed, in words. */
export interface Format<Value> {
  readonly allowed: string
  readonly schema: z.ZodMiniType<Value, string>
}

/** One setting: the variable it is read from, its kind, and what it is when nothing is set. */
export interface Setting<Value> extends Format<Exclude<Value, undefined>> {
  readonly variable: string
  readonly isRequired: boolean
  readonly fallback?: Value
}

/** A setting that nothing starts without. */
export function required<Value>(variable: string, format: Format<Value>): Setting<Value> {
  return { ...format, variable, isRequired: true } as Setting<Value>
}

/** A setting that may be left out, and is undefined then. */
export function optional<Value>(variable: string, format: Format<Value>): Setting<Value | undefined> {
  return { ...format, variable, isRequired: false } as Setting<Value | undefined>
}

/** A setting with a value of its own when nothing is set. */
export function defaulted<Value>(
  variable: string,
  format: Format<Value>,
  fallback: NoInfer<Value>,
): Setting<Value> {
  return { ...format, variable, isRequired: false, fallback } as Setting<Value>
}

type SettingTable = Readonly<Record<string, Setting<unknown>>>

/** The values of a table of settings. */
export type SettingValues<Table extends SettingTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value : never
}

/** The user and the password of an address, which a refusal would carry into a log. */
const USER_OF_ADDRESS = /\/\/[^\s/?#]*@/g

/** The line that refuses a value, and says what is allowed. A password in an address is not repeated. */
export function refusal(variable: string, value: unknown, allowed: string): string {
  const shown = JSON.stringify(value).replace(USER_OF_ADDRESS, '//…@')
  return `${variable}=${shown} is not valid. Allowed: ${allowed}.`
}

/** The line that misses a value, and says what is allowed. */
export function missing(variable: string, allowed: string): string {
  return `${variable} is not set. Allowed: ${allowed}.`
}

/** The text of a variable; an empty one counts as unset, as templates, shells and compose files use it. */
export function textOf(env: Environment, variable: string): string | undefined {
  const value = env[variable]?.trim()
  return value === undefined || value === '' ? undefined : value
}

/**
 * Reads a table of settings. `rules` looks at them together, when each is right by itself, and answers what is wrong
 * then. Throws `SettingsError` that names every variable that is wrong, its value and what is allowed.
 */
export function readEnvironment<Table extends SettingTable>(
  table: Table,
  env: Environment,
  rules: (values: SettingValues<Table>) => readonly string[] = () => [],
): SettingValues<Table> {
  const problems: string[] = []
  const values = Object.entries(table).map(([name, setting]) => [name, readOne(setting, env, problems)])
  const read = Object.fromEntries(values) as SettingValues<Table>
  if (problems.length === 0) problems.push(...rules(read))
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
  return read
}

function readOne(setting: Setting<unknown>, env: Environment, problems: string[]): unknown {
  const text = textOf(env, setting.variable)
  if (text === undefined) {
    if (setting.isRequired) problems.push(missing(setting.variable, setting.allowed))
    return setting.fallback
  }
  const parsed = z.safeParse(setting.schema, text)
  if (parsed.success) return parsed.data
  problems.push(refusal(setting.variable, text, setting.allowed))
  return setting.fallback
}
