import * as z from 'zod/mini'
import { defineRoute } from '../../route.ts'
import { errorResponses } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** The AsyncAPI document of the events. */
export const getAsyncApiRoute = defineRoute({
  name: 'get-asyncapi',
  method: 'GET',
  path: '/asyncapi.json',
  function: 'api',
  tag: 'Operations',
  summary: 'The AsyncAPI document of the events',
  responses: {
    200: { description: 'AsyncAPI 3.0.', schema: z.looseObject({ asyncapi: z.string() }) },
    ...errorResponses(400, 429),
  },
  async handle(_input, { documents }: ApiPorts) {
    return { status: 200, body: documents.asyncApi(), headers: { 'cache-control': 'no-cache' } }
  },
})
