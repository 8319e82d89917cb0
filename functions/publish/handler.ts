import type { DynamoDBStreamEvent } from 'aws-lambda'
import { publishDue } from '../../shared/use-cases/events/publish-due.ts'
import { publishEvents } from '../../shared/use-cases/events/publish-events.ts'
import { failedRun } from '../failed-run.ts'
import type { PublishFunctionPorts } from './ports.ts'

/** The stream carries a change within a second; what is older was left behind. */
const LEFT_BEHIND_MS = 15_000
/** A round takes seconds; the next wake-up goes on with what is left. */
const ROUNDS_FOR_MS = 40_000

/**
 * The handler of the `publish` function. A batch of the stream is published and never refused: what could not be is
 * put off in the index, so that it holds up nobody behind it, and found there by the wake-up of each minute.
 */
export function createHandler(
  ports: PublishFunctionPorts,
): (event: DynamoDBStreamEvent | Record<string, never>) => Promise<void> {
  return async (event) => {
    try {
      if (isBatch(event)) await publishEvents(ports, ports.newKeysOf(event))
      else await publishLeftBehind(ports)
    } catch (error) {
      throw failedRun(ports.log, 'publishing', error)
    } finally {
      ports.metrics.flush()
    }
  }
}

function isBatch(event: DynamoDBStreamEvent | Record<string, never>): event is DynamoDBStreamEvent {
  return Array.isArray(event['Records'])
}

async function publishLeftBehind(ports: PublishFunctionPorts): Promise<void> {
  const startedAtMs = ports.clock.monotonicMs()
  let count = 0
  for (;;) {
    const published = await publishDue(ports, { olderThanMs: LEFT_BEHIND_MS })
    count += published
    if (published === 0 || ports.clock.monotonicMs() - startedAtMs > ROUNDS_FOR_MS) break
  }
  if (count > 0) ports.log.info('published what the stream had left behind', { count })
}
