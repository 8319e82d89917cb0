import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import type { DeliveryMessage } from '../../shared/ports/delivery-queue.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import { deliverEvent } from '../../shared/use-cases/subscriptions/deliver-event.ts'
import type { DeliverFunctionPorts } from './ports.ts'

/** A store that was away is asked again this much later, and so much later again each time. */
const RETRY_AFTER_MS = 5_000
/** What waits for its tenant's turn comes again this much later, and so much later again each time. */
const TURN_AFTER_MS = 2_000
/** The queue counts to a thousand: at this pace that is longer than an event is tried. */
const LONGEST_PAUSE_MS = 120_000

/**
 * The handler of the `deliver` function. Messages of one group go one after the other, and none behind one that has
 * to wait; groups go side by side.
 */
export function createHandler(ports: DeliverFunctionPorts): (event: SQSEvent) => Promise<SQSBatchResponse> {
  return async ({ Records: records }) => {
    try {
      const groups = Map.groupBy(records, ({ attributes }) => attributes.MessageGroupId)
      const left = await Promise.all([...groups.values()].map((group) => deliverGroup(ports, group)))
      return { batchItemFailures: left.flat().map(({ messageId: itemIdentifier }) => ({ itemIdentifier })) }
    } finally {
      ports.metrics.flush()
    }
  }
}

/** Those that go back to the queue: one that waits, and all behind it. */
async function deliverGroup(
  ports: DeliverFunctionPorts,
  group: readonly SQSRecord[],
): Promise<readonly SQSRecord[]> {
  for (const [at, record] of group.entries()) {
    const waitMs = await deliverRecord(ports, record)
    if (waitMs === undefined) continue
    const left = group.slice(at)
    await Promise.all(left.map((one) => putOff(ports, one, waitMs)))
    return left
  }
  return []
}

/** How long it has to wait; undefined when it is done with. */
async function deliverRecord(ports: DeliverFunctionPorts, record: SQSRecord): Promise<number | undefined> {
  const message = readMessage(record.body)
  if (message === undefined) {
    ports.log.error('a message to a subscription could not be read and was set aside')
    ports.metrics.count('deliveries', 1, { outcome: 'unreadable' })
    return undefined
  }
  try {
    const done = await ports.inTurn(message.tenant, () => deliverEvent(ports, message))
    if (done === undefined) return pauseOf(record, TURN_AFTER_MS)
    const { result } = done
    return result.kind === 'done' ? undefined : Math.max(0, result.untilMs - ports.clock.nowMs())
  } catch (error) {
    ports.log.error('a delivery could not be recorded; it is tried again', {
      tenant: message.tenant,
      ...errorFields(error),
    })
    return pauseOf(record, RETRY_AFTER_MS)
  }
}

function pauseOf({ attributes }: SQSRecord, stepMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, stepMs * Number(attributes.ApproximateReceiveCount))
}

function readMessage(body: string): DeliveryMessage | undefined {
  try {
    const message = JSON.parse(body) as DeliveryMessage | null
    return typeof message?.tenant === 'string' && typeof message.event?.id === 'string' ? message : undefined
  } catch {
    return undefined
  }
}

async function putOff(ports: DeliverFunctionPorts, record: SQSRecord, ms: number): Promise<void> {
  try {
    await ports.putOff(record.receiptHandle, ms)
  } catch (error) {
    ports.log.error('a message could not be put off; the queue gives it back in minutes', errorFields(error))
  }
}
