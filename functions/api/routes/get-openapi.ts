import * as z from 'zod/mini'
import { defineRoute } from '../../route.ts'
import { errorResponses } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

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
    ...errorResponses(400, 429),
  },
  async handle(_input, ports: ApiPorts) {
    return { status: 200, body: ports.documents.openApi(), headers: { 'cache-control': 'no-cache' } }
  },
})
