import * as z from 'zod/mini'
import { VaultError } from '../../../shared/domain/errors.ts'
import { findAuthorization } from '../../../shared/use-cases/authorize/authorization.ts'
import { endAsTold } from '../../../shared/use-cases/authorize/authorization-end.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import { accountSchema } from '../connection-view.ts'
import type { ApiPorts } from '../ports.ts'

const OUTCOMES = [
  'waiting',
  'granted',
  'denied',
  'expired',
  'fewer_scopes',
  'other_account',
  'failed',
] as const

/** How an authorization in a browser stands, for an hour after its link ended. */
export const getAuthorizationRoute = defineRoute({
  name: 'get-authorization',
  method: 'GET',
  path: '/api/v2/flows/vault/authorizations/{id}',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Authorization',
  summary: 'See how an authorization stands',
  description:
    'What the person in the browser was told. `waiting` until the provider has answered, the link has ended, or the connection is gone.',
  pathSchema: connectionIdPath,
  responses: {
    200: {
      description: 'The outcome, in one word and in a sentence.',
      schema: z.object({
        id: z.string(),
        connection_id: z.string(),
        outcome: z.enum(OUTCOMES),
        message: z.optional(z.string()),
        error_code: z.optional(z.string()),
        account: z.optional(accountSchema),
        expires_at: z.string(),
      }),
    },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    const authorization = await findAuthorization(ports, path.id)
    if (authorization === undefined || authorization.tenant !== caller.tenant) {
      throw new VaultError('not-found', 'Authorization not found')
    }
    const end = await endAsTold(ports, authorization, ports.clock.nowMs())
    return {
      status: 200,
      body: {
        id: authorization.id,
        connection_id: authorization.connectionId,
        outcome: end?.outcome ?? 'waiting',
        ...(end === undefined ? {} : { message: end.words }),
        ...(end?.code === undefined ? {} : { error_code: end.code }),
        ...(end?.account === undefined ? {} : { account: end.account }),
        expires_at: new Date(authorization.expiresAtMs).toISOString(),
      },
    }
  },
})
