import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { CliError, fileFailure } from './cli-error.ts'

/** What a process holds in memory at once without trouble; about a million lines. */
const MAX_BYTES = 256 * 1024 * 1024

/** One connection of the file: the body that creates it, or why the line is none. Neither is ever printed. */
export interface ImportLine {
  /** Counted from 1, as editors do; the first line of a record that has several. */
  readonly line: number
  readonly body?: Readonly<Record<string, unknown>>
  readonly error?: string
}

/** Reads a file of JSON lines, or of comma-separated values where its name ends so. Throws `CliError`. */
export function readImportFile(file: string): { lines: readonly ImportLine[]; isOpenToOthers: boolean } {
  let text: string
  let mode: number
  try {
    const stats = fs.statSync(file)
    if (stats.size > MAX_BYTES) throw new CliError(`${file} is larger than ${MAX_BYTES} bytes. Split it.`)
    mode = stats.mode
    text = fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw fileFailure('read', file, error)
  }
  const lines = file.toLowerCase().endsWith('.csv') ? linesOfCsv(text) : linesOfJson(text)
  return { lines, isOpenToOthers: (mode & 0o077) !== 0 }
}

/** Derived from what the line says, so that a repeated run makes nothing twice, wherever the line stands then. */
export function idempotencyKeyOf(body: Readonly<Record<string, unknown>>): string {
  return `import-${createHash('sha256').update(JSON.stringify(body)).digest('hex')}`
}

/** `more` laid over `base`, objects member by member. */
export function overlaid(
  base: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(more)) {
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined
    merged[name] = isObject(before) && isObject(value) ? overlaid(before, value) : value
  }
  return merged
}

function linesOfJson(text: string): ImportLine[] {
  return text.split('\n').flatMap((content, index): ImportLine[] => {
    if (content.trim() === '') return []
    const line = index + 1
    try {
      const body: unknown = JSON.parse(content)
      return [isObject(body) ? { line, body: asExported(body) } : { line, error: 'is no JSON object' }]
    } catch {
      // The parser's own message quotes the line.
      return [{ line, error: 'is no JSON' }]
    }
  })
}

/** What an export writes for a member that is not there is none, at every depth, and scopes may be one text. */
function asExported(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const there = withoutNulls(body)
  const { grant } = there
  if (!isObject(grant)) return there
  const members = Object.entries(grant).filter(([, value]) => value !== '')
  const read = members.map(([name, value]) => [
    name,
    name === 'scopes' && typeof value === 'string' ? scopesOf(value) : value,
  ])
  return { ...there, grant: Object.fromEntries(read) }
}

function withoutNulls(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const there = Object.entries(body).filter(([, value]) => value !== null)
  return Object.fromEntries(
    there.map(([name, value]) => [name, isObject(value) ? withoutNulls(value) : value]),
  )
}

function scopesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

/** RFC 4180, with names of members in the first record: `grant.refresh_token` is a member of a member. */
function linesOfCsv(text: string): ImportLine[] {
  const [head, ...records] = recordsOf(text)
  if (head === undefined) return []
  const names = head.cells.map((name) => name.trim())
  const isFine = names.every((name) => /^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*){0,3}$/.test(name))
  if (!isFine || new Set(names).size < names.length || names.some((name) => name.includes('__proto__'))) {
    throw new CliError(
      'The first line of the file has to name the columns, each once, such as: name,app_id,setup.oauth_app_id,grant.refresh_token',
    )
  }
  return records.map(({ line, cells, error }) => {
    if (error !== undefined) return { line, error }
    if (cells.length !== names.length)
      return { line, error: `has ${cells.length} values where the first line names ${names.length}` }
    return { line, body: bodyOfCells(names, cells) }
  })
}

/** An empty cell is a member that is left out; scopes are a list. */
function bodyOfCells(names: readonly string[], cells: readonly string[]): Record<string, unknown> {
  const body: Record<string, unknown> = {}
  for (const [index, name] of names.entries()) {
    const cell = cells[index] ?? ''
    if (cell === '') continue
    const path = name.split('.')
    const last = path.pop() ?? name
    let member = body
    for (const part of path) {
      const inner = isObject(member[part]) ? (member[part] as Record<string, unknown>) : {}
      member[part] = inner
      member = inner
    }
    member[last] = name === 'grant.scopes' ? scopesOf(cell) : cellValue(name, cell)
  }
  return body
}

/** Unix seconds are a number in the API. */
function cellValue(name: string, cell: string): string | number {
  return /^grant\.(?:refresh_)?expires_at$/.test(name) && /^\d{1,12}$/.test(cell) ? Number(cell) : cell
}

interface CsvRecord {
  readonly line: number
  readonly cells: readonly string[]
  readonly error?: string
}

function recordsOf(text: string): CsvRecord[] {
  const records: CsvRecord[] = []
  let at = 0
  let line = 1
  while (at < text.length) {
    const record = recordAt(text, at)
    const isEmpty = record.cells.length === 1 && record.cells[0] === '' && record.error === undefined
    if (!isEmpty)
      records.push({
        line,
        cells: record.cells,
        ...(record.error === undefined ? {} : { error: record.error }),
      })
    line += text.slice(at, record.end).split('\n').length - 1
    at = record.end
  }
  return records
}

function recordAt(text: string, start: number): { cells: string[]; end: number; error?: string } {
  const cells: string[] = []
  let at = start
  for (;;) {
    const quoted = text[at] === '"'
    const cell = quoted ? quotedCell(text, at) : bareCell(text, at)
    cells.push(cell.value)
    at = cell.end
    const next = text[at]
    if (next === ',') {
      at += 1
      continue
    }
    if (next === '\r' && text[at + 1] === '\n') return { cells, end: at + 2 }
    if (next === undefined || next === '\n') return { cells, end: at + 1 }
    const lineEnd = text.indexOf('\n', at)
    const end = lineEnd < 0 ? text.length : lineEnd + 1
    return { cells, end, error: 'has text behind a closing quotation mark' }
  }
}

function bareCell(text: string, start: number): { value: string; end: number } {
  let end = start
  while (end < text.length && text[end] !== ',' && text[end] !== '\n') end += 1
  const value = text.slice(start, end)
  return value.endsWith('\r') ? { value: value.slice(0, -1), end: end - 1 } : { value, end }
}

function quotedCell(text: string, start: number): { value: string; end: number } {
  let value = ''
  let at = start + 1
  for (;;) {
    const mark = text.indexOf('"', at)
    if (mark < 0) return { value: value + text.slice(at), end: text.length }
    value += text.slice(at, mark)
    if (text[mark + 1] !== '"') return { value, end: mark + 1 }
    value += '"'
    at = mark + 2
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
