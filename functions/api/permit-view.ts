import * as z from 'zod/mini'
import type { Permit } from '../../shared/domain/permit.ts'

/** A permit as it is shown. */
export const permitSchema = z.object({
  id: z.string(),
  client: z.string(),
  connections: z.nullable(z.array(z.string())),
  apps: z.nullable(z.array(z.string())),
  until: z.nullable(z.string()),
  created_at: z.string(),
  created_by: z.string(),
})

/** The permit for an answer. */
export function permitView(permit: Permit): z.output<typeof permitSchema> {
  return {
    id: permit.id,
    client: permit.client,
    connections: permit.connections === undefined ? null : [...permit.connections],
    apps: permit.apps === undefined ? null : [...permit.apps],
    until: permit.untilMs === undefined ? null : new Date(permit.untilMs).toISOString(),
    created_at: new Date(permit.createdAtMs).toISOString(),
    created_by: permit.createdBy,
  }
}
