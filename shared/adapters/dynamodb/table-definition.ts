/**
 * The one table of the vault, as data: the CDK construct, the adapter and the tests read the same names.
 * The index is sparse (only items with both of its attributes are in it) and holds keys only, because whoever
 * finds an item there must re-read it anyway. Attribute types are DynamoDB's: S text, N number.
 */
export const TABLE_DEFINITION = {
  partitionKey: { name: 'pk', type: 'S' },
  sortKey: { name: 'sk', type: 'S' },
  dueIndex: {
    name: 'due',
    partitionKey: { name: 'due_shard', type: 'S' },
    sortKey: { name: 'due_at', type: 'N' },
    projection: 'KEYS_ONLY',
  },
  /** Epoch seconds; DynamoDB removes an item within about two days after it (UpdateTimeToLive). */
  timeToLiveAttribute: 'expires_at_s',
} as const
