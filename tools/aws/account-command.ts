import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { AWS_PRICES } from '../capacity/aws-figures.ts'
import { millionCost, OPERATIONS } from '../capacity/operation-cost.ts'
import { needed, runTool, UsageError } from '../tool-command.ts'
import { RUN_REQUESTS, runAgainstAccount } from './account-run.ts'

/*
 * `npm run test:account -- --url URL`: the deployed vault from outside, on a real account or an emulator.
 */

const USAGE = `Usage:
  FLOW_VAULT_TOKEN=… npm run -s test:account -- --url https://vault.example.com        says what it would cost
  FLOW_VAULT_TOKEN=… npm run -s test:account -- --url https://vault.example.com --go   runs
The token is of your issuer, of a tenant for tests, with the scopes …:flows_vault_connections and
read:flows_vault_credentials. It makes one connection that carries the id of the run, and removes it.`

const RUN_ID_BYTES = 4
/** A secret is paid for by the hour, and one that is destroyed at once no longer. */
const SECRET_HOUR_DOLLARS = AWS_PRICES.secretMonth / 730

await runTool(USAGE, { options: ['url'], flags: ['go'] }, async ({ values, flags, env, say }) => {
  const url = needed(values, 'url').replace(/\/$/, '')
  const token = env['FLOW_VAULT_TOKEN']
  if (!token) throw new UsageError('FLOW_VAULT_TOKEN is not set.')
  const runId = Buffer.from(new SystemRandom().bytes(RUN_ID_BYTES)).toString('hex')
  const dearest = Math.max(...OPERATIONS.map((operation) => millionCost(operation).together))
  const dollars = (RUN_REQUESTS * dearest) / 1e6 + SECRET_HOUR_DOLLARS
  say(
    `Run ${runId} against ${url}: ${RUN_REQUESTS} requests and one secret, less than $${dollars.toFixed(4)}.`,
  )
  if (!flags.has('go')) {
    say('Nothing was asked. With --go it runs.')
    return 0
  }
  const results = await runAgainstAccount({ url, token, fetch, runId, say })
  const failed = results.filter(({ fault }) => fault !== undefined).length
  say(failed === 0 ? '\nAll of it holds.' : `\n${failed} of ${results.length} steps failed.`)
  return failed === 0 ? 0 : 1
})
