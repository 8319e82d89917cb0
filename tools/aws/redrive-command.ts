import { SQSClient } from '@aws-sdk/client-sqs'
import { needed, runTool, ToolError } from '../tool-command.ts'
import { findDeadLetters, MAX_REDRIVES, redriveQueue } from './redrive.ts'

/*
 * `npm run redrive -- --stage STAGE`: what failed for good, and back to where it came from.
 */

const USAGE = `Usage:
  npm run -s redrive -- --stage STAGE           shows the dead letters and changes nothing
  npm run -s redrive -- --stage STAGE --go      sends each back to its queue, ${MAX_REDRIVES} times at most
  npm run -s redrive -- --stage STAGE --purge   the same, and deletes what is left: wake-ups, and what failed again
Messages hold ids only. Credentials and Region as for the AWS CLI.`

await runTool(USAGE, { options: ['stage'], flags: ['go', 'purge'] }, async ({ values, flags, say }) => {
  const stage = needed(values, 'stage')
  const client = new SQSClient({})
  const queues = await findDeadLetters(client, stage)
  if (queues.length === 0)
    throw new ToolError(`There is no queue of a stage ${stage} in this account and Region.`)
  const what = flags.has('purge') ? 'purge' : flags.has('go') ? 'send' : 'look'
  for (const queue of queues) {
    const { seen, sent, purged, left } = await redriveQueue(client, queue, what)
    say(`${queue.url}: ${seen.length} seen, ${sent} sent back, ${purged} deleted, ${left} left`)
    for (const [body, times] of counted(seen)) say(`  ${String(times).padStart(4)} × ${body}`)
  }
  return 0
})

function counted(bodies: readonly string[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const body of bodies) times.set(body.slice(0, 200), (times.get(body.slice(0, 200)) ?? 0) + 1)
  return times
}
