import type { Route } from '../route.ts'
import type { AuthorizeFunctionPorts } from './ports.ts'
import { finishAuthorizationRoute } from './routes/finish-authorization.ts'

/** The routes of the `authorize` function. */
export const AUTHORIZE_ROUTES: readonly Route<AuthorizeFunctionPorts>[] = [finishAuthorizationRoute]
