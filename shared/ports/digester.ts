import type { SecretText } from '../domain/secret-text.ts'

/**
 * A keyed digest (HMAC-SHA-256), so that a stored digest of a low-entropy secret cannot be guessed offline.
 * Embedded: a digest key in the key file. AWS: KMS GenerateMac.
 */
export interface Digester {
  /** 64 lowercase hex characters. `purpose` separates the domains, so equal texts of two purposes differ. */
  digest(purpose: DigestPurpose, text: SecretText): Promise<string>
}

export type DigestPurpose =
  | 'setup'
  | 'client'
  | 'client-secret'
  | 'code'
  | 'idempotent-body'
  | 'refresh-token'
  | 'oauth-state'
  | 'authorization'
  | 'browser'
  | 'code-verifier'
  | 'key-check'
