import { type CommandContext, type Input, type RunCommand, text } from '../cli-command.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { type ImportLine, idempotencyKeyOf, overlaid, readImportFile } from '../import-file.ts'
import { readSetupFile } from '../secret-input.ts'
import type { VaultApi } from '../vault-api.ts'

/** Side by side: enough to hide the way to the vault, and far from any limit of requests. */
const AT_ONCE = 4
/** A vault that is busy is asked again this often for one line; together the waits take some minutes. */
const MAX_TRIES = 8
const FIRST_WAIT_MS = 500
const PROGRESS_MS = 1_000

type LineEnd =
  | { readonly line: number; readonly end: 'imported' | 'there' | 'fine'; readonly id?: string }
  | { readonly line: number; readonly end: 'failed'; readonly error: string }

/** Brings grants of another system along, as many as a file has lines. A repeated run goes on where one ended. */
export const importConnectionsCommand: RunCommand = {
  name: ['connections', 'import'],
  about: 'Bring along the grants of another system, which has to stop renewing them first',
  args: [{ name: 'file', about: 'JSON lines, or .csv with the members’ names in its first line' }],
  options: [
    { flags: '--defaults <file>', about: 'JSON that each line is laid over, such as the app and the setup' },
    { flags: '--dry-run', about: 'have each line checked, and store nothing' },
    { flags: '--from-line <n>', about: 'leave out the lines before' },
  ],
  columns: [
    ['IMPORTED', 'imported'],
    ['WOULD BE', 'fine'],
    ['THERE ALREADY', 'there'],
    ['FAILED', 'failed'],
  ],
  example: 'flow-vault connections import grants.jsonl --defaults hubspot.json --dry-run',
  run: importConnections,
}

async function importConnections(context: CommandContext, input: Input): Promise<unknown> {
  const named = input.args['file'] ?? ''
  const { lines, isOpenToOthers } = readImportFile(named)
  const { terminal } = context
  if (isOpenToOthers)
    terminal.err(
      `Others on this machine may read ${named}; it holds secrets. Take that away: chmod 600 ${named}\n`,
    )
  const first = firstLine(input)
  const file = text(input, 'defaults')
  const defaults = file === undefined ? {} : await readSetupFile(context, file)
  const wanted = withoutRepeats(
    lines
      .filter(({ line }) => line >= first)
      .map((line) => (line.body === undefined ? line : { ...line, body: overlaid(defaults, line.body) })),
  )
  const api = context.api()
  const isDry = input.options['dryRun'] === true
  const ends = await inTurn(context, wanted, (line) => endOf({ context, api, isDry }, line))
  return told(ends, isDry)
}

function firstLine(input: Input): number {
  const given = text(input, 'fromLine')
  if (given === undefined) return 1
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given)
  throw new CliError('--from-line is the number of a line, from 1.')
}

/** A grant that stands in the file twice is one connection's: which one, somebody has to say. */
function withoutRepeats(lines: readonly ImportLine[]): readonly ImportLine[] {
  const seen = new Map<unknown, number>()
  return lines.map((each) => {
    const grant = each.body?.['grant'] as { refresh_token?: unknown; access_token?: unknown } | undefined
    const token = grant?.refresh_token ?? grant?.access_token
    const before = token === undefined ? undefined : seen.get(token)
    if (before !== undefined) return { line: each.line, error: `repeats the grant of line ${before}` }
    if (token !== undefined) seen.set(token, each.line)
    return each
  })
}

