import { RestoredMark } from '../../shared/use-cases/grants/restored-mark.ts'
import { createHttpHandler, type HttpHandler } from '../http-handler.ts'
import { allRoutes } from '../route-table.ts'
import { asyncApiDocument } from './asyncapi.ts'
import { openApiDocument } from './openapi.ts'
import type { ApiPorts } from './ports.ts'
import { refusedWhileMoved } from './refused-while-moved.ts'
import { API_ROUTES } from './routes.ts'

/** The handler of the `api` function. */
export function createHandler(wired: Omit<ApiPorts, 'documents'>): HttpHandler {
  const { publicUrl } = wired
  // Made once: it takes tens of milliseconds, and anybody may ask for them.
  const documents = {
    openApi: once(() => JSON.stringify(openApiDocument(allRoutes(), publicUrl))),
    asyncApi: once(() => JSON.stringify(asyncApiDocument(publicUrl))),
  }
  const ports: ApiPorts = { ...wired, documents }
  return createHttpHandler(refusedWhileMoved(API_ROUTES, new RestoredMark(wired.items, wired.clock)), ports)
}

function once(make: () => string): () => string {
  let made: string | undefined
  return () => {
    made ??= make()
    return made
  }
}
