/** What binds a wrapped data key to its place; it is authenticated, not secret, and shows in KMS's audit log. */
export interface KeyContext {
  readonly tenant: string
  readonly secretId: string
  readonly versionId: string
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
  /** Throws `KeyUnavailableError` when the key is unknown, wrong or disabled, or the context differs. */
  unwrap(key: WrappedKey, context: KeyContext): Promise<Uint8Array>
  /** The same data key wrapped by the active key; the same object when it is already. */
  rewrap(key: WrappedKey, context: KeyContext): Promise<WrappedKey>
}

/** The key that sealed a value is not to be had here, or does not open it. Never retried. */
export class KeyUnavailableError extends Error {
  override readonly name = 'KeyUnavailableError'
}
