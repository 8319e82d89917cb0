import fc from 'fast-check'
import * as z from 'zod'
import { type FuzzedRequest, type Operation, requestsOf } from '../support/fuzzed-request.ts'
import { CONNECTIONS } from '../support/hostile-client.ts'
import { offlineDocument } from '../support/offline-document.ts'
import { type Caller, type RunningVault, startRunningVault } from '../support/running-vault.ts'

const UNKNOWN_ID = 'ac_00000000UnknownUnknown'

const OPERATIONS = Object.entries(offlineDocument('http://vault.test').paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method,
    path,
    operation,
  })),
)

/** Asks each operation of the document `runs` times: never a 5xx, and always what the document says. */
export function describeFuzz(options: { runs: number; seed: number }): void {
  let vault: RunningVault
  let tenants = 0

  beforeAll(async () => {
    vault = await startRunningVault()
  })

  afterAll(async () => {
    await vault.stop()
    expect(vault.log().filter((line) => line.includes('"level":"ERROR"'))).toEqual([])
  })

  describe(`with seed ${options.seed}`, () => {
    test.each(OPERATIONS)('$name answers as documented', async ({ method, path, operation }) => {
      // A tenant of its own: what one operation made must not fill the next one's lists to their limits.
      const caller: Caller = { tenant: `fuzz-${++tenants}` }
      const ids = [UNKNOWN_ID, ...(await makeThings(vault, caller))]
      const requests = requestsOf({
        method,
        path,
        operation,
        known: { id: fc.nat().map((at) => ids[at % ids.length]!), app_id: fc.constantFrom('HTTP', 'SLACK') },
      })
      const answersOf = validators(operation)
      await fc.assert(
        fc.asyncProperty(requests, async (request) =>
          expectDocumented(await send(vault, caller, request), answersOf),
        ),
        { numRuns: options.runs, seed: options.seed },
      )
    })
  })
}

/** One of each thing an id can name. */
async function makeThings(vault: RunningVault, caller: Caller): Promise<string[]> {
  const make = async (path: string, body: unknown): Promise<string> => {
    const made = await vault.request(caller, 'POST', path, body)
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
  await vault.request(caller, 'DELETE', `${CONNECTIONS}/${connections[3]}`)
  const client = { client_id: 'client', client_secret: 'fuzz-secret-0123456789' }
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

async function send(vault: RunningVault, caller: Caller, request: FuzzedRequest): Promise<FuzzAnswer> {
  const response = await fetch(`${vault.url}${request.pathAndQuery}`, {
    method: request.method,
    headers: { authorization: `Bearer ${await vault.token(caller)}`, ...request.headers },
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
