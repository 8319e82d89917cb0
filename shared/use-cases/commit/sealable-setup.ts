import { VaultError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { MAX_SECRET_BYTES } from '../../ports/secret-store.ts'

/** The text of a secret version that holds this setup; throws `invalid-body` when it would not fit one. */
export function sealableSetup(setup: JsonObject): SecretText {
  const value = new SecretText(JSON.stringify({ setup }))
  if (value.byteLength > MAX_SECRET_BYTES) {
    throw new VaultError(
      'invalid-body',
      `Setup is too large (${value.byteLength} bytes), maximum ${MAX_SECRET_BYTES}`,
      { field: 'setup', allowed: `${MAX_SECRET_BYTES} bytes of JSON in all` },
    )
  }
  return value
}
