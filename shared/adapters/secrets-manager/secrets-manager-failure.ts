import { InvariantError } from '../../domain/errors.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { KeyUnavailableError } from '../../ports/key-wrapper.ts'
import { SecretLimitError } from '../../ports/secret-store.ts'
import { type AwsFailure, describeAwsFailure } from '../aws-failure.ts'

/** Secrets Manager could not use the KMS key: it is disabled, deleted, or not for this caller. */
const KEY_UNAVAILABLE = new Set(['DecryptionFailure', 'EncryptionFailure'])

/** Answers to a request that we built wrongly. */
const OUR_FAULT = new Set(['InvalidParameterException', 'ValidationException', 'InvalidNextTokenException'])

/** A quota is reached: of versions, or of secrets in the account. It is no outage, and waiting ends it not. */
const LIMIT_REACHED = 'LimitExceededException'

/** The calls that change nothing, whatever becomes of them. */
const READS = new Set(['DescribeSecret', 'GetSecretValue', 'ListSecrets', 'ListSecretVersionIds'])

/** What to throw for a failed Secrets Manager call that has no meaning of its own to the store. */
export function secretsManagerError(call: string, failure: AwsFailure): Error {
  const message = describeAwsFailure(`Secrets Manager ${call}`, failure)
  if (KEY_UNAVAILABLE.has(failure.name)) return new KeyUnavailableError(message)
  if (failure.name === LIMIT_REACHED) return new SecretLimitError(message)
  if (OUR_FAULT.has(failure.name)) return new InvariantError(message)
  return new StoreUnavailableError(message, READS.has(call) ? 'not-applied' : failure.outcome)
}