/** All lines, a few side by side, with how far it is. */
async function inTurn(
  { terminal }: CommandContext,
  lines: readonly ImportLine[],
  work: (line: ImportLine) => Promise<LineEnd>,
): Promise<readonly LineEnd[]> {
  const ends: LineEnd[] = []
  const waiting = [...lines].reverse()
  let failed = 0
  let toldAtMs = terminal.nowMs()
  const worker = async (): Promise<void> => {
    for (let line = waiting.pop(); line !== undefined; line = waiting.pop()) {
      const end = await work(line)
      ends.push(end)
      if (end.end === 'failed') {
        failed += 1
        terminal.err(`Line ${end.line}: ${end.error}\n`)
      }
      if (terminal.nowMs() - toldAtMs < PROGRESS_MS) continue
      toldAtMs = terminal.nowMs()
      terminal.err(`${ends.length} of ${lines.length} lines, ${failed} failed; at line ${end.line}\n`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return ends.sort((a, b) => a.line - b.line)
}

interface ImportRun {
  readonly context: CommandContext
  readonly api: VaultApi
  readonly isDry: boolean
}

async function endOf(run: ImportRun, { line, body, error }: ImportLine): Promise<LineEnd> {
  if (body === undefined) return { line, end: 'failed', error: error ?? 'is empty' }
  if (typeof body['grant'] !== 'object')
    return {
      line,
      end: 'failed',
      error: 'has no grant; connections without one: flow-vault connections create',
    }
  try {
    return { line, ...(await sendPatiently(run, body)) }
  } catch (failure) {
    const ended = endOfFailure(failure)
    if (ended === undefined) throw failure
    return { line, ...ended }
  }
}

type Ended = { end: 'imported' | 'there' | 'fine'; id?: string } | { end: 'failed'; error: string }

/** A connection that has the grant already is what a repeated run finds a day later. Undefined: nothing goes on. */
function endOfFailure(failure: unknown): Ended | undefined {
  if (!(failure instanceof CliError)) return undefined
  if (failure.exitCode === EXIT.login || failure.exitCode === EXIT.unavailable) return undefined
  const { errorCode, errors, message } = (failure.answer ?? {}) as Partial<Record<string, unknown>>
  const id = /\bac_[0-9A-Za-z]+/.exec(String(message))?.[0]
  if (errorCode === 'grant_imported' && id !== undefined) return { end: 'there', id }
  return { end: 'failed', error: [failure.message, ...othersOf(errors)].join(' Also ') }
}

/** What else is wrong with the line: the message tells the first. */
function othersOf(errors: unknown): readonly string[] {
  const others = Array.isArray(errors) ? (errors.slice(1) as Partial<Record<string, unknown>>[]) : []
  return others.map(
    ({ path, message, allowed }) => `${path}: ${message}${allowed === undefined ? '' : ` (${allowed})`}.`,
  )
}

async function sendPatiently(
  { context, api, isDry }: ImportRun,
  body: Readonly<Record<string, unknown>>,
): Promise<Ended> {
  const key = idempotencyKeyOf(body)
  // What answers a repeat of a request that got no answer was made by this run; else another one was first.
  let mayBeOurs = false
  for (let tries = 1; ; tries++) {
    try {
      const { body: made, headers } = await api.answer({
        method: 'POST',
        path: '/connections',
        query: { dry_run: isDry || undefined },
        headers: { 'idempotency-key': key },
        body,
      })
      if (isDry) return { end: 'fine' }
      const isThere = !mayBeOurs && headers.get('idempotency-replayed') === 'true'
      return { end: isThere ? 'there' : 'imported', id: (made as { id: string }).id }
    } catch (error) {
      if (!isBusy(error) || tries === MAX_TRIES) throw error
      mayBeOurs ||= error.exitCode === EXIT.unavailable
      await context.terminal.pause(FIRST_WAIT_MS * 2 ** (tries - 1))
    }
  }
}

/** Also while a request of an earlier run, whose answer got lost, has not ended. */
function isBusy(error: unknown): error is CliError {
  if (!(error instanceof CliError)) return false
  const { errorCode } = (error.answer ?? {}) as { errorCode?: unknown }
  return error.exitCode === EXIT.unavailable || errorCode === 'idempotency_in_progress'
}

/** What is shown; where a line failed it is the failure's own answer, so that scripts see that too. */
function told(ends: readonly LineEnd[], isDry: boolean): unknown {
  const count = (end: LineEnd['end']) => ends.filter((each) => each.end === end).length
  const counts = isDry
    ? { fine: count('fine'), there: count('there'), failed: count('failed') }
    : { imported: count('imported'), there: count('there'), failed: count('failed') }
  const summary = { ...counts, lines: ends }
  if (counts.failed === 0) return summary
  const failed = ends.filter(({ end }) => end === 'failed').map(({ line }) => line)
  const which = `${failed.slice(0, 20).join(', ')}${failed.length > 20 ? ', …' : ''}`
  const rest = isDry ? 'Nothing was stored.' : 'The others are there; run it again when these are mended.'
  throw new CliError(
    `${counts.failed} of ${ends.length} lines ${isDry ? 'would be' : 'were'} refused: ${which}. ${rest}`,
    EXIT.failed,
    summary,
  )
}
