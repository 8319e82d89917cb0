import { InvariantError } from '../../domain/errors.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { KeyUnavailableError } from '../../ports/key-wrapper.ts'
import { SealBrokenError } from '../../ports/secret-store.ts'
import { awsFailure, describeAwsFailure } from '../aws-failure.ts'

/** Answers that last until an operator puts the key right: no such key, switched off, not allowed, another kind. */
const KEY_UNAVAILABLE = new Set([
  'NotFoundException',
  'DisabledException',
  'KMSInvalidStateException',
  'AccessDeniedException',
  'InvalidKeyUsageException',
])

/** What was to be unwrapped is damaged, or was wrapped elsewhere. */
const BROKEN = new Set(['InvalidCiphertextException', 'IncorrectKeyException'])

/** Answers to a request that we built wrongly. */
const OUR_FAULT = new Set(['ValidationException', 'InvalidArnException', 'UnsupportedOperationException'])

/**
 * What to throw for an error of a KMS call: `SealBrokenError` for good, `KeyUnavailableError` until an operator acts,
 * `StoreUnavailableError` when it may pass (throttling, the network, and KMS's own `KeyUnavailableException`, which
 * it says to repeat). These calls change nothing in KMS, so none of them is ever half done.
 */
export function kmsError(call: string, error: unknown): Error {
  const failure = awsFailure(error)
  const message = describeAwsFailure(`KMS ${call}`, failure)
  if (KEY_UNAVAILABLE.has(failure.name)) return new KeyUnavailableError(message)
  if (BROKEN.has(failure.name)) return new SealBrokenError(message)
  if (OUR_FAULT.has(failure.name)) return new InvariantError(message)
  return new StoreUnavailableError(message, 'not-applied')
}
