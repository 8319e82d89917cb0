import { openApiDocument } from '../../functions/api/openapi.ts'
import { allRoutes } from '../../functions/route-table.ts'
import { CONNECTORS } from '../../shared/connectors/catalogue.ts'
import type { Operation } from './fuzzed-request.ts'
import type { JsonSchema } from './schema-values.ts'

/** An OpenAPI document, as far as tests read it. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/**
 * The vault's document without what would have it call a provider: setups that a provider mints a credential from,
 * and the wish to verify. Whoever fuzzes by it stays on this machine.
 */
export function offlineDocument(origin: string): ApiDocument {
  const document = openApiDocument(allRoutes(), origin) as unknown as ApiDocument
  const paths = Object.entries(document.paths).map(([path, methods]) => [
    path,
    Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, offline(operation)])),
  ])
  return { ...document, paths: Object.fromEntries(paths) }
}

function offline(operation: Operation): Operation {
  const parameters = operation.parameters.filter(({ name }) => name !== 'verify')
  const body = operation.requestBody
  const schema = body?.content['application/json']?.schema
  if (schema === undefined) return { ...operation, parameters }
  const pruned = schema.oneOf === undefined ? prune(schema) : { ...schema, oneOf: schema.oneOf.map(prune) }
  const requestBody = { ...body, content: { 'application/json': { schema: pruned } } }
  return { ...operation, parameters, requestBody }
}

function prune(schema: JsonSchema): JsonSchema {
  const setup = schema.properties?.['setup']
  if (setup?.anyOf === undefined) return schema
  const left = setup.anyOf.filter((each) => !MINTED.has(String(each.properties?.['type']?.const)))
  const { setup: _, ...others } = schema.properties!
  return { ...schema, properties: left.length === 0 ? others : { ...others, setup: { anyOf: left } } }
}

const MINTED = new Set(
  CONNECTORS.flatMap(({ setups }) => setups.filter(({ grant }) => grant !== undefined)).map(
    ({ type }) => type,
  ),
)
