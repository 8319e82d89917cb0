import type { GrantProfile } from './grant-profile.ts'

/**
 * Which of the two vaults of a move a store is, in its mark: both have the same refresh tokens while the move goes on,
 * and the source has them for ever.
 */
export interface Move {
  readonly side: 'source' | 'target'
  /** The other one, in words for operators. */
  readonly other: string
  readonly startedAtMs: number
  /** Since when it takes no change for certain, and held nothing then; of a target. */
  readonly emptyAtMs?: number
  /** Since when the other one is the vault in service, and this one no more; of a source. */
  readonly goneAtMs?: number
  /** Since when it is not to be put into service any more, and what was brought is removed again; of a target. */
  readonly givenUpAtMs?: number
}

/** Whether the other vault of a move has the say: nothing is renewed in this one, whatever that takes. */
export function isOutOfService({ side, goneAtMs }: Move): boolean {
  return side === 'target' || goneAtMs !== undefined
}

/** What the mark of a restored store holds. */
export interface StoreMark {
  readonly restoredAt: string
  readonly move?: Move
}

/** The code of the failure of a connection that is not renewed for that reason. */
export const STORE_RESTORED = 'store_restored'

/**
 * Whether a restored store may make this request while its original may run: not with a refresh token that may be
 * another one afterwards. What is minted without one, a code that a person has just brought, and a refresh token that
 * stays as it is take nothing from anybody.
 */
export function mayAskBesideOriginal(
  way: { readonly kind: string },
  { refresh }: Pick<GrantProfile, 'refresh'>,
): boolean {
  return way.kind !== 'refresh-token' || refresh.rotation === 'none'
}
