import * as z from 'zod/mini'
import type { CredentialEndInput } from '../../shared/use-cases/connections/set-credential-end.ts'
import { INSTANT_FORMS, instantMs, instantSchema } from './instant-schema.ts'

/** The members of a body that say when a static credential ends; null takes the end away. */
export const credentialEndBody = {
  credential_expires_at: z.optional(z.nullable(instantSchema())),
  enforce_expiry: z.optional(z.boolean()),
}

const bodyObject = z.object(credentialEndBody)

/** The same as the use case takes it. */
export function credentialEndOf(body: z.output<typeof bodyObject>): CredentialEndInput {
  const { credential_expires_at: endsAt, enforce_expiry: enforceExpiry } = body
  return {
    ...(endsAt === undefined ? {} : { credentialExpiresAtMs: endsAt === null ? null : instantMs(endsAt) }),
    ...(enforceExpiry === undefined ? {} : { enforceExpiry }),
  }
}

/** The same for the document. */
export const CREDENTIAL_END_PROPERTIES = {
  credential_expires_at: {
    description:
      'When what people entered ends: an instant, or Unix seconds. Warned of 30, 7 and 1 days ahead; null takes it away.',
    anyOf: [...INSTANT_FORMS, { type: 'null' }],
  },
  enforce_expiry: { type: 'boolean', description: 'True to refuse flows after that.' },
}
