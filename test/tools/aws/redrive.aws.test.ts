import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { findDeadLetters, redriveQueue } from '../../../tools/aws/redrive.ts'
import { emulatorClientConfig } from '../../support/emulator-under-test.ts'

const client = new SQSClient({ ...emulatorClientConfig('moto'), maxAttempts: 1 })
afterAll(() => client.destroy())

let stages = 0

/** The queues of a stage as its template has them: two before one queue of dead letters, and one for wake-ups. */
async function stageWithQueues() {
  stages += 1
  const stage = `redrive${stages}`
  const queue = async (name: string, attributes: Record<string, string> = {}) => {
    const made = await client.send(
      new CreateQueueCommand({ QueueName: `FlowVault-${stage}-Vault-${name}`, Attributes: attributes }),
    )
    return made.QueueUrl!
  }
  const dead = await queue('WorkDeadLettersQueue')
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] }),
  )
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes!['QueueArn'], maxReceiveCount: 5 })
  return {
    stage,
    dead,
    work: await queue('WorkQueue', { RedrivePolicy }),
    freezes: await queue('WorkFreezes', { RedrivePolicy }),
    wakeUps: await queue('DeadLettersQueue'),
  }
}

const send = (QueueUrl: string, MessageBody: string) =>
  client.send(new SendMessageCommand({ QueueUrl, MessageBody }))
const bodiesIn = async (QueueUrl: string) =>
  ((await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))).Messages ?? []).map(
    ({ Body }) => Body,
  )
const ROTATE = '{"kind":"rotate","tenant":"acme","id":"ac_1"}'
const FREEZE = '{"kind":"freeze","tenant":"acme","id":"fz_1"}'

describe('redriveQueue', () => {
  it('shows what is there and changes nothing, unless it is told to', async () => {
    const { stage, dead, work } = await stageWithQueues()
    await send(dead, ROTATE)
    const [queue] = (await findDeadLetters(client, stage)).filter(({ count }) => count > 0)
    expect(queue).toMatchObject({ url: dead, sources: [{}, {}] })
    expect(await redriveQueue(client, queue!, 'look')).toEqual({
      seen: [ROTATE],
      sent: 0,
      purged: 0,
      left: 1,
    })
    expect(await bodiesIn(work)).toEqual([])
  })

  it('sends each back to the queue that it came from', async () => {
    const { stage, dead, work, freezes } = await stageWithQueues()
    await send(dead, ROTATE)
    await send(dead, FREEZE)
    const [queue] = (await findDeadLetters(client, stage)).filter(({ count }) => count > 0)
    expect(await redriveQueue(client, queue!, 'send')).toMatchObject({ sent: 2, left: 0 })
    expect(await bodiesIn(work)).toEqual([ROTATE])
    expect(await bodiesIn(freezes)).toEqual([FREEZE])
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['All'] }),
    )
    expect(Attributes!['ApproximateNumberOfMessages']).toBe('0')
  })

  it('leaves one that has failed after two redrives, and a wake-up, until they are purged', async () => {
    const { stage, dead, wakeUps } = await stageWithQueues()
    await client.send(
      new SendMessageCommand({
        QueueUrl: dead,
        MessageBody: ROTATE,
        MessageAttributes: { redrives: { DataType: 'Number', StringValue: '2' } },
      }),
    )
    await send(wakeUps, '{}')
    const queues = (await findDeadLetters(client, stage)).filter(({ count }) => count > 0)
    expect(queues).toHaveLength(2)
    for (const queue of queues) {
      expect(await redriveQueue(client, queue, 'purge')).toMatchObject({ sent: 0, purged: 1, left: 0 })
    }
  })
})
