import { restoreVault } from '../copies/restore-vault.ts'
import { runCommand } from './command.ts'

/*
 * `npm run -s restore -- FILE`
 */

const EXIT_INTERRUPTED = 1

/** What holds keys in clear goes as well when a person loses patience. */
function removeWhenInterrupted(remove: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      remove()
      process.exit(EXIT_INTERRUPTED)
    })
  }
}

await runCommand(
  () =>
    restoreVault(process.argv.slice(2), {
      env: process.env,
      terminal: process.stdin,
      say: (text) => void process.stderr.write(text),
      onStaging: removeWhenInterrupted,
    }),
  'restore',
)
