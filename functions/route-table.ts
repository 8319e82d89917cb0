import { API_ROUTES } from './api/routes.ts'
import { AUTHORIZE_ROUTES } from './authorize/routes.ts'
import { CREDENTIALS_ROUTES } from './credentials/routes.ts'
import type { Route } from './route.ts'

/** Every route of every function: what infrastructure, the embedded server, the document and the tests loop over. */
export function allRoutes(): readonly Route<never>[] {
  return [...API_ROUTES, ...CREDENTIALS_ROUTES, ...AUTHORIZE_ROUTES] as readonly Route<never>[]
}
