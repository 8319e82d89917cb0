import { RestoredMark } from '../../shared/use-cases/grants/restored-mark.ts'
import { createHttpHandler, type HttpHandler } from '../http-handler.ts'
import { allRoutes } from '../route-table.ts'
import { openApiDocument } from './openapi.ts'
import type { ApiPorts } from './ports.ts'
import { refusedWhileMoved } from './refused-while-moved.ts'
import { API_ROUTES } from './routes.ts'

/** The handler of the `api` function. */
export function createHandler(wired: Omit<ApiPorts, 'document'>): HttpHandler {
  // Made once: it takes tens of milliseconds, and anybody may ask for it.
  let document: ReturnType<typeof openApiDocument> | undefined
  const ports: ApiPorts = {
    ...wired,
    document: () => {
      document ??= openApiDocument(allRoutes(), wired.publicUrl)
      return document
    },
  }
  return createHttpHandler(refusedWhileMoved(API_ROUTES, new RestoredMark(wired.items, wired.clock)), ports)
}
