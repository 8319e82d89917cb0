import type { Metrics } from '../../shared/ports/metrics.ts'
import type { DeliverPorts } from '../../shared/use-cases/subscriptions/deliver-event.ts'

/** What the function reaches the world through. */
export interface DeliverFunctionPorts extends Omit<DeliverPorts, 'metrics'> {
  readonly metrics: Metrics
  /** Has the queue give a message back after so many milliseconds, its successors after it. */
  putOff(receiptHandle: string, ms: number): Promise<void>
}
