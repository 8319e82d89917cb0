import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { FeedPlace } from '../e2e/feed-suite.ts'
import { newTenant } from '../support/api-target.ts'
import { documentedSnippet } from '../support/documented-snippet.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { feedCalls } from '../support/feed-calls.ts'
import { until } from '../support/until.ts'
import { deploySnippet } from './deploy.ts'

const DEPLOY_WITHIN_MS = 120_000
const READ_WITHIN_MS = 60_000

/** A consumer of the bus, deployed from the documentation as it stands but for the names of stage and tenant. */
export function busConsumerSuite(place: () => FeedPlace & { stage: string; ministackUrl: string }): void {
  describe('a consumer of the bus', () => {
    const tenant = newTenant()
    const read: {
      'detail-type': string
      source: string
      detail: { connection_id: string; sequence: number }
    }[] = []

    beforeAll(async () => {
      const snippet = documentedSnippet('consume-events.md', 'ts consumer')
        .replace('flow-vault-prod', `flow-vault-${place().stage}`)
        .replace("'acme'", `'${tenant}'`)
      await deploySnippet({ ministackUrl: place().ministackUrl, code: snippet, stack: 'VaultChanges' })
    }, DEPLOY_WITHIN_MS)

    async function readQueue(): Promise<typeof read> {
      const client = new SQSClient(emulatorClientConfig('ministack'))
      const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'vault-changes' }))
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      )
      for (const { Body, ReceiptHandle } of Messages) {
        read.push(JSON.parse(Body!))
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
      }
      return read
    }

    it(
      'gets the types and the tenant that its rule names, each event once or more and by its sequence',
      async () => {
        const acme = feedCalls(place(), tenant, place().soonMs)
        const other = acme.as(newTenant())
        await other.rename(await other.create('theirs'), 'not told')
        const id = await acme.create('not told')
        for (const name of ['a', 'b', 'c']) await acme.rename(id, name)
        await acme.feedOf(4)
        const sequences = () => [...new Set(read.map(({ detail }) => detail.sequence))].sort()
        await until(readQueue, () => sequences().length >= 3, READ_WITHIN_MS)
        expect(sequences()).toEqual([2, 3, 4])
        for (const event of read) {
          expect(event).toMatchObject({
            source: 'flow-vault',
            'detail-type': 'connection.updated',
            detail: { tenant, connection_id: id, changed: ['name'] },
          })
        }
      },
      READ_WITHIN_MS * 2,
    )
  })
}
