import { createHttpHandler, type HttpHandler } from '../http-handler.ts'
import type { CredentialsPorts } from './ports.ts'
import { CREDENTIALS_ROUTES } from './routes.ts'

/** The handler of the `credentials` function. */
export function createHandler(ports: CredentialsPorts): HttpHandler {
  return createHttpHandler(CREDENTIALS_ROUTES, ports)
}
