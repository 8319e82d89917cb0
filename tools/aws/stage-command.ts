import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DYNAMO_CLIENT_SETTINGS } from '../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import { runTool, ToolError, UsageError } from '../tool-command.ts'
import { openStage } from './deployed-stage.ts'
import { SOURCE_WORDS, tellOfSource } from './source-mark.ts'

/*
 * `npm run stage -- source-is-gone`: what an operator says of the vault that a stage's data were copied from.
 */

const USAGE = `Usage:
  npm run -s stage -- source-is-gone --stage STAGE   says what stands in the table, and changes nothing
  npm run -s stage -- source-is-gone --stage STAGE --go   takes the mark of a restored table away
  npm run -s stage -- source-may-run --table NAME [--go]  marks a restored table, before it is adopted
Both take --stage STAGE, of a stage that is deployed, or --table NAME, of a table that no stage has yet. While the mark
is there, refresh tokens that may change with each use are not sent: the original would lose its grants.
Credentials and Region as for the AWS CLI.`

await runTool(
  USAGE,
  { options: ['stage', 'table'], flags: ['go'], words: true },
  async ({ values, flags, positionals, say }) => {
    const word = SOURCE_WORDS.find((one) => one === positionals[0])
    if (word === undefined || positionals.length > 1)
      throw new UsageError(
        `${JSON.stringify(positionals.join(' '))} is no word. Allowed: ${SOURCE_WORDS.join(', ')}.`,
      )
    const items = await itemsOf(values)
    say(await tellOfSource(items, word, { isDry: !flags.has('go'), nowMs: new SystemClock().nowMs() }))
    return 0
  },
)

async function itemsOf({
  stage,
  table,
}: {
  readonly stage?: string
  readonly table?: string
}): Promise<ItemStore> {
  if (!stage === !table) throw new UsageError('Give one of --stage and --table.')
  if (stage) return (await openStage(stage)).items
  const client = new DynamoDBClient({ ...DYNAMO_CLIENT_SETTINGS })
  const tableName = String(table)
  try {
    await client.send(new DescribeTableCommand({ TableName: tableName }))
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error
    throw new ToolError(`There is no table ${tableName} in this account and Region: is AWS_REGION right?`)
  }
  return new DynamoItemStore({ client, tableName, clock: new SystemClock(), random: new SystemRandom() })
}
