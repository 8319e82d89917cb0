import type { DynamoDBStreamEvent } from 'aws-lambda'
import type { ItemKey } from '../../ports/item-store.ts'
import { OUTBOX_KIND } from './stream-facts.ts'
import { TABLE_DEFINITION } from './table-definition.ts'

/** The keys of the outbox items that a batch of the stream tells of; of no other item, and of none that changed. */
export function outboxKeysOf(event: DynamoDBStreamEvent): ItemKey[] {
  return event.Records.flatMap(({ eventName, dynamodb }) => {
    const image = dynamodb?.NewImage
    const partition = image?.[TABLE_DEFINITION.partitionKey.name]?.S
    const sort = image?.[TABLE_DEFINITION.sortKey.name]?.S
    const isNew = eventName === 'INSERT' && image?.['kind']?.S === OUTBOX_KIND
    return isNew && partition !== undefined && sort !== undefined ? [{ partition, sort }] : []
  })
}
