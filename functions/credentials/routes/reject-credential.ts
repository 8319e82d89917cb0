import * as z from 'zod/mini'
import type { FetchPorts } from '../../../shared/use-cases/fetch/fetch-credential.ts'
import { rejectCredential } from '../../../shared/use-cases/fetch/reject-credential.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../../api/common-schemas.ts'
import type { HttpPorts } from '../../http-handler.ts'
import { defineRoute } from '../../route.ts'
import { flowIdHeader } from '../flow-id-header.ts'

/** A flow's report that the service refused the credential: at most one rotation a version. */
export const rejectCredentialRoute = defineRoute({
  name: 'reject-credential',
  method: 'POST',
  path: '/api/v2/flows/vault/connections/{id}/credentials/rejected',
  function: 'credentials',
  scopes: ['read:flows_vault_credentials'],
  budget: 'complaints',
  tag: 'Credentials',
  summary: 'Report that a credential was refused',
  description:
    'Send the version that the connected service answered 401 to. The answer says whether a newer version is there to fetch, or why there is none.',
  pathSchema: connectionIdPath,
  headerSchema: z.object(flowIdHeader),
  bodySchema: z.strictObject({ credential_version: z.int().check(z.minimum(1)) }),
  responses: {
    200: {
      description: 'What became of the report.',
      schema: z.object({
        connection_id: z.string(),
        credential_version: z.int(),
        renewed: z.boolean(),
        reason: z.optional(z.string()),
      }),
    },
    ...errorResponses(...GUARDED, 404, 409, 413, 415),
  },
  async handle({ path, body, caller }, ports: FetchPorts & HttpPorts) {
    const { row, renewed, reason } = await rejectCredential(ports, {
      tenant: caller.tenant,
      id: path.id,
      credentialVersion: body.credential_version,
    })
    const answer = { connection_id: row.id, credential_version: row.credentialVersion, renewed }
    const { credentialVersion } = row
    return { status: 200, body: reason === undefined ? answer : { ...answer, reason }, credentialVersion }
  },
})
