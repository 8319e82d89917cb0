import fc from 'fast-check'
import * as z from 'zod'
import { openApiDocument } from '../../functions/api/openapi.ts'
import { allRoutes } from '../../functions/route-table.ts'
import { CONNECTORS } from '../../shared/connectors/catalogue.ts'
import { type FuzzedRequest, type Operation, requestsOf } from '../support/fuzzed-request.ts'
import { CONNECTIONS } from '../support/hostile-client.ts'
import { type Caller, type RunningVault, startRunningVault } from '../support/running-vault.ts'
import type { JsonSchema } from '../support/schema-values.ts'

const CALLER: Caller = { tenant: 'fuzz' }
const UNKNOWN_ID = 'ac_00000000UnknownUnknown'

const DOCUMENT = openApiDocument(allRoutes(), 'http://vault.test') as unknown as {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method,
    path,
    operation: withoutProviders(operation),
  })),
)

/** Asks each operation of the document `runs` times: never a 5xx, and always what the document says. */
export function describeFuzz(options: { runs: number; seed: number }): void {
  let vault: RunningVault
  let ids: string[]

  beforeAll(async () => {
    vault = await startRunningVault()
  })

  beforeEach(async () => {
    ids = [UNKNOWN_ID, ...(await makeThings(vault))]
  })

  afterAll(async () => {
    await vault.stop()
    expect(vault.log().filter((line) => line.includes('"level":"ERROR"'))).toEqual([])
  })

  describe(`with seed ${options.seed}`, () => {
    test.each(OPERATIONS)('$name answers as documented', async ({ method, path, operation }) => {
      const requests = requestsOf({
        method,
        path,
        operation,
        known: { id: fc.nat().map((at) => ids[at % ids.length]!), app_id: fc.constantFrom('HTTP', 'SLACK') },
        leftOut: ['verify'],
      })
      const answersOf = validators(operation)
      await fc.assert(
        fc.asyncProperty(requests, async (request) =>
          expectDocumented(await send(vault, request), answersOf),
        ),
        { numRuns: options.runs, seed: options.seed },
      )
    })
  })
}

/** One of each thing an id can name. */
async function makeThings(vault: RunningVault): Promise<string[]> {
  const make = async (path: string, body: unknown): Promise<string> => {
    const made = await vault.request(CALLER, 'POST', path, body)
    expect(made.status).toBe(201)
    return ((await made.json()) as { id: string }).id
  }
  const bearer = { type: 'BEARER', token: 'fuzz-token-0123456789' }
  const connections = [
    await make(CONNECTIONS, { name: 'empty', app_id: 'HTTP' }),
    await make(CONNECTIONS, { name: 'bearer', app_id: 'HTTP', setup: bearer }),
    await make(CONNECTIONS, { name: 'code', app_id: 'SLACK' }),
    await make(CONNECTIONS, { name: 'deleted', app_id: 'HTTP', setup: bearer }),
  ]
  await vault.request(CALLER, 'DELETE', `${CONNECTIONS}/${connections[3]}`)
  const client = { client_id: 'client', client_secret: 'fuzz-secret-0123456789' }
  const freezes = await (await vault.request(CALLER, 'GET', '/api/v2/flows/vault/freezes')).json()
  for (const { id } of freezes as { id: string }[]) {
    await vault.request(CALLER, 'DELETE', `/api/v2/flows/vault/freezes/${id}`)
  }
  return [
    ...connections,
    await make('/api/v2/flows/vault/oauth-apps', { app_id: 'SLACK', name: 'slack', ...client }),
    await make('/api/v2/flows/vault/freezes', { app_id: 'TELEGRAM', reason: 'fuzz' }),
  ]
}

interface FuzzAnswer {
  readonly status: number
  readonly type: string | null
  readonly text: string
  readonly requestId: string | null
}

async function send(vault: RunningVault, request: FuzzedRequest): Promise<FuzzAnswer> {
  const response = await fetch(`${vault.url}${request.pathAndQuery}`, {
    method: request.method,
    headers: { authorization: `Bearer ${await vault.token(CALLER)}`, ...request.headers },
    ...(request.body === undefined ? {} : { body: request.body }),
    redirect: 'manual',
  })
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: await response.text(),
    requestId: response.headers.get('x-request-id'),
  }
}

/** By status: the content types there may be, and what the body has to be of. */
type Validators = ReadonlyMap<string, ReadonlyMap<string, z.ZodType | undefined>>

function validators(operation: Operation): Validators {
  return new Map(
    Object.entries(operation.responses).map(([status, { content = {} }]) => [
      status,
      new Map(
        Object.entries(content).map(([type, { schema }]) => [
          type,
          schema === undefined
            ? undefined
            : z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]),
        ]),
      ),
    ]),
  )
}

function expectDocumented(answer: FuzzAnswer, documented: Validators): void {
  expect(answer.status).toBeLessThan(500)
  const contents = documented.get(String(answer.status))
  if (contents === undefined) throw new Error(`${answer.status} is not documented: ${answer.text}`)
  expect(answer.requestId).toMatch(/^[0-9a-z]+$/)
  if (contents.size === 0) {
    expect(answer.text).toBe('')
    return
  }
  const type = answer.type?.split(';', 1)[0] ?? ''
  expect([...contents.keys()]).toContain(type)
  const schema = contents.get(type)
  if (schema === undefined) return
  const body: unknown = JSON.parse(answer.text)
  const checked = schema.safeParse(body)
  if (!checked.success) throw new Error(`${answer.text}\n${z.prettifyError(checked.error)}`)
}

/** Setups whose acceptance would call a provider are left out: this suite stays on the machine. */
function withoutProviders(operation: Operation): Operation {
  const schema = operation.requestBody?.content['application/json'].schema
  if (schema === undefined) return operation
  const minted = new Set(
    CONNECTORS.flatMap(({ setups }) => setups.filter(({ grant }) => grant !== undefined)).map(
      ({ type }) => type,
    ),
  )
  const isStatic = (setup: JsonSchema): boolean => !minted.has(String(setup.properties?.['type']?.const))
  const prune = (part: JsonSchema): JsonSchema => {
    const setup = part.properties?.['setup']
    if (setup?.anyOf === undefined) return part
    const left = setup.anyOf.filter(isStatic)
    const { setup: _, ...others } = part.properties!
    return { ...part, properties: left.length === 0 ? others : { ...others, setup: { anyOf: left } } }
  }
  const pruned = schema.oneOf === undefined ? prune(schema) : { oneOf: schema.oneOf.map(prune) }
  return { ...operation, requestBody: { content: { 'application/json': { schema: pruned } } } }
}
