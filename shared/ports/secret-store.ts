import type { SecretText } from '../domain/secret-text.ts'
import type { ItemKey, ScanQuery, Write } from './item-store.ts'

/**
 * Secret material in immutable versions. A row's pointer `{secretId, versionId}` is the only way to a value.
 * Adapters: `sealed` (an envelope in the row store) and `secrets-manager`; both pass `test/contract/secret-store.ts`.
 * Failures of the store throw `StoreUnavailableError`.
 */
export interface SecretStore {
  /** What the deployment is called in the names of its secrets. */
  readonly deployment: string
  /**
   * When a staged version is stored. `at-once`: when `stage` answers, so an intent has to stand first.
   * `with-the-row`: by the writes that `stage` answers, in the transaction that moves the row's pointer to it.
   */
  readonly staging: 'at-once' | 'with-the-row'
  /**
   * Stages one immutable version, which nobody points at yet; `versionId` is a UUID. Idempotent by it: the same
   * value again changes nothing, and another never takes its place (at once: `SecretConflictError`; with the row: the
   * transaction that brings it a second time fails). A secret that waits for its deletion takes none (at once:
   * `SecretNotFoundError`; with the row: the transaction fails). Throws `InvariantError` for an empty value or one over
   * `MAX_SECRET_BYTES`. `isNew` says that this is the secret's first version. Wrong, it costs a call at once; with the
   * row the transaction fails.
   */
  stage(
    secretId: string,
    versionId: string,
    value: SecretText,
    options?: { isNew?: boolean },
  ): Promise<StagedVersion>
  /**
   * Exactly that version. Throws `SecretNotFoundError` when it, or the whole secret, is not there, and
   * `SealBrokenError` when it is there and does not open, and `KeyUnavailableError` when its key is away. While a secret waits for its
   * deletion a store may still answer (the sealed one does, to stay at one read): the row is what refuses.
   */
  get(secretId: string, versionId: string): Promise<SecretText>
  /**
   * Makes a secret without a version, for somebody who may stage one and make none. Does nothing when it is there, and
   * where versions are stored with the row, which makes the secret too.
   */
  create(secretId: string): Promise<void>
  /**
   * The writes that discard a version in the transaction which moves the last pointer away from it. None where that
   * is left to `discard`, which is for the caller to call then.
   */
  discarding(secretId: string, versionId: string): readonly Write[]
  /** Says that no row points at this version any more. Stores that age versions out by themselves do nothing. */
  discard(secretId: string, versionId: string): Promise<void>
  /**
   * Marks the secret for removal after `RECOVERY_WINDOW_DAYS`. Does nothing when it is absent or already marked.
   * Secrets Manager removes it by itself; a sealed one stays until `purge`, which `reconcile` calls after the window.
   */
  scheduleDeletion(secretId: string): Promise<void>
  /** Undoes `scheduleDeletion` within the window. Throws `SecretNotFoundError` when it is gone or past the window. */
  restore(secretId: string): Promise<void>
  /** Destroys the secret at once, without recovery. Does nothing when it is absent. */
  purge(secretId: string): Promise<void>
  /** Whether that very version is there, also while its secret waits for its deletion; nothing is opened. */
  has(secretId: string, versionId: string): Promise<boolean>
  /**
   * Every secret of this vault, in no order, without values; for `reconcile`. A page may be empty and not the last.
   * Segments are as those of `ItemStore.scan`.
   */
  list(query: ScanQuery): Promise<SecretPage>
}

export interface StagedVersion {
  readonly versionId: string
  /** What stores the version, for the caller's transaction; none where it is stored already. */
  readonly writes: readonly Write[]
}

export interface SecretPage {
  readonly items: readonly SecretDescription[]
  /**
   * Of stores that keep a version until it is discarded: over all pages, every version there is. Absent where
   * superseded versions go by themselves.
   */
  readonly versions?: readonly SecretVersionDescription[]
  /** What belongs to secrets and cannot be read: nothing is known of it but its key. */
  readonly unreadable?: readonly { readonly key: ItemKey; readonly error: unknown }[]
  /** The store lists in no segments: the first has all. */
  readonly isUnsegmented?: true
  readonly nextToken?: string
}

export interface SecretVersionDescription {
  readonly secretId: string
  readonly versionId: string
  readonly createdAtMs: number
}

export interface SecretDescription {
  readonly secretId: string
  readonly createdAtMs: number
  /** Set while the secret waits for its deletion: when that was asked for, in epoch ms (a stand-in may say when it ends). */
  readonly deletedAtMs?: number
}

/** Secrets Manager keeps at most 65,536 bytes in one secret. */
export const MAX_SECRET_BYTES = 65_536

/** How long a deleted secret can be restored: the shortest window Secrets Manager offers (7 to 30 days). */
export const RECOVERY_WINDOW_DAYS = 7

/** There is no such secret or version, or it waits for its deletion. */
export class SecretNotFoundError extends Error {
  override readonly name = 'SecretNotFoundError'
}

/** A limit of the store is reached, which no waiting lifts: somebody has to do something about it. */
export class SecretLimitError extends Error {
  override readonly name = 'SecretLimitError'
}

/** The version is there already, with another value. */
export class SecretConflictError extends Error {
  override readonly name = 'SecretConflictError'
}

/** A stored value that does not open in its place: moved, damaged or forged. Never retried, never garbage. */
export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError'
}
