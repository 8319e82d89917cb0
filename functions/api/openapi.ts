import * as z from 'zod/mini'
import type { HttpMethod, Route, RouteResponse } from '../route.ts'

interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: Readonly<Record<string, unknown>>
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly components: Readonly<Record<string, unknown>>
}

type JsonSchema = Readonly<Record<string, unknown>>

/** The OpenAPI 3.1 document of the routes, made from the very schemas they validate with. */
export function openApiDocument(routes: readonly Route<never>[], origin: string): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    paths[route.path] ??= {}
    paths[route.path]![route.method.toLowerCase() as Lowercase<HttpMethod>] = operationOf(route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Flow Vault',
      version: '2',
      description:
        'Stores the credentials that automation flows use, and hands them out always working. The management routes are wire-compatible with the vault of Auth0 Forms & Flows.',
    },
    servers: [{ url: origin }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'From `POST /oauth/token`.',
        },
      },
    },
  }
}

function operationOf(route: Route<never>): Record<string, unknown> {
  return {
    operationId: route.name,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: describeScopes(route) }),
    tags: [route.tag],
    ...(route.scopes === undefined ? { security: [] } : { security: [{ token: route.scopes }] }),
    parameters: [
      ...parametersOf(route.pathSchema, 'path'),
      ...parametersOf(route.querySchema, 'query'),
      ...parametersOf(route.headerSchema, 'header'),
    ],
    ...(route.bodySchema === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyOptional !== true,
            content: {
              'application/json': {
                schema: route.describeBody?.() ?? jsonSchemaOf(route.bodySchema, 'input'),
              },
            },
          },
        }),
    responses: Object.fromEntries(
      Object.entries(route.responses).map(([status, response]) => [status, responseOf(response)]),
    ),
  }
}

function describeScopes(route: Route<never>): string {
  const scopes =
    route.scopes === undefined
      ? ''
      : `\n\nScope: ${route.scopes.map((scope) => `\`${scope}\``).join(' or ')}.`
  return `${route.description ?? ''}${scopes}`
}

function parametersOf(schema: z.ZodMiniType | undefined, place: 'path' | 'query' | 'header'): unknown[] {
  if (schema === undefined) return []
  const object = jsonSchemaOf(schema, 'input') as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(object.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (object.required?.includes(name) ?? false),
    schema: property,
  }))
}

function responseOf(response: RouteResponse): Record<string, unknown> {
  const headers = {
    'x-request-id': { description: 'Names the request in the log.', schema: { type: 'string' } },
  }
  if (response.schema === undefined && response.contentType === undefined) {
    return { description: response.description, headers }
  }
  const schema = response.schema === undefined ? {} : { schema: jsonSchemaOf(response.schema, 'output') }
  return {
    description: response.description,
    headers,
    content: { [response.contentType ?? 'application/json']: schema },
  }
}

function jsonSchemaOf(schema: z.ZodMiniType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema
  return rest
}
