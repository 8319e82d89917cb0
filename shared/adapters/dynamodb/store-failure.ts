import {
  type AttributeValue,
  type CancellationReason,
  ConditionalCheckFailedException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import { awsFailure } from '../aws-failure.ts'

/**
 * What a failed request means for the writes in it:
 * `condition`: nothing was written, the write at `writeIndex` found `item` ·
 * `busy`: nothing was written, a later try may succeed · `not-sent`: the same, for it never left ·
 * `in-progress`: an earlier try with the same token is still running · `lost`: it may have been written ·
 * `refused`: nothing was written, and a repetition would be refused too · `invalid`: our request was malformed.
 */
export type StoreFailure =
  | {
      readonly kind: 'condition'
      readonly writeIndex: number
      readonly item: Record<string, AttributeValue> | undefined
    }
  | { readonly kind: 'busy' | 'not-sent' | 'in-progress' | 'lost' | 'refused' | 'invalid' }

/** API Reference, "Error handling with DynamoDB": the request was not carried out, try again after a pause. */
const BUSY = new Set([
  'ProvisionedThroughputExceededException',
  'ReplicatedWriteConflictException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'TransactionConflictException',
])

/** Our bug: the request can never succeed as it is. */
const INVALID = new Set([
  'IdempotentParameterMismatchException',
  'ItemCollectionSizeLimitExceededException',
  'SerializationException',
  'ValidationException',
])

/** TransactWriteItems, "CancellationReasons": codes of a transaction that could never succeed. */
const INVALID_REASONS = new Set(['DuplicateItem', 'ItemCollectionSizeLimitExceeded', 'ValidationError'])

/** Sorts an error of the SDK; whatever is not known for certain counts as `lost`, the careful answer. */
export function classifyFailure(error: unknown): StoreFailure {
  if (error instanceof ConditionalCheckFailedException) {
    return { kind: 'condition', writeIndex: 0, item: error.Item }
  }
  if (error instanceof TransactionCanceledException)
    return classifyCancellation(error.CancellationReasons ?? [])
  const { name, httpStatus, outcome } = awsFailure(error)
  if (BUSY.has(name)) return { kind: 'busy' }
  if (INVALID.has(name)) return { kind: 'invalid' }
  if (name === 'TransactionInProgressException') return { kind: 'in-progress' }
  if (outcome === 'unknown') return { kind: 'lost' }
  // A complete 4xx answer is a decision: access denied, an expired token, no such table.
  return { kind: httpStatus === undefined ? 'not-sent' : 'refused' }
}

function classifyCancellation(reasons: readonly CancellationReason[]): StoreFailure {
  const writeIndex = reasons.findIndex((reason) => reason.Code === 'ConditionalCheckFailed')
  if (writeIndex >= 0) return { kind: 'condition', writeIndex, item: reasons[writeIndex]?.Item }
  const codes = reasons.map((reason) => reason.Code ?? 'None')
  if (codes.some((code) => INVALID_REASONS.has(code))) return { kind: 'invalid' }
  if (codes.includes('AccessDenied')) return { kind: 'refused' }
  return { kind: 'busy' }
}
