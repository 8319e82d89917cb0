import { readStage } from '../../infra/stage-file.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { needed, runTool, ToolError, UsageError } from '../tool-command.ts'
import { openStage } from './deployed-stage.ts'
import { removeTenant, whatStays } from './remove-tenant.ts'

/*
 * `npm run tenant -- remove --stage STAGE --tenant TENANT`: everything of a tenant, without a way back.
 */

const USAGE = `Usage:
  npm run -s tenant -- remove --stage STAGE --tenant TENANT             counts, and changes nothing
  npm run -s tenant -- remove --stage STAGE --tenant TENANT --destroy   removes; run it again when it was stopped
Options: --stages FOLDER (stages). It reads the whole table, at $0.125 a million items of up to 4 KB. Take the
tenant's clients from its issuer first, or they make new connections meanwhile.`

const TENANT = /^[A-Za-z0-9_-]{1,64}$/

await runTool(
  USAGE,
  { options: ['stage', 'stages', 'tenant'], flags: ['destroy'], words: true },
  async ({ values, flags, positionals, env, say }) => {
    if (positionals.join(' ') !== 'remove') throw new UsageError('Allowed: remove.')
    const [stage, tenant] = [needed(values, 'stage'), needed(values, 'tenant')]
    if (!TENANT.test(tenant))
      throw new UsageError(
        `--tenant ${JSON.stringify(tenant)} is none. Allowed: 1 to 64 of A-Z, a-z, 0-9, _ and -.`,
      )
    const settings = readStage(values.stages ?? 'stages', stage, env['AWS_ENDPOINT_URL'])
    const stores = await openStage(stage)
    const isDry = !flags.has('destroy')
    const counts = await removeTenant(stores, tenant, { isDry, tell: say })
    const what = `${counts.rows} rows, ${counts.tokens} sealed tokens and ${counts.secrets} secrets of ${tenant}`
    if (isDry) {
      say(`${what} would be removed. With --destroy they are, without a way back.`)
      return 0
    }
    const left = await removeTenant(stores, tenant, { isDry: true })
    if (left.rows + left.tokens + left.secrets > 0)
      throw new ToolError(
        `Removed ${what}, and new ones came meanwhile: take its clients away, and run this again.`,
      )
    say(`Removed ${what}. Nothing of it is left in the table or the secret store.\n`)
    for (const line of whatStays({ nowMs: new SystemClock().nowMs(), keepDays: settings.backup?.keepDays }))
      say(line)
    return 0
  },
)
