import type { SecretText } from '../domain/secret-text.ts'
import type { Write } from './item-store.ts'

/** Where a sealed token lies: whose it is, which part of a grant, and the mark that no other ever had. */
export interface SealedPlace {
  readonly tenant: string
  readonly ownerId: string
  readonly part: 'access' | 'refresh'
  readonly mark: string
}

/**
 * Seals what providers mint, as items beside the row that names them by their marks. They are immutable: a new token
 * is a new item under a new mark, written in the transaction that moves the row's pointer.
 */
export interface GrantSealer {
  /**
   * A place with its data key in hand: what is sealed into it, once, needs no further call, so that nothing but the
   * transaction stands between a provider's answer and its keeping. Throws what the key wrapper throws.
   */
  prepare(place: SealedPlace): Promise<(text: SecretText) => Write>
  /**
   * The text sealed in this very place. Throws `SecretNotFoundError` when nothing is there, `SealBrokenError` when it
   * was sealed elsewhere or is damaged, and `KeyUnavailableError` when its key is away.
   */
  open(place: SealedPlace): Promise<SecretText>
  /** Whether a replaced item goes in the transaction that replaces it; else right after it, at half the price. */
  readonly removesAtOnce: boolean
}
