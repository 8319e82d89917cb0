import { createHttpHandler, type HttpHandler } from '../http-handler.ts'
import type { ApiPorts } from './ports.ts'
import { API_ROUTES } from './routes.ts'

/** The handler of the `api` function. */
export function createHandler(ports: ApiPorts): HttpHandler {
  return createHttpHandler(API_ROUTES, ports)
}
