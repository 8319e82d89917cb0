import type { Digester } from '../../shared/ports/digester.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { HttpPorts } from '../http-handler.ts'

/** What the callback needs: to consume a state, and to have the code exchanged. No secret store. */
export interface AuthorizeFunctionPorts extends HttpPorts {
  readonly items: ItemStore
  readonly digester: Digester
  readonly grants: Pick<GrantRunner, 'exchange'>
}
