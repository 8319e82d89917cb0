import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'

/** A message that failed again after so many redrives is left: what is wrong with it does not pass. */
export const MAX_REDRIVES = 2
const REDRIVES = 'redrives'
/** The most that SQS gives at once. */
const BATCH = 10
/** What is looked at comes back by itself; what is moved is deleted long before. */
const LOOK_SECONDS = 30
/** Queues of the vault that hold what failed, by their names in the template. */
const DEAD_LETTERS = /DeadLetters/

/** A queue of what failed, and where its messages came from; wake-ups came from nowhere that they could go back to. */
export interface DeadLetterQueue {
  readonly url: string
  readonly count: number
  readonly sources: readonly { readonly url: string; readonly arn: string }[]
}

/** What became of the messages of one queue. */
export interface RedriveReport {
  readonly seen: readonly string[]
  readonly sent: number
  readonly purged: number
  /** Left where they are: they have failed after `MAX_REDRIVES`, or have no queue to go back to. */
  readonly left: number
}

/** The dead letters of a stage. */
export async function findDeadLetters(client: SQSClient, stage: string): Promise<DeadLetterQueue[]> {
  const urls = await queuesOf(client, `FlowVault-${stage}-`)
  const queues = await Promise.all(urls.map(async (url) => ({ url, ...(await attributesOf(client, url)) })))
  return queues
    .filter(({ url }) => DEAD_LETTERS.test(url))
    .map((dead) => ({
      url: dead.url,
      count: dead.count,
      sources: queues.filter(({ target }) => target === dead.arn).map(({ url, arn }) => ({ url, arn })),
    }))
}

/**
 * Goes through a queue once. `look` changes nothing; `send` puts each message back to where it came from, marked with
 * how often that was; `purge` deletes what is left after that as well. A message that is sent and cannot be deleted
 * is there twice: all work of the vault may come twice.
 */
export async function redriveQueue(
  client: SQSClient,
  queue: DeadLetterQueue,
  what: 'look' | 'send' | 'purge',
): Promise<RedriveReport> {
  const report = { seen: [] as string[], sent: 0, purged: 0, left: 0 }
  const met = new Set<string>()
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queue.url,
        MaxNumberOfMessages: BATCH,
        VisibilityTimeout: LOOK_SECONDS,
        MessageAttributeNames: [REDRIVES],
        MessageSystemAttributeNames: ['All'],
      }),
    )
    const fresh = Messages.filter(({ MessageId = '' }) => !met.has(MessageId))
    if (fresh.length === 0) return report
    for (const message of fresh) {
      met.add(message.MessageId ?? '')
      report.seen.push(message.Body ?? '')
      const times = Number(message.MessageAttributes?.[REDRIVES]?.StringValue ?? 0)
      const target = what === 'look' || times >= MAX_REDRIVES ? undefined : sourceOf(message, queue)
      if (target !== undefined) await sendBack(client, message, { target, times })
      if (target !== undefined) report.sent += 1
      else if (what === 'purge') report.purged += 1
      else report.left += 1
      if (target === undefined && what !== 'purge') continue
      const { ReceiptHandle } = message
      await client.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle }))
    }
  }
}

/** SQS says where a message came from; where it does not, the jobs of freezes have a queue of their own. */
function sourceOf(message: Message, { sources }: DeadLetterQueue): string | undefined {
  const { DeadLetterQueueSourceArn: said } = message.Attributes ?? {}
  const named = sources.find(({ arn }) => arn === said)
  if (named !== undefined) return named.url
  const isFreeze = /"kind":"freeze"/.test(message.Body ?? '')
  return sources.find(({ arn }) => /Freezes/.test(arn) === isFreeze)?.url
}

async function sendBack(
  client: SQSClient,
  message: Message,
  { target, times }: { target: string; times: number },
): Promise<void> {
  const { MessageGroupId, MessageDeduplicationId } = message.Attributes ?? {}
  await client.send(
    new SendMessageCommand({
      QueueUrl: target,
      MessageBody: message.Body,
      MessageAttributes: { [REDRIVES]: { DataType: 'Number', StringValue: String(times + 1) } },
      ...(MessageGroupId === undefined ? {} : { MessageGroupId }),
      // The same id within five minutes would be taken for the same sending.
      ...(MessageDeduplicationId === undefined
        ? {}
        : { MessageDeduplicationId: `${MessageDeduplicationId.slice(0, 100)}-${times + 1}` }),
    }),
  )
}

async function queuesOf(client: SQSClient, QueueNamePrefix: string): Promise<string[]> {
  const urls: string[] = []
  let NextToken: string | undefined
  do {
    const page = await client.send(new ListQueuesCommand({ QueueNamePrefix, MaxResults: 1000, NextToken }))
    urls.push(...(page.QueueUrls ?? []))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  return urls
}

async function attributesOf(
  client: SQSClient,
  QueueUrl: string,
): Promise<{ arn: string; count: number; target: string | undefined }> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  )
  const policy = Attributes['RedrivePolicy']
  const parsed = policy === undefined ? undefined : (JSON.parse(policy) as { deadLetterTargetArn?: string })
  return {
    arn: Attributes['QueueArn'] ?? '',
    count: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
    target: parsed?.deadLetterTargetArn,
  }
}
