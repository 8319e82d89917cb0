import { EventBus as Bus } from 'aws-cdk-lib/aws-events'
import { CfnEventSourceMapping, EventSourceMapping, type IFunction } from 'aws-cdk-lib/aws-lambda'
import {
  DeduplicationScope,
  FifoThroughputLimit,
  type IQueue,
  Queue,
  QueueEncryption,
  type QueueProps,
} from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { OUTBOX_KIND } from '../../shared/adapters/dynamodb/stream-facts.ts'
import { hiddenFor, KEPT } from './work-queues.ts'

/**
 * The most that SQS counts. A message comes again as often as its receiver is tried, and every few seconds while the
 * table is away; whether it is given up is decided by its delivery, not by a count.
 */
const MAX_RECEIVES = 1000
/** Calls to receivers under way; each waits 15 s at most. */
const DELIVERING_INSTANCES = 20
/** Records of the stream that one run publishes; a tenant's come one batch after the other. */
const STREAM_BATCH = 100
/** A batch is never refused, so only a run that was cut off comes again; then the index has what it left. */
const STREAM_RETRIES = 2

/** Where changes are told: a bus for whoever has rules on it, and a queue before the webhooks of subscriptions. */
export class EventBus extends Construct {
  readonly bus: Bus
  readonly deliveries: Queue
  readonly deadLetters: Queue

  constructor(
    scope: Construct,
    id: string,
    { stage, timeoutSeconds }: { readonly stage: string; readonly timeoutSeconds: number },
  ) {
    super(scope, id)
    this.bus = new Bus(this, 'Bus', {
      eventBusName: `flow-vault-${stage}`,
      description: 'Changes of connections: ids and codes, never a secret',
    })
    const fifo: QueueProps = {
      fifo: true,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // An event is given up after a day, so what waits behind it is there still.
      retentionPeriod: KEPT,
    }
    this.deadLetters = new Queue(this, 'DeadLetters', fifo)
    this.deliveries = new Queue(this, 'Deliveries', {
      ...fifo,
      // A group is a subscription and connection: 300 calls a second for all groups together would be too few.
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      visibilityTimeout: hiddenFor(timeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    })
  }

  /** Has a function woken by the queue, a message at a time: nothing is behind one that has to wait. */
  wakeByDeliveries(target: IFunction): void {
    new EventSourceMapping(this, 'deliver-queue', {
      target,
      eventSourceArn: this.deliveries.queueArn,
      batchSize: 1,
      maxConcurrency: DELIVERING_INSTANCES,
      reportBatchItemFailures: true,
    })
  }

  /** Has a function woken by what is new in the outbox. What it could not take goes to the dead letters, keys only. */
  wakeByEvents(
    target: IFunction,
    { streamArn, deadLetters }: { streamArn: string; deadLetters: IQueue },
  ): void {
    new CfnEventSourceMapping(this, 'publish-stream', {
      functionName: target.functionName,
      eventSourceArn: streamArn,
      startingPosition: 'TRIM_HORIZON',
      batchSize: STREAM_BATCH,
      maximumRetryAttempts: STREAM_RETRIES,
      bisectBatchOnFunctionError: true,
      filterCriteria: {
        filters: [
          {
            pattern: JSON.stringify({
              eventName: ['INSERT'],
              dynamodb: { NewImage: { kind: { S: [OUTBOX_KIND] } } },
            }),
          },
        ],
      },
      destinationConfig: { onFailure: { destination: deadLetters.queueArn } },
    })
  }
}
