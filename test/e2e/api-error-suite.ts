import { Management, ManagementError } from 'auth0'
import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { type ApiTarget, call, newTenant, sdkConnections } from '../support/api-target.ts'

type Connections = ReturnType<typeof sdkConnections>

const UNKNOWN_ID = 'ac_0000000000000000000000'
const NOT_FOUND = { statusCode: 404, error: 'Not Found', message: 'Connection not found' }

/** What each operation needs, and how the official client calls it. */
const OPERATIONS: readonly [
  name: string,
  scope: string,
  run: (to: Connections, id: string) => Promise<unknown>,
][] = [
  ['list', 'read:flows_vault_connections', (to) => to.list()],
  ['get', 'read:flows_vault_connections', (to, id) => to.get(id)],
  ['create', 'create:flows_vault_connections', (to) => to.create({ name: 'x', app_id: 'HTTP' })],
  ['update', 'update:flows_vault_connections', (to, id) => to.update(id, { name: 'x' })],
  ['delete', 'delete:flows_vault_connections', (to, id) => to.delete(id)],
]

/** Every refusal of the management API: its class in the official client, and its body. */
export function apiErrorSuite(open: () => ApiTarget): void {
  describe('errors', () => {
    const tenant = newTenant()
    let token: string
    let connections: Connections
    let id: string

    beforeAll(async () => {
      token = await open().token(tenant)
      connections = sdkConnections(open(), token)
      id = (await connections.create({ name: 'target', app_id: 'HTTP' })).id
    })

    test.each(OPERATIONS)('%s without a valid token is an UnauthorizedError', async (_name, _scope, run) => {
      for (const bad of ['not-a-jwt', `${token.slice(0, -6)}AAAAAA`, '']) {
        const error = await failureOf(run(sdkConnections(open(), bad), id))
        expect(error).toBeInstanceOf(Management.UnauthorizedError)
        expect(error.body).toEqual({ statusCode: 401, error: 'Unauthorized', message: 'Invalid token' })
      }
    })

    test.each(OPERATIONS)(
      '%s without its scope is a ForbiddenError that names it',
      async (_name, scope, run) => {
        const others = ALL_SCOPES.filter((other) => other !== scope)
        const error = await failureOf(run(sdkConnections(open(), await open().token(tenant, others)), id))
        expect(error).toBeInstanceOf(Management.ForbiddenError)
        expect(error.body).toEqual({
          statusCode: 403,
          error: 'Forbidden',
          message: `Insufficient scope, expected any of: ${scope}`,
          errorCode: 'insufficient_scope',
        })
      },
    )

    test.each(OPERATIONS.slice(1).filter(([name]) => name !== 'create'))(
      '%s of an unknown or a foreign connection is the same 404',
      async (_name, _scope, run) => {
        const foreign = sdkConnections(open(), await open().token(newTenant()))
        for (const [as, wanted] of [
          [connections, UNKNOWN_ID],
          [foreign, id],
          [connections, 'x'],
        ] as const) {
          const error = await failureOf(run(as, wanted))
          expect(error).toMatchObject({ statusCode: 404 })
          expect(error.body).toEqual(NOT_FOUND)
        }
        expect(await connections.get(id)).toMatchObject({ name: 'target' })
      },
    )

    test.each(OPERATIONS.slice(1).filter(([name]) => name !== 'create'))(
      '%s with an id of 31 characters is refused with invalid_uri',
      async (_name, _scope, run) => {
        const error = await failureOf(run(connections, 'a'.repeat(31)))
        expect(error).toBeInstanceOf(Management.BadRequestError)
        expect(error.body).toMatchObject({ statusCode: 400, error: 'Bad Request', errorCode: 'invalid_uri' })
      },
    )

    test.each([
      [{ app_id: 'HTTP' }, 'Missing required property: name'],
      [{ name: 'x' }, 'Missing required property: app_id'],
      [{ name: 'x', app_id: 'HTTP', extra: 1 }, 'Additional properties not allowed: extra'],
      [{ name: 'x', app_id: 'HTTP', status: 'ready' }, 'Additional properties not allowed: status'],
      [{ name: '', app_id: 'HTTP' }, 'String is too short (0 chars), minimum 1'],
      [{ name: 'n'.repeat(151), app_id: 'HTTP' }, 'String is too long (151 chars), maximum 150'],
      [{ name: 1, app_id: 'HTTP' }, 'Expected type string but found type integer'],
      [{ name: 'x', app_id: 'NOPE' }, 'No enum match for: NOPE'],
      [{ name: 'x', app_id: 'HTTP', setup: [] }, 'Expected type object but found type array'],
      [{ name: 'x', app_id: 'HTTP', setup: null }, 'Expected type object but found type null'],
      [{ name: 'x', app_id: 'HTTP', setup: { type: 'BEARER' } }, 'Missing required property: token'],
      [
        { name: 'x', app_id: 'SLACK', setup: { type: 'WEBHOOK', url: 'https://hooks.slack.com/x', more: 1 } },
        'Additional properties not allowed: more',
      ],
      [[], 'Expected type object but found type array'],
    ])('create with %j is refused with invalid_body, and stores nothing', async (body, reason) => {
      const before = await total()
      const error = await failureOf(connections.create(body as never))
      expect(error).toBeInstanceOf(Management.BadRequestError)
      expect(error.body).toMatchObject({ statusCode: 400, error: 'Bad Request', errorCode: 'invalid_body' })
      expect((error.body as { message: string }).message).toMatch(reasonPattern(reason))
      expect(await total()).toBe(before)
    })

    test.each([
      [{ app_id: 'SLACK' }, 'Additional properties not allowed: app_id'],
      [{ name: null }, 'Expected type string but found type null'],
      [
        { setup: { type: 'WEBHOOK', url: 'https://hooks.slack.com/x' } },
        "Data does not match any schemas from 'oneOf'",
      ],
      [{ setup: {} }, 'Missing required property: type'],
    ])('update with %j is refused with invalid_body, and changes nothing', async (body, reason) => {
      const before = await connections.get(id)
      const error = await failureOf(connections.update(id, body as never))
      expect(error).toBeInstanceOf(Management.BadRequestError)
      expect((error.body as { message: string }).message).toMatch(reasonPattern(reason))
      expect(await connections.get(id)).toEqual(before)
    })

    test('an update against an old version is a 412 with the current tag', async () => {
      const old = { headers: { 'if-match': '"v0"' } }
      const error = await failureOf(connections.update(id, { name: 'lost' }, old))
      expect(error).toMatchObject({ statusCode: 412 })
      expect(error.body).toMatchObject({ error: 'Precondition Failed', errorCode: 'precondition_failed' })
      expect(error.rawResponse?.headers.get('etag')).toBe('"v1"')
      expect(await connections.get(id)).toMatchObject({ name: 'target' })
    })

    test('a credential of an empty connection is a 409 that says so', async () => {
      const { status, body } = await call(open(), token, {
        method: 'GET',
        path: `/connections/${id}/credentials`,
      })
      expect(status).toBe(409)
      expect(body).toMatchObject({ statusCode: 409, error: 'Conflict', errorCode: 'connection_empty' })
    })

    test('an Idempotency-Key with another body is a 422', async () => {
      const key = { headers: { 'idempotency-key': 'errors-1' } }
      await connections.create({ name: 'one', app_id: 'JWT' }, key)
      const error = await failureOf(connections.create({ name: 'two', app_id: 'JWT' }, key))
      expect(error).toMatchObject({ statusCode: 422 })
      expect(error.body).toMatchObject({ errorCode: 'idempotency_mismatch' })
    })

    test('a path or method that is not there is a plain 404', async () => {
      const answers = [
        await call(open(), token, { method: 'GET', path: '/nothing' }),
        await call(open(), token, { method: 'DELETE', path: '/connections' }),
      ]
      for (const { status, body } of answers) {
        expect(status).toBe(404)
        expect(body).toEqual({ statusCode: 404, error: 'Not Found', message: 'Not Found' })
      }
    })

    test('every answer carries the rate limit, a request id, and is JSON that nobody may store', async () => {
      const paths = [
        '/connections',
        `/connections/${UNKNOWN_ID}`,
        `/connections/${'a'.repeat(31)}`,
        '/nothing',
      ]
      const nowS = Math.floor(Date.now() / 1000)
      for (const path of paths) {
        for (const as of [token, 'not-a-jwt']) {
          const { headers } = await call(open(), as, { method: 'GET', path })
          expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
          expect(headers.get('cache-control')).toBe('no-store')
          expect(headers.get('x-request-id')).toMatch(/.{8}/)
          expect(Number(headers.get('x-ratelimit-limit'))).toBeGreaterThan(0)
          expect(headers.get('x-ratelimit-remaining')).toMatch(/^\d+$/)
          expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThanOrEqual(nowS)
        }
      }
    })

    test('GET and DELETE with a JSON content type and no body are answered, as Terraform sends them', async () => {
      const headers = { 'content-type': 'application/json' }
      const { id: gone } = await connections.create({ name: 'gone', app_id: 'JWT' })
      const got = await call(open(), token, { method: 'GET', path: `/connections/${gone}`, headers })
      expect(got.status).toBe(200)
      const deleted = await call(open(), token, { method: 'DELETE', path: `/connections/${gone}`, headers })
      expect(deleted).toMatchObject({ status: 204, body: undefined })
    })

    async function total(): Promise<number> {
      const path = '/connections?include_totals=true&per_page=1'
      return ((await call(open(), token, { method: 'GET', path })).body as { total: number }).total
    }
  })
}

/** Auth0's sentence around z-schema's reason; a body that is wrong as a whole has no property to name. */
function reasonPattern(reason: string): RegExp {
  const literal = reason.replaceAll(/[()]/g, '\\$&')
  return new RegExp(`^Payload validation error: '${literal}'( on property [a-z_.]+)?( \\(.+\\))?\\.$`)
}

async function failureOf(promise: Promise<unknown>): Promise<ManagementError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ManagementError) return error
  throw new Error('the request was not refused by the server', { cause: error })
}
