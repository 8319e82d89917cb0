/** Where an item lives in the row store: DynamoDB's partition key and sort key. */
export interface ItemKey {
  readonly partition: string
  readonly sort: string
}
