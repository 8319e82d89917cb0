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
import { measuredOAuthClient } from '../../shared/use-cases/grants/measured-oauth-client.ts'
import { measuredGrantRunner } from '../../shared/use-cases/rotation/measured-rotation.ts'
import { doMeasuredWork } from '../../shared/use-cases/rotation/measured-work.ts'
import { LocalGrantRunner } from './local-grant-runner.ts'
import type { GrantsFunctionPorts } from './ports.ts'

/**
 * The time one call may take: a provider's 60 s and the commit, below the function's own timeout. The caller gives
 * up earlier by itself; returning to it before the work ends would freeze the work half-way.
 */
export const WORK_BUDGET_MS = 110_000

type WorkerPorts = Parameters<typeof doMeasuredWork>[0]

/** The handler of the `grants` function: a call from another function, or a batch of work from the queue. */
export type GrantsHandler = (event: SQSEvent | GrantCall) => Promise<SQSBatchResponse | GrantAnswer>

/** The handler of the `grants` function: the only one that calls providers. */
export function createHandler(wired: GrantsFunctionPorts): GrantsHandler {
  const ports = { ...wired, oauth: measuredOAuthClient(wired.oauth, wired) }
  const grants = measuredGrantRunner(new LocalGrantRunner(ports), ports)
  return async (event) => {
    try {
      if ('Records' in event) return await workBatch({ ...ports, grants }, event.Records)
      const call = unpackMessage(event) as GrantCall
      const answer = await answerGrantCall(grants, call, WORK_BUDGET_MS)
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
async function workBatch(ports: WorkerPorts, records: readonly SQSRecord[]): Promise<SQSBatchResponse> {
  const failures = await Promise.all(records.map((record) => workRecord(ports, record)))
  return { batchItemFailures: failures.filter((failure) => failure !== undefined) }
}

async function workRecord(
  ports: WorkerPorts,
  record: SQSRecord,
): Promise<{ itemIdentifier: string } | undefined> {
  let item: WorkItem | undefined
  try {
    item = JSON.parse(record.body) as WorkItem
    await doMeasuredWork(ports, item)
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
