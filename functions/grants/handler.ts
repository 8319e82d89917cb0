import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import {
  answerGrantCall,
  type GrantAnswer,
  type GrantCall,
  packMessage,
  unpackMessage,
} from '../../shared/ports/grant-call.ts'
import type { WorkItem } from '../../shared/ports/work-queue.ts'
import type { GrantPorts } from '../../shared/use-cases/grant-ports.ts'
import { doWorkItem } from '../../shared/use-cases/work-item.ts'
import { LocalGrantRunner } from './local-grant-runner.ts'

/**
 * The time one call may take: a provider's 60 s and the commit, below the function's own timeout. The caller gives
 * up earlier by itself; returning to it before the work ends would freeze the work half-way.
 */
export const WORK_BUDGET_MS = 110_000

/** The handler of the `grants` function: a call from another function, or a batch of work from the queue. */
export type GrantsHandler = (event: SQSEvent | GrantCall) => Promise<SQSBatchResponse | GrantAnswer>

/** The handler of the `grants` function: the only one that calls providers. */
export function createHandler(ports: GrantPorts): GrantsHandler {
  const runner = new LocalGrantRunner(ports)
  return async (event) => {
    if ('Records' in event) return workBatch(ports, event.Records)
    const call = unpackMessage(event) as GrantCall
    const answer = await answerGrantCall(runner, call, WORK_BUDGET_MS)
    if (answer.kind === 'failed') ports.log.error('a grant call failed', { op: call.op, error: answer.name })
    return packMessage(answer) as GrantAnswer
  }
}

/** Works the batch side by side; what failed goes back to the queue alone. */
async function workBatch(ports: GrantPorts, records: readonly SQSRecord[]): Promise<SQSBatchResponse> {
  const failures = await Promise.all(records.map((record) => workRecord(ports, record)))
  return { batchItemFailures: failures.filter((failure) => failure !== undefined) }
}

async function workRecord(
  ports: GrantPorts,
  record: SQSRecord,
): Promise<{ itemIdentifier: string } | undefined> {
  const item = JSON.parse(record.body) as WorkItem
  try {
    await doWorkItem(ports, item)
    return undefined
  } catch (error) {
    ports.log.error('a piece of work failed and goes back to the queue', {
      op: item.kind,
      tenant: item.tenant,
      connection_id: item.id,
      error: error instanceof Error ? error.name : 'unknown',
      reason: error instanceof Error ? error.message : undefined,
    })
    return { itemIdentifier: record.messageId }
  }
}
