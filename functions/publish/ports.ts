import type { DynamoDBStreamEvent } from 'aws-lambda'
import type { ItemKey } from '../../shared/ports/item-store.ts'
import type { Metrics } from '../../shared/ports/metrics.ts'
import type { PublishPorts } from '../../shared/use-cases/events/publish-events.ts'

/** What the function reaches the world through. */
export interface PublishFunctionPorts extends Omit<PublishPorts, 'metrics'> {
  readonly metrics: Metrics
  /** The keys of what a batch of the stream says is new and waits to be published. */
  newKeysOf(event: DynamoDBStreamEvent): readonly ItemKey[]
}
