import { rowCodec } from './row-codec.ts'

/** A sealed text beside the wrapped data key that opens it; every member but `keyId` is base64. */
export interface Envelope {
  readonly keyId: string
  readonly wrapped: string
  readonly iv: string
  /** The ciphertext with its 16-byte tag at the end. */
  readonly ciphertext: string
}

/** Versions of secrets, as they are stored. */
export const SEALED_VERSION_ROWS = rowCodec<Envelope & { readonly createdAtMs: number }>('sealed version', 1)

/** What is known of a secret beside its versions. */
export const SECRET_META_ROWS = rowCodec<{ readonly createdAtMs: number; readonly deletedAtMs?: number }>(
  'secret',
  1,
)

/** Sealed tokens, as they are stored. */
export const SEALED_GRANT_ROWS = rowCodec<Envelope>('sealed grant', 1)
