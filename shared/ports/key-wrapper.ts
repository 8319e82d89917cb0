import { StoreUnavailableError } from './item-store.ts'

/**
 * What binds a wrapped data key to its place, with exactly one of `secretId` and `part`, so that a policy can tell
 * what a role opens; it is authenticated, not secret, and shows in KMS's audit log.
 */
export type KeyContext =
  | { readonly tenant: string; readonly secretId: string; readonly versionId: string }
  | {
      readonly tenant: string
      readonly owner: string
      readonly part: 'access' | 'refresh'
      readonly mark: string
    }

export interface WrappedKey {
  /** The name of the key that wrapped it, so that keys can be rotated while old wraps stay readable. */
  readonly keyId: string
  /** The wrapped data key, base64. */
  readonly wrapped: string
}

/** Wraps and unwraps 32-byte data keys. Embedded: a key file. AWS: KMS GenerateDataKey and Decrypt. */
export interface KeyWrapper {
  generateDataKey(context: KeyContext): Promise<{ plaintext: Uint8Array; key: WrappedKey }>
  /**
   * Throws `KeyUnavailableError` when the key cannot be used, and `SealBrokenError` when it did not wrap this data
   * key, or not for this context.
   */
  unwrap(key: WrappedKey, context: KeyContext): Promise<Uint8Array>
  /** The same data key wrapped by the active key; the same object when it is already. */
  rewrap(key: WrappedKey, context: KeyContext): Promise<WrappedKey>
}

/**
 * A key cannot be used: it is not there, switched off, or not for this caller. An operator puts that right and nothing
 * is lost by then, so that whoever asked is told to come back, as when a store is away.
 */
export class KeyUnavailableError extends StoreUnavailableError {
  override readonly name: string = 'KeyUnavailableError'

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, 'not-applied', options)
  }
}
