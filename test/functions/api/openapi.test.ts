import * as z from 'zod/mini'
import { errorSchema } from '../../../functions/api/common-schemas.ts'
import { errorExample, exampleOf } from '../../../functions/api/examples.ts'
import { createHandler } from '../../../functions/api/handler.ts'
import { openApiDocument } from '../../../functions/api/openapi.ts'
import { allRoutes } from '../../../functions/route-table.ts'
import { CONNECTORS, findConnector } from '../../../shared/connectors/catalogue.ts'
import { validateSetup } from '../../../shared/connectors/setup-schema.ts'
import { httpFunctionOf } from '../../support/http-function.ts'

const ROUTES = allRoutes().map((route) => [route.name, route] as const)
const document = openApiDocument(allRoutes(), 'https://vault.example.com')

/** An operation, as far as these tests read it. */
interface Operation {
  readonly summary: string
  readonly description?: string
  readonly parameters: readonly { readonly name: string; readonly description?: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>
}

interface Content {
  readonly schema?: object
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}

const operationOf = (route: { path: string; method: string }): Operation =>
  document.paths[route.path]?.[route.method.toLowerCase()] as Operation

describe('openApiDocument', () => {
  test.each(ROUTES)('%s is told in words, with its parameters and scopes', (_name, route) => {
    const { summary, description = '', parameters } = operationOf(route)
    expect(summary).not.toBe('')
    for (const parameter of parameters) expect(parameter.description ?? '').not.toBe('')
    for (const scope of route.scopes ?? []) expect(description).toContain(scope)
  })

  test.each(ROUTES)('%s has an example of its answer, as its schema has it', (name, route) => {
    expect(exampleOf(name)).toBeDefined()
    for (const [status, { schema }] of Object.entries(route.responses)) {
      const json = operationOf(route).responses[status]?.content?.['application/json']
      if (schema === undefined || (Number(status) >= 300 && schema !== errorSchema)) continue
      expect(z.safeParse(schema, json?.example).error).toBeUndefined()
    }
  })

  test.each(ROUTES.filter(([, route]) => route.bodySchema !== undefined))(
    '%s has examples of its body, which it would take',
    (name, route) => {
      const { examples = {} } =
        operationOf(route).requestBody!.content[
          route.bodyType === 'form' ? 'application/x-www-form-urlencoded' : 'application/json'
        ]!
      expect(Object.keys(examples).length).toBeGreaterThan(0)
      for (const { value } of Object.values(examples)) {
        expect(z.safeParse(route.bodySchema!, value).error).toBeUndefined()
        const { app_id, setup } = value as { app_id?: string; setup?: unknown }
        if (setup !== undefined && app_id !== undefined) validateSetup(findConnector(app_id)!, setup)
      }
      expect(exampleOf(name)?.bodies).toBeDefined()
    },
  )

  test('creating has an example for each setup of each app, an empty one, and a service by its name', () => {
    const setups = CONNECTORS.flatMap((connector) => connector.setups)
    expect(Object.keys(exampleOf('create-connection')?.bodies ?? {})).toHaveLength(setups.length + 2)
  })

  test.each([400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503])(
    'shows an error of status %i in its own shape',
    (status) => {
      expect(errorExample(status)).toMatchObject({ statusCode: status, message: expect.any(String) })
    },
  )
})

describe('the documents that a function answers', () => {
  const publicUrl = 'https://vault.example.com/below'
  const api = httpFunctionOf((ports) => createHandler({ ...ports, publicUrl, items: {} } as never), {
    firstRouteKey: 'GET /openapi.json',
  })

  test.each([
    ['GET /openapi.json', { servers: [{ url: publicUrl }] }],
    [
      'GET /asyncapi.json',
      { servers: { vault: { host: 'vault.example.com', protocol: 'https', pathname: '/below' } } },
    ],
  ])('name the public URL, whatever host asks: %s', async (route, servers) => {
    for (const host of ['abc.execute-api.eu-central-1.amazonaws.com', 'evil.example', 'no host: at all'])
      expect((await api.call({ route, headers: { host } })).json).toMatchObject(servers)
  })
})
