import { InvariantError } from '../domain/errors.ts'
import type { SecretText } from '../domain/secret-text.ts'
import { MAX_SECRET_BYTES } from '../ports/secret-store.ts'

/**
 * Throws `InvariantError` for a value that Secrets Manager would not take: empty, or over `MAX_SECRET_BYTES`.
 * Every secret store refuses the same, so that a vault can change its store.
 */
export function assertStorableSecret(value: SecretText): void {
  if (value.byteLength === 0) throw new InvariantError('a secret value must not be empty')
  if (value.byteLength > MAX_SECRET_BYTES) {
    throw new InvariantError(
      `a secret value holds at most ${MAX_SECRET_BYTES} bytes, not ${value.byteLength}`,
    )
  }
}
