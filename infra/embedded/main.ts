import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { StoreUnavailableError } from '../../shared/ports/item-store.ts'
import { SettingsError } from '../../shared/settings/read-environment.ts'
import { banner } from './banner.ts'
import { calledAs } from './commands/called-as.ts'
import { explainUnexpected, isRefusal, RefusedError } from './commands/command.ts'
import { type RunningServer, startServer } from './server.ts'
import { readSettings, settingLines } from './settings.ts'
import { watchForStop } from './stops.ts'

/** In-flight requests get this long to end, as much as a request may take. */
const DRAIN_MS = 30_000
const EXIT_REFUSED = 2
const EXIT_FAILED = 1

// A reader of the log that goes away, or a full disk under it, costs lines and not the service. Later lines are tried
// again.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const HOW = 'Its settings are variables of the environment (README.md, "Operate it")'
const words = process.argv.slice(process.argv[2] === 'start' ? 3 : 2)
const asksForHelp = words.some((word) => word === '--help' || word === '-h')

try {
  if (asksForHelp)
    process.stdout.write(`Usage: ${calledAs('start')}\n${HOW}:\n${settingLines().join('\n')}\n`)
  // A setting that nobody reads would look obeyed.
  else if (words.length > 0)
    throw new RefusedError(`"${words[0]}" is not taken: start has no options. ${HOW}.`)
  else await serve()
} catch (error) {
  process.stderr.write(`flow-vault did not start.\n${explain(error)}\n`)
  process.exitCode = isOperators(error) ? EXIT_REFUSED : EXIT_FAILED
}

async function serve(): Promise<void> {
  const server = await startServer({
    settings: readSettings(process.env),
    clock: new SystemClock(),
    random: new SystemRandom(),
    writeLog: (text) => process.stdout.write(text),
  })
  process.stderr.write(banner(server))
  watchForStop(process, process.env, stopWith(server))
}

function stopWith(server: RunningServer): (reason: string) => void {
  return (reason) => {
    server.vault.log.info('stopping: requests under way may end', { reason })
    server.close({ graceMs: DRAIN_MS }).then(
      () => {
        process.exitCode = 0
      },
      (error: unknown) => {
        process.stderr.write(`${explain(error)}\n`)
        process.exitCode = EXIT_FAILED
      },
    )
  }
}

/** What an operator can act on is refused with its message alone; anything else shows where it came from. */
function isOperators(error: unknown): boolean {
  return isRefusal(error) || error instanceof SettingsError || error instanceof StoreUnavailableError
}

function explain(error: unknown): string {
  return isOperators(error) ? (error as Error).message : explainUnexpected(error)
}
