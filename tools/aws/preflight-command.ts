import { readStage } from '../../infra/stage-file.ts'
import { needed, runTool, UsageError } from '../tool-command.ts'
import { accountChecks, callerOf, lookedAt } from './account-checks.ts'
import { type Finding, tellFindings } from './preflight.ts'

/*
 * `npm run preflight -- --stage STAGE`: what would stop or hamper a deployment, before it is tried.
 */

const USAGE = `Usage:
  npm run -s preflight -- --stage STAGE     looks at the account and changes nothing
Options: --stages FOLDER (stages). Credentials and Region as for the AWS CLI. Exit code 1 when a check failed.`

await runTool(USAGE, { options: ['stage', 'stages'], flags: [] }, async ({ values, env, say }) => {
  const settings = readStage(values.stages ?? 'stages', needed(values, 'stage'), env['AWS_ENDPOINT_URL'])
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION']
  if (!region) throw new UsageError('No Region is set: export AWS_REGION.')
  const { account, arn } = await callerOf()
  say(`stage ${settings.stage}, account ${account}, Region ${region}, as ${arn}\n`)
  const findings = accountChecks(settings, { region, account }).map(
    async ([name, look]): Promise<[string, Finding]> => [name, await lookedAt(look)],
  )
  const { lines, mayDeploy } = tellFindings(await Promise.all(findings))
  for (const line of lines) say(line)
  say(mayDeploy ? `\nnpx cdk deploy --all -c stage=${settings.stage}` : '\nNot yet: see what failed.')
  return mayDeploy ? 0 : 1
})
