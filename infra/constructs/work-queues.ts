import { Duration } from 'aws-cdk-lib'
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'

/** The longest SQS keeps a message: time enough to see an alarm and mend what was wrong. */
export const KEPT = Duration.days(14)
const VISIBILITY_FACTOR = 6
/** A message comes again only when its function did not live to its end; the due index finds the connection anyway. */
const MAX_RECEIVES = 5

/**
 * How long a message is out of view: six times the timeout of its function (AWS's advice, Lambda developer guide, SQS).
 */
export function hiddenFor(timeoutSeconds: number): Duration {
  return Duration.seconds(timeoutSeconds * VISIBILITY_FACTOR)
}

/** A queue for what failed for good. Its messages hold ids only. */
export class DeadLetters extends Construct {
  readonly queue: Queue

  constructor(scope: Construct, id: string) {
    super(scope, id)
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: KEPT,
    })
  }
}

/**
 * The queues before `grants`, with their dead letters: one for what is due, and one for the jobs of freezes, so that
 * a stop order does not wait behind a backlog of rotations.
 */
export class WorkQueue extends Construct {
  readonly queue: Queue
  readonly freezes: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, props: { readonly workerTimeoutSeconds: number }) {
    super(scope, id)
    this.deadLetters = new DeadLetters(this, 'DeadLetters').queue
    const settings: QueueProps = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: hiddenFor(props.workerTimeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    }
    this.queue = new Queue(this, 'Queue', settings)
    this.freezes = new Queue(this, 'Freezes', settings)
  }
}
