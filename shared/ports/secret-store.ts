import type { SecretText } from '../domain/secret-text.ts'

/**
 * Secret material in immutable versions. A row's pointer `{secretId, versionId}` is the only way to a value.
 * Adapters: `sealed` (an envelope in the row store) and `secrets-manager`; both pass `test/contract/secret-store.ts`.
 * Failures of the store throw `StoreUnavailableError`.
 */
export interface SecretStore {
  /**
   * Stores one immutable version and answers its id. Idempotent by `requestToken` (a UUID): the same token with
   * the same value is a no-op, with another value it throws `SecretConflictError`.
   */
  put(secretId: string, requestToken: string, value: SecretText): Promise<{ versionId: string }>
  /** Exactly that version. Throws `SecretNotFoundError` when it, or the whole secret, is not there (or deleted). */
  get(secretId: string, versionId: string): Promise<SecretText>
  /** Says that no row points at this version any more. Stores that age versions out by themselves do nothing. */
  discard(secretId: string, versionId: string): Promise<void>
  /** Hides the secret and removes it after the recovery window. Does nothing when it is absent or already so. */
  scheduleDeletion(secretId: string): Promise<void>
  /** Undoes `scheduleDeletion` within the window. Throws `SecretNotFoundError` when it is gone. */
  restore(secretId: string): Promise<void>
  /** Destroys the secret at once, without recovery. Does nothing when it is absent. */
  purge(secretId: string): Promise<void>
  /** Every secret of this vault, in no order, without values; for `reconcile`. */
  list(query: { limit: number; nextToken?: string }): Promise<SecretPage>
}

export interface SecretPage {
  readonly items: readonly SecretDescription[]
  readonly nextToken?: string
}

export interface SecretDescription {
  readonly secretId: string
  readonly createdAtMs: number
  /** Set while the secret waits for its deletion. */
  readonly deletedAtMs?: number
}

/** Secrets Manager keeps at most 65,536 bytes in one secret. */
export const MAX_SECRET_BYTES = 65_536

export class SecretNotFoundError extends Error {
  override readonly name = 'SecretNotFoundError'
}

export class SecretConflictError extends Error {
  override readonly name = 'SecretConflictError'
}
