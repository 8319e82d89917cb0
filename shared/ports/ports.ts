import type { Actor } from '../domain/change-event.ts'
import type { Clock } from './clock.ts'
import type { Digester } from './digester.ts'
import type { ItemStore } from './item-store.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'
import type { SecretStore } from './secret-store.ts'

/** What every use case reaches the world through. */
export interface Ports {
  readonly items: ItemStore
  readonly secrets: SecretStore
  readonly digester: Digester
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Who asked for what is done, on the way of a request; the vault itself when absent. */
  readonly actor?: Actor | undefined
}
