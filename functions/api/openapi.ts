import * as z from 'zod/mini'
import type { HttpMethod, Route, RouteResponse } from '../route.ts'
import { errorSchema } from './common-schemas.ts'
import { errorExample, exampleOf } from './examples.ts'
import { PARAMETER_WORDS } from './parameter-words.ts'
import type { RouteExample } from './route-example.ts'

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
      headers: HEADERS,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'From `POST /oauth/token` of the built-in issuer (`grant_type=client_credentials`, `client_id`, `client_secret`; a form or JSON), or from the issuer the vault was told of.',
        },
      },
    },
  }
}

/** What answers carry beside their bodies. */
const HEADERS = {
  'x-request-id': { description: 'Names the request in the log.', schema: { type: 'string' } },
  'x-ratelimit-limit': { description: 'Requests a second.', schema: { type: 'integer' } },
  'x-ratelimit-remaining': { description: 'Those that are left now.', schema: { type: 'integer' } },
  'x-ratelimit-reset': { description: 'When all are back, in Unix seconds.', schema: { type: 'integer' } },
  'retry-after': { description: 'Seconds to wait before the next try.', schema: { type: 'integer' } },
}
const ON_EVERY_ANSWER = ['x-request-id', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']
const SAY_WHEN_TO_RETRY = ['429', '503']

function operationOf(route: Route<never>): Record<string, unknown> {
  const example = exampleOf(route.name) ?? {}
  return {
    operationId: route.name,
    summary: route.summary,
    ...descriptionOf(route),
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
              [route.bodyType === 'form' ? 'application/x-www-form-urlencoded' : 'application/json']: {
                schema: route.describeBody?.() ?? jsonSchemaOf(route.bodySchema, 'input'),
                ...(example.bodies === undefined ? {} : { examples: named(example.bodies) }),
              },
            },
          },
        }),
    responses: Object.fromEntries(
      Object.entries(route.responses).map(([status, response]) => [
        status,
        responseOf(status, response, example),
      ]),
    ),
  }
}

/** With the scopes in words: the bearer scheme has no place for them that readers of the document show. */
function descriptionOf(route: Route<never>): { description?: string } {
  const scopes = route.scopes?.map((scope) => `\`${scope}\``).join(' or ')
  const parts = [route.description, scopes === undefined ? undefined : `Scope: ${scopes}.`]
  const description = parts.filter((part) => part !== undefined).join('\n\n')
  return description === '' ? {} : { description }
}

function named(values: Readonly<Record<string, unknown>>): Record<string, { value: unknown }> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]))
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
    ...(PARAMETER_WORDS[name] === undefined ? {} : { description: PARAMETER_WORDS[name] }),
    required: place === 'path' || (object.required?.includes(name) ?? false),
    schema: property,
  }))
}

function responseOf(
  status: string,
  response: RouteResponse,
  { answer }: RouteExample,
): Record<string, unknown> {
  const names = [...ON_EVERY_ANSWER, ...(SAY_WHEN_TO_RETRY.includes(status) ? ['retry-after'] : [])]
  const headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
  if (response.schema === undefined && response.contentType === undefined) {
    return { description: response.description, headers }
  }
  const schema = response.schema === undefined ? {} : { schema: jsonSchemaOf(response.schema, 'output') }
  const example = exampleFor(Number(status), response, answer)
  const shown = example === undefined ? {} : { example }
  return {
    description: response.description,
    headers,
    content: { [response.contentType ?? 'application/json']: { ...schema, ...shown } },
  }
}

function exampleFor(status: number, { example, schema }: RouteResponse, answer: unknown): unknown {
  if (schema === undefined || example !== undefined) return example
  if (schema === errorSchema) return errorExample(status)
  return status < 300 ? answer : undefined
}

function jsonSchemaOf(schema: z.ZodMiniType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema
  return rest
}
