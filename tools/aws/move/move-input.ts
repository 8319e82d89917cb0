import type { Move } from '../../../shared/domain/restored-store.ts'
import type { Clock } from '../../../shared/ports/clock.ts'
import { FilledItems } from './filled-items.ts'
import type { Sides } from './moved-secrets.ts'
import type { MovedVault } from './moved-vault.ts'

/** A move of a whole vault: both sides, the clock, and where its progress is told. */
export interface MoveInput extends Sides {
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>
  say(line: string): void
}

/** A move by the one run that fills the target. */
export interface Filling extends MoveInput {
  readonly target: MovedVault & { readonly items: FilledItems }
}

/** The move by the run that marked the target so. */
export function filledBy(input: MoveInput, move: Move): Filling {
  const { target } = input
  return { ...input, target: { ...target, items: new FilledItems(target.items, move, target.name) } }
}
