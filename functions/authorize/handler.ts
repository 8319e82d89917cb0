import { createHttpHandler, type HttpHandler } from '../http-handler.ts'
import type { AuthorizeFunctionPorts } from './ports.ts'
import { AUTHORIZE_ROUTES } from './routes.ts'

/** The handler of the `authorize` function. */
export function createHandler(ports: AuthorizeFunctionPorts): HttpHandler {
  return createHttpHandler(AUTHORIZE_ROUTES, ports)
}
