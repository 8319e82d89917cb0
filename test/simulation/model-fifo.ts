import { ChangeMessageVisibilityCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { Clock } from '../../shared/ports/clock.ts'
import type { SeededRandom } from '../support/seeded-random.ts'

/** SQS developer guide, FIFO queues: a message with a known id is dropped for five minutes. */
const DEDUPLICATED_MS = 5 * 60_000
/** Six times the timeout of the function. */
const VISIBILITY_MS = 360_000

interface Message {
  readonly messageId: string
  readonly receiptHandle: string
  readonly body: string
  readonly attributes: { readonly MessageGroupId: string; readonly ApproximateReceiveCount: string }
  visibleAtMs: number
}

/** A FIFO queue of SQS as its guide describes it: the first message of a group, when none of it is out of view. */
export class ModelFifo {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #random: SeededRandom
  readonly #overtakes: boolean
  readonly #messages: Message[] = []
  readonly #seenAtMs = new Map<string, number>()
  #sent = 0

  /** One that `overtakes` does not keep the order of its groups. */
  constructor(options: { clock: Pick<Clock, 'nowMs'>; random: SeededRandom; overtakes: boolean }) {
    this.#clock = options.clock
    this.#random = options.random
    this.#overtakes = options.overtakes
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  /** A client that fails, or refuses single messages, when `fails` says so. */
  client(fails: () => boolean): SQSClient {
    const send = async (command: unknown): Promise<unknown> => {
      if (fails()) throw new Error('SQS is away')
      if (command instanceof SendMessageBatchCommand) {
        const { Entries: entries = [] } = command.input
        const refused = entries.filter((entry) => fails() || !this.#take(entry))
        return { Failed: refused.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false })) }
      }
      if (command instanceof ChangeMessageVisibilityCommand) {
        const { ReceiptHandle, VisibilityTimeout = 0 } = command.input
        const message = this.#messages.find(({ receiptHandle }) => receiptHandle === ReceiptHandle)
        if (message !== undefined) message.visibleAtMs = this.#clock.nowMs() + VisibilityTimeout * 1000
      }
      return {}
    }
    return { send } as unknown as SQSClient
  }

  /** A message that may be received, out of view from now on; undefined when there is none. */
  receive(): Message | undefined {
    const nowMs = this.#clock.nowMs()
    const isFirst = (message: Message) =>
      this.#messages.find(
        ({ attributes }) => attributes.MessageGroupId === message.attributes.MessageGroupId,
      ) === message
    const ready = this.#messages.filter(
      (message) => message.visibleAtMs <= nowMs && (this.#overtakes || isFirst(message)),
    )
    const message = ready[this.#random.below(Math.max(1, ready.length))]
    if (message !== undefined) message.visibleAtMs = nowMs + VISIBILITY_MS
    return message
  }

  remove(message: Message): void {
    this.#messages.splice(this.#messages.indexOf(message), 1)
  }

  #take({
    MessageBody = '',
    MessageGroupId = '',
    MessageDeduplicationId = '',
  }: {
    MessageBody?: string | undefined
    MessageGroupId?: string | undefined
    MessageDeduplicationId?: string | undefined
  }): true {
    const nowMs = this.#clock.nowMs()
    const seenAtMs = this.#seenAtMs.get(MessageDeduplicationId) ?? Number.NEGATIVE_INFINITY
    if (nowMs - seenAtMs < DEDUPLICATED_MS) return true
    this.#seenAtMs.set(MessageDeduplicationId, nowMs)
    const messageId = `m${++this.#sent}`
    const attributes = { MessageGroupId, ApproximateReceiveCount: '1' }
    this.#messages.push({
      messageId,
      receiptHandle: messageId,
      body: MessageBody,
      attributes,
      visibleAtMs: 0,
    })
    return true
  }
}
