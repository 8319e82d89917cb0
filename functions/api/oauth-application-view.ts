import * as z from 'zod/mini'
import type { OauthApplication } from '../../shared/rows/application-row.ts'
import { callbackUrlOf } from '../../shared/use-cases/authorize/start-authorization.ts'
import {
  isReadyApplication,
  triedPrevious,
} from '../../shared/use-cases/oauth-applications/oauth-application.ts'
import { trimmedNote } from './connection-notes.ts'
import type { ApiPorts } from './ports.ts'

/** An OAuth application as it is shown: its client secret never is. */
export const oauthApplicationSchema = z.object({
  id: z.string(),
  app_id: z.string(),
  name: z.string(),
  client_id: z.nullable(z.string()),
  /** Of any provider: what its connections share, but for what is secret. */
  setup: z.optional(z.record(z.string(), z.unknown())),
  ready: z.boolean(),
  is_default: z.boolean(),
  callback_url: z.string(),
  /** Until when the client secret before the newest is tried where the provider refuses that. */
  previous_secret_until: z.nullable(z.string()),
  created_at: z.string(),
  updated_at: z.string(),
  /** Of what was sent just now, and only in the answer to that. */
  notes: z.optional(z.array(z.object({ code: z.string(), message: z.string() }))),
})

/** With the callback URL to register at the provider, and what was left out of the fields that were sent. */
export function oauthApplicationView(
  application: OauthApplication,
  { clock, publicUrl }: Pick<ApiPorts, 'clock' | 'publicUrl'>,
  trimmed: readonly string[] = [],
): z.output<typeof oauthApplicationSchema> {
  const previous = triedPrevious(application, clock.nowMs())
  return {
    id: application.id,
    app_id: application.appId,
    name: application.name,
    client_id: application.clientId ?? null,
    ...(application.setup === undefined ? {} : { setup: application.setup }),
    ready: isReadyApplication(application),
    is_default: application.isDefault,
    callback_url: callbackUrlOf(publicUrl, application.id),
    previous_secret_until: previous === undefined ? null : new Date(previous.untilMs).toISOString(),
    created_at: new Date(application.createdAtMs).toISOString(),
    updated_at: new Date(application.updatedAtMs).toISOString(),
    ...(trimmed.length === 0 ? {} : { notes: [trimmedNote(trimmed, 'the client')] }),
  }
}
