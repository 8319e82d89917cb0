import * as z from 'zod/mini'
import { errorFields } from '../../../shared/ports/error-fields.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

const statusSchema = z.object({ status: z.string() })

/** Whether the process answers at all. */
export const getHealthRoute = defineRoute({
  name: 'get-health',
  method: 'GET',
  path: '/healthz',
  function: 'api',
  budget: 'none',
  tag: 'Operations',
  summary: 'Is the process alive?',
  responses: { 200: { description: 'It is.', schema: statusSchema }, ...errorResponses(400) },
  async handle(_input, _ports: ApiPorts) {
    return { status: 200, body: { status: 'ok' } }
  },
})

/** Whether requests can be served: the store opens and the key works. */
export const getReadinessRoute = defineRoute({
  name: 'get-readiness',
  method: 'GET',
  path: '/readyz',
  function: 'api',
  budget: 'none',
  tag: 'Operations',
  summary: 'Can requests be served?',
  responses: {
    200: { description: 'The stores open and the key works.', schema: statusSchema },
    503: { description: 'They do not; the log says why.', schema: statusSchema },
    ...errorResponses(400),
  },
  async handle({ requestId }, ports: ApiPorts) {
    try {
      await ports.checkReady()
      return { status: 200, body: { status: 'ready' } }
    } catch (error) {
      ports.log.error('not ready', {
        request_id: requestId,
        ...errorFields(error),
      })
      return { status: 503, body: { status: 'not ready' }, headers: { 'retry-after': '1' } }
    }
  },
})
