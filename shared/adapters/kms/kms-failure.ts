import { InvariantError } from '../../domain/errors.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { KeyUnavailableError } from '../../ports/key-wrapper.ts'
import { awsFailure, describeAwsFailure } from '../aws-failure.ts'

/** Answers that trying again does not change: no such key, switched off, not allowed, or not what it wrapped. */
const KEY_UNAVAILABLE = new Set([
  'NotFoundException',
  'DisabledException',
  'KMSInvalidStateException',
  'AccessDeniedException',
  'InvalidCiphertextException',
  'IncorrectKeyException',
  'InvalidKeyUsageException',
])

/** Answers to a request that we built wrongly. */
const OUR_FAULT = new Set(['ValidationException', 'InvalidArnException', 'UnsupportedOperationException'])

/**
 * What to throw for an error of a KMS call: `KeyUnavailableError` for good, `StoreUnavailableError` when it may
 * pass (throttling, the network, and KMS's own `KeyUnavailableException`, which it says to repeat). These calls
 * change nothing in KMS, so none of them is ever half done.
 */
export function kmsError(call: string, error: unknown): Error {
  const failure = awsFailure(error)
  const message = describeAwsFailure(`KMS ${call}`, failure)
  if (KEY_UNAVAILABLE.has(failure.name)) return new KeyUnavailableError(message)
  if (OUR_FAULT.has(failure.name)) return new InvariantError(message)
  return new StoreUnavailableError(message, 'not-applied')
}
