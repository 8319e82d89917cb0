import type { ApiTarget } from '../support/api-target.ts'
import { newTenant } from '../support/api-target.ts'
import type { AuthorizationServer } from '../support/authorization-server.ts'
import { type GrantCalls, grantCalls } from '../support/grant-calls.ts'
import { authorizingSuite } from './authorizing-suite.ts'
import { endingSuite } from './ending-suite.ts'
import { mintingSuite } from './minting-suite.ts'

/** A vault that may call the authorization server beside it. */
export interface GrantsPlace extends Omit<ApiTarget, 'close'> {
  readonly provider: AuthorizationServer
  /** Where browsers reach the vault: what providers send them back to. */
  readonly publicUrl: string
}

/**
 * Grants from their first day to their last against a real authorization server, by any running vault: minted,
 * authorized in a browser, renewed, revoked and frozen. `place` is asked once, before the first test; the suite works
 * in a tenant of its own.
 */
export function grantsSuite(name: string, place: () => GrantsPlace): void {
  describe(name, () => {
    const newWorld = (): GrantCalls => {
      const { token, ...target } = place()
      const tokens = new Map<string, Promise<string>>()
      return grantCalls({
        ...target,
        tenant: newTenant(),
        token: (tenant) => {
          const known = tokens.get(tenant) ?? token(tenant)
          tokens.set(tenant, known)
          return known
        },
      })
    }
    let world: GrantCalls
    beforeAll(() => {
      world = newWorld()
    })

    mintingSuite(() => world)
    authorizingSuite(
      () => world,
      () => place().publicUrl,
    )
    endingSuite(() => world, newWorld)
  })
}
