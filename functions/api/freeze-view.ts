import * as z from 'zod/mini'
import type { Freeze } from '../../shared/domain/freeze.ts'
import { personSchema, personView } from './person-view.ts'

/** A freeze as it is shown, with the progress of its job. */
export const freezeSchema = z.object({
  id: z.string(),
  app_id: z.nullable(z.string()),
  connection_id: z.nullable(z.string()),
  reason: z.string(),
  revoke: z.boolean(),
  created_at: z.string(),
  created_by: z.nullable(personSchema),
  progress: z.object({
    state: z.enum(['running', 'done']),
    connections: z.int(),
    revoked: z.int(),
    failed: z.array(z.string()),
    must_authorize_again: z.array(z.string()),
    not_revocable: z.array(z.string()),
  }),
})

/** A stored freeze as `freezeSchema` has it. */
export function freezeView(freeze: Freeze): z.output<typeof freezeSchema> {
  const { job } = freeze
  return {
    id: freeze.id,
    app_id: freeze.appId ?? null,
    connection_id: freeze.connectionId ?? null,
    reason: freeze.reason,
    revoke: freeze.revoke,
    created_at: new Date(freeze.createdAtMs).toISOString(),
    created_by: personView(freeze.createdBy),
    progress: {
      state: job.state,
      connections: job.seen,
      revoked: job.revoked,
      failed: [...job.failed],
      must_authorize_again: [...job.reauthorize],
      not_revocable: [...job.notRevocable],
    },
  }
}
