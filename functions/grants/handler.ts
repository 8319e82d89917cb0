import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { errorFields } from '../../shared/ports/error-fields.ts'
import {
  answerGrantCall,
  type GrantAnswer,
  type GrantCall,
  packMessage,
  unpackMessage,
} from '../../shared/ports/grant-call.ts'
import type { WorkItem } from '../../shared/ports/work-queue.ts'
import { measureBreakers } from './measured-providers.ts'
import type { GrantsFunctionPorts } from './ports.ts'

/**
 * The time one call may take: a provider's 60 s and the commit, below the function's own timeout. The caller gives
 * up earlier by itself; returning to it before the work ends would freeze the work half-way.
 */
export const WORK_BUDGET_MS = 110_000

/** The handler of the `grants` function: a call from another function, or a batch of work from the queue. */
export type GrantsHandler = (event: SQSEvent | GrantCall) => Promise<GrantAnswer | undefined>

/** The handler of the `grants` function: the only one that calls providers. */
export function createHandler(ports: GrantsFunctionPorts): GrantsHandler {
  return async (event) => {
    try {
      if ('Records' in event) {
        await Promise.all(event.Records.map((record) => workRecord(ports, record)))
        return undefined
      }
      const call = unpackMessage(event) as GrantCall
      const answer = await answerGrantCall(ports.grants, call, WORK_BUDGET_MS)
      if (answer.kind === 'failed')
        ports.log.error('a grant call failed', { op: call.op, error: answer.name })
      return packMessage(answer) as GrantAnswer
    } finally {
      // A figure is a line of the log here: no line says that none is open.
      measureBreakers(ports.metrics, ports.breaker, { withZeros: false })
      ports.metrics.flush()
    }
  }
}

/**
 * Does one item and is done with its message, whatever came of it. What failed is still due in the index, where the
 * next wake-up finds it within a minute; a message that went back would be kept from view for six times this
 * function's timeout, and count as work under way all that time.
 */
async function workRecord(ports: GrantsFunctionPorts, record: SQSRecord): Promise<void> {
  let item: WorkItem | undefined
  try {
    item = JSON.parse(record.body) as WorkItem
    await ports.doWork(item)
  } catch (error) {
    ports.log.error('a piece of work failed; the index brings it again', {
      op: item?.kind,
      tenant: item?.tenant,
      connection_id: item?.id,
      ...errorFields(error),
    })
  }
}
