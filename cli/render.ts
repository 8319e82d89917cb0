import { styleText } from 'node:util'
import { CliError } from './cli-error.ts'

/** A column of a table: its head, and the member of a row, `a.b` for one inside another. */
export type Column = readonly [title: string, member: string]

/** Values wider than this are cut in a table, and whole in JSON. */
const MAX_CELL = 60

/** The member at a dotted path; undefined when there is none. */
export function memberOf(value: unknown, dotted: string): unknown {
  let current = value
  for (const name of dotted.split('.')) {
    if (typeof current !== 'object' || current === null) return undefined
    current = (current as Record<string, unknown>)[name]
  }
  return current
}

/** The text of one member for `--field`; throws with the members there are when it is absent. */
export function fieldText(value: unknown, dotted: string): string {
  const rows = Array.isArray(value) ? value : [value]
  return rows
    .map((row) => {
      const found = memberOf(row, dotted)
      if (found === undefined)
        throw new CliError(`There is no member ${dotted}. There are: ${Object.keys(row ?? {}).join(', ')}.`)
      return typeof found === 'string' ? found : JSON.stringify(found)
    })
    .map((line) => `${line}\n`)
    .join('')
}

/** Rows under heads, columns as wide as they need, no line drawn; for people. */
export function table(rows: readonly unknown[], columns: readonly Column[], colours: boolean): string {
  const cells = rows.map((row) => columns.map(([, member]) => cellText(memberOf(row, member))))
  const widths = columns.map(([title], index) =>
    Math.max(title.length, ...cells.map((row) => row[index]!.length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]!)))
      .join('  ')
      .trimEnd()
  const head = line(columns.map(([title]) => title))
  return `${colours ? styleText('bold', head) : head}\n${cells.map((row) => `${line(row)}\n`).join('')}`
}

/** One object as `name  value` lines. */
export function sheet(value: unknown, columns: readonly Column[] | undefined): string {
  const entries: readonly Column[] =
    columns ?? Object.keys((value ?? {}) as Record<string, unknown>).map((name) => [name, name] as const)
  const shown = entries.map(
    ([title, member]) => [title, cellText(memberOf(value, member), Number.POSITIVE_INFINITY)] as const,
  )
  const width = Math.max(0, ...shown.map(([title]) => title.length))
  return shown.map(([title, text]) => `${title.padEnd(width)}  ${text}\n`).join('')
}

/** Control characters, which could move the cursor or change what is read, are shown as spaces. */
function cellText(value: unknown, max = MAX_CELL): string {
  if (value === undefined || value === null) return '-'
  const text =
    typeof value === 'string' ? value : typeof value === 'object' ? shortJson(value) : String(value)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal.
  const printable = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
  return printable.length > max ? `${printable.slice(0, max - 1)}…` : printable
}

function shortJson(value: object): string {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? value.join(' ')
    : JSON.stringify(value)
}
