import { createHttpHandler, type HttpHandler } from '../http-handler.ts'
import type { AuthorizeFunctionPorts } from './ports.ts'
import { AUTHORIZE_ROUTES } from './routes.ts'

/** The handler of the `authorize` function. Browsers navigate to its pages; no page of another origin reads them. */
export function createHandler(ports: AuthorizeFunctionPorts): HttpHandler {
  return createHttpHandler(AUTHORIZE_ROUTES, { ...ports, corsOrigins: [] })
}
