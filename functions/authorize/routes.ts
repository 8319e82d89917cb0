import type { Route } from '../route.ts'
import type { AuthorizeFunctionPorts } from './ports.ts'
import { finishAuthorizationRoute, receiveFormAnswerRoute } from './routes/finish-authorization.ts'
import { continueAuthorizationRoute, lookAtAuthorizationRoute } from './routes/start-authorization.ts'

/** The routes of the `authorize` function. */
export const AUTHORIZE_ROUTES: readonly Route<AuthorizeFunctionPorts>[] = [
  lookAtAuthorizationRoute,
  continueAuthorizationRoute,
  finishAuthorizationRoute,
  receiveFormAnswerRoute,
]
