import * as z from 'zod/mini'
import {
  DEFAULT_MIN_TTL_SECONDS,
  fetchCredential,
  MAX_MIN_TTL_SECONDS,
} from '../../../shared/use-cases/fetch/fetch-credential.ts'
import { connectionIdPath, errorResponses, GUARDED, queryInteger } from '../../api/common-schemas.ts'
import { FETCH_ROUTE } from '../../measured-request.ts'
import { defineRoute } from '../../route.ts'
import { flowIdHeader } from '../flow-id-header.ts'
import type { CredentialsPorts } from '../ports.ts'

const values = () => z.record(z.string(), z.string())

/** What a flow lays over its outgoing call, and the same in named parts. */
const credentialSchema = z.object({
  connection_id: z.string(),
  app_id: z.string(),
  credential_version: z.int(),
  expires_at: z.nullable(z.string()),
  usable_for_seconds: z.nullable(z.int()),
  request: z.object({
    headers: values(),
    query: values(),
    base_url: z.optional(z.string()),
    url: z.optional(z.string()),
  }),
  fields: values(),
})

/** Hands a flow the credential, good for as long as it asks. */
export const fetchCredentialRoute = defineRoute({
  name: FETCH_ROUTE,
  method: 'GET',
  path: '/api/v2/flows/vault/connections/{id}/credentials',
  function: 'credentials',
  scopes: ['read:flows_vault_credentials'],
  budget: 'fetches',
  tag: 'Credentials',
  summary: 'Fetch the credential a flow sends',
  description:
    '`request` lays over an outgoing call, `fields` are the named parts for SDKs. Never a refresh token, never a client secret. `If-None-Match` with the tag of a version still good answers 304.',
  pathSchema: connectionIdPath,
  querySchema: z.strictObject({
    min_ttl: z.optional(queryInteger({ minimum: 0, maximum: MAX_MIN_TTL_SECONDS })),
  }),
  headerSchema: z.object({
    'if-none-match': z.optional(z.string().check(z.maxLength(500))),
    ...flowIdHeader,
  }),
  responses: {
    200: { description: 'The credential.', schema: credentialSchema },
    304: { description: 'The version you have is still good.' },
    ...errorResponses(...GUARDED, 404, 409),
  },
  async handle({ path, query, headers, caller }, ports: CredentialsPorts) {
    const fetched = await fetchCredential(ports, {
      tenant: caller.tenant,
      id: path.id,
      minTtlSeconds: query.min_ttl ?? DEFAULT_MIN_TTL_SECONDS,
      ifNoneMatch: headers['if-none-match'],
    })
    const { tenant, clientId: client } = caller
    ports.usage.note({ tenant, connectionId: path.id, client, flow: headers['x-flow-id'] })
    // Where no timer runs between two requests, the one that finds the minute over writes it down.
    if (ports.usage.isDue) await ports.usage.flush()
    const { credentialVersion, etag } = fetched
    if (fetched.kind === 'not-modified') return { status: 304, headers: { etag }, credentialVersion }
    return { status: 200, body: fetched.body.reveal(), headers: { etag }, credentialVersion }
  },
})
