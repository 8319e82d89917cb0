import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { errorFields } from '../../shared/ports/error-fields.ts'
import {
  answerGrantCall,
  type GrantAnswer,
  type GrantCall,
  packMessage,
  unpackMessage,
} from '../../shared/ports/grant-call.ts'
import type { WorkItem } from '../../shared/ports/work-queue.ts'
import { measureBreakers } from '../../shared/use-cases/grants/measured-breakers.ts'
import type { GrantsFunctionPorts } from './ports.ts'

/**
 * The time one call may take: a provider's 60 s and the commit, below the function's own timeout. The caller gives
 * up earlier by itself; returning to it before the work ends would freeze the work half-way.
 */
export const WORK_BUDGET_MS = 110_000

/** The handler of the `grants` function: a call from another function, or a batch of work from the queue. */
export type GrantsHandler = (event: SQSEvent | GrantCall) => Promise<SQSBatchResponse | GrantAnswer>

/** The handler of the `grants` function: the only one that calls providers. */
export function createHandler(ports: GrantsFunctionPorts): GrantsHandler {
  return async (event) => {
    try {
      if ('Records' in event) return await workBatch(ports, event.Records)
      const call = unpackMessage(event) as GrantCall
      const answer = await answerGrantCall(ports.grants, call, WORK_BUDGET_MS)
      if (answer.kind === 'failed')
        ports.log.error('a grant call failed', { op: call.op, error: answer.name })
      return packMessage(answer) as GrantAnswer
    } finally {
      measureBreakers(ports.metrics, ports.breaker)
      ports.metrics.flush()
    }
  }
}

/** Works the batch side by side; what failed goes back to the queue alone. */
async function workBatch(
  ports: GrantsFunctionPorts,
  records: readonly SQSRecord[],
): Promise<SQSBatchResponse> {
  const failures = await Promise.all(records.map((record) => workRecord(ports, record)))
  return { batchItemFailures: failures.filter((failure) => failure !== undefined) }
}

async function workRecord(
  ports: GrantsFunctionPorts,
  record: SQSRecord,
): Promise<{ itemIdentifier: string } | undefined> {
  let item: WorkItem | undefined
  try {
    item = JSON.parse(record.body) as WorkItem
    await ports.doWork(item)
    return undefined
  } catch (error) {
    ports.log.error('a piece of work failed and goes back to the queue', {
      op: item?.kind,
      tenant: item?.tenant,
      connection_id: item?.id,
      ...errorFields(error),
    })
    return { itemIdentifier: record.messageId }
  }
}
