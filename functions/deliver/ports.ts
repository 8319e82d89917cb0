import type { Metrics } from '../../shared/ports/metrics.ts'
import type { DeliverPorts } from '../../shared/use-cases/subscriptions/deliver-event.ts'

/** What the function reaches the world through. */
export interface DeliverFunctionPorts extends Omit<DeliverPorts, 'metrics'> {
  readonly metrics: Metrics
  /** Does it in one of the tenant's turns; undefined, and nothing done, when none is free. */
  inTurn<Result>(tenant: string, act: () => Promise<Result>): Promise<{ readonly result: Result } | undefined>
  /** Has the queue give a message back after so many milliseconds, its successors after it. */
  putOff(receiptHandle: string, ms: number): Promise<void>
}
