import * as z from 'zod/mini'
import { FLOW_ID } from '../../shared/domain/ids.ts'
import type { ConnectionFlow } from '../../shared/rows/flow-row.ts'
import { connectionIdPath } from './common-schemas.ts'

/** A connection and one of its flows, in a path; a flow's id is its platform's own. */
export const flowPath = z.extend(connectionIdPath, {
  flow_id: z.string().check(z.regex(FLOW_ID)),
})

/** A flow as it is shown. */
export const flowSchema = z.object({
  id: z.string(),
  name: z.string(),
  action: z.nullable(z.string()),
  url: z.nullable(z.string()),
  updated_at: z.string(),
  updated_by: z.string(),
})

/** The flow for an answer. */
export function flowView(flow: ConnectionFlow): z.output<typeof flowSchema> {
  return {
    id: flow.id,
    name: flow.name,
    action: flow.action ?? null,
    url: flow.url ?? null,
    updated_at: new Date(flow.updatedAtMs).toISOString(),
    updated_by: flow.updatedBy,
  }
}
