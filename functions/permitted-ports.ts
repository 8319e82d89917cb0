import { VaultError } from '../shared/domain/errors.ts'
import { isPermitted } from '../shared/domain/permit.ts'
import type { ItemStore } from '../shared/ports/item-store.ts'
import type { Caller } from '../shared/ports/token-verifier.ts'
import type { PermitLookup } from '../shared/use-cases/permits/permit-watch.ts'
import { PermittedItems } from '../shared/use-cases/permits/permitted-items.ts'
import type { Route } from './route.ts'

/** What a client with permits may ask for at all: its connections, what happened to them, and what is nobody's. */
const OPEN_TO_NARROWED =
  /^\/api\/v2\/flows\/vault\/(?:connections|events|connectors|presets|session|authorizations)(?:\/|$)/

/**
 * The ports for this request: for a client with permits the row store shows only what they name, so that every
 * route, of whichever function, obeys them. Throws `insufficient-scope` for what is about the tenant as a whole.
 */
export async function permittedPorts<
  Ports extends { readonly permits: PermitLookup; readonly items?: ItemStore },
>(
  ports: Ports,
  request: { caller: Caller; route: Pick<Route<never>, 'path' | 'method'>; body: unknown },
): Promise<Ports> {
  const { caller, route, body } = request
  const permitted = await ports.permits.find(caller.tenant, caller.clientId)
  if (permitted === undefined || ports.items === undefined) return ports
  if (!OPEN_TO_NARROWED.test(route.path)) {
    throw new VaultError(
      'insufficient-scope',
      'The permits of this client name connections; this is about the tenant as a whole',
    )
  }
  const appId = (body as { app_id?: string }).app_id
  const makes = route.method === 'POST' && route.path.endsWith('/connections')
  if (makes && !isPermitted(permitted, { id: undefined, appId })) {
    throw new VaultError(
      'insufficient-scope',
      `The permits of this client do not name the app ${appId ?? ''}`.trimEnd(),
    )
  }
  return { ...ports, items: new PermittedItems(ports.items, permitted) }
}
