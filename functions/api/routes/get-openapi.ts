import * as z from 'zod/mini'
import { defineRoute } from '../../route.ts'
import { allRoutes } from '../../route-table.ts'
import { errorResponses } from '../common-schemas.ts'
import { openApiDocument } from '../openapi.ts'
import type { ApiPorts } from '../ports.ts'

/** Made once: it takes tens of milliseconds, and anybody may ask for it. */
let document: ReturnType<typeof openApiDocument> | undefined

/** The OpenAPI document of everything the vault answers. */
export const getOpenApiRoute = defineRoute({
  name: 'get-openapi',
  method: 'GET',
  path: '/openapi.json',
  function: 'api',
  tag: 'Operations',
  summary: 'The OpenAPI document',
  responses: {
    200: { description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) },
    ...errorResponses(400),
  },
  async handle({ origin }, _ports: ApiPorts) {
    document ??= openApiDocument(allRoutes(), origin)
    return {
      status: 200,
      body: { ...document, servers: [{ url: origin }] },
      headers: { 'cache-control': 'no-cache' },
    }
  },
})
