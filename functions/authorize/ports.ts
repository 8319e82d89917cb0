import type { Digester } from '../../shared/ports/digester.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { Random } from '../../shared/ports/random.ts'
import type { HttpPorts } from '../http-handler.ts'

/** What an authorization in a browser needs: its state, and whoever speaks to the provider. No secret store. */
export interface AuthorizeFunctionPorts extends HttpPorts {
  readonly items: ItemStore
  readonly digester: Digester
  readonly random: Random
  readonly grants: Pick<GrantRunner, 'authorizationUrl' | 'exchange' | 'noteRefusal'>
  /** Scheme, host and path where browsers reach this vault, without a trailing slash. */
  readonly publicUrl: string
  /** Links lead to the provider at once, for browsers that nobody looks at; they are bound all the same. */
  readonly headless: boolean
}
