import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { needed, runTool, ToolError, UsageError } from '../tool-command.ts'
import { giveUp } from './move/give-up.ts'
import { copyVault, lookAtMove, switchOver } from './move/move-vault.ts'
import { openSource, openTarget } from './move/moved-vault.ts'

/*
 * `npm run migrate -- --from DATA --to STAGE`: a whole vault into a stage that is new.
 */

const USAGE = `Usage:
  npm run -s migrate -- --from DATA --to STAGE            says what would be moved, and changes nothing
  npm run -s migrate -- --from DATA --to STAGE --copy     freezes the source, copies, and compares both
  npm run -s migrate -- --from DATA --to STAGE --switch   the same, then the target takes over, for ever
  npm run -s migrate -- --from DATA --to STAGE --give-up  before the target is in service: the source goes on
DATA is the data folder of an embedded vault, whose server is stopped, or the name of another stage. Secrets are in
memory only on their way. Run it again when it was stopped: it goes on. Credentials and Region as for the AWS CLI.`

const WAYS = { copy: copyVault, switch: switchOver, 'give-up': giveUp }

await runTool(
  USAGE,
  { options: ['from', 'to'], flags: ['copy', 'switch', 'give-up'] },
  async ({ values, flags, positionals, say }) => {
    if (positionals.length > 0) throw new UsageError(`${positionals[0]} is not known here.`)
    const [from, to] = [needed(values, 'from'), needed(values, 'to')]
    const [way, other] = [...flags]
    if (other !== undefined) throw new UsageError(`Give one of --${way} and --${other}.`)
    if (from === to) throw new UsageError('--from and --to are the same stage.')
    const source = await openSource(from)
    try {
      const input = { source, target: await openTarget(to), clock: new SystemClock(), say }
      if (way === undefined) {
        await lookAtMove(input)
        say('Nothing was changed. --copy copies, --switch copies and switches over.')
        return 0
      }
      await WAYS[way](input)
      if (way === 'copy')
        say(`Copied. With --switch ${input.target.name} takes over; --give-up ends the move.`)
      return 0
    } catch (error) {
      if (isOfStore(error))
        throw new ToolError(`${(error as Error).message}. Run this again: it goes on where it was.`)
      throw error
    } finally {
      await source.close()
    }
  },
)

/** A store that was away, or refused: nothing is lost by it. */
function isOfStore(error: unknown): boolean {
  return ['StoreUnavailableError', 'KeyUnavailableError'].includes((error as Error).name)
}
