import { defineRoute, type Route } from '../../../functions/route.ts'
import { type ErrorCode, InvariantError, VaultError } from '../../../shared/domain/errors.ts'
import { StoreUnavailableError } from '../../../shared/ports/item-store.ts'
import { KeyUnavailableError } from '../../../shared/ports/key-wrapper.ts'
import { httpFunction, REQUEST_ID } from '../../support/http-function.ts'

function failing(error: () => unknown, method: 'GET' | 'POST' = 'GET') {
  const route = defineRoute({
    name: 'failing-route',
    method,
    path: '/failing',
    function: 'api',
    scopes: ['read:flows_vault_connections'],
    tag: 't',
    summary: 's',
    responses: {},
    handle: async () => {
      throw error()
    },
  }) as Route<never>
  const target = httpFunction([route])
  return { target, call: () => target.call({ token: 'acme read:flows_vault_connections' }) }
}

const STATUSES: Readonly<Record<ErrorCode, readonly [number, string, string | undefined]>> = {
  'invalid-body': [400, 'Bad Request', 'invalid_body'],
  'invalid-query': [400, 'Bad Request', 'invalid_query_string'],
  'invalid-path': [400, 'Bad Request', 'invalid_uri'],
  'invalid-header': [400, 'Bad Request', 'invalid_headers'],
  'unsupported-media-type': [415, 'Unsupported Media Type', 'unsupported_media_type'],
  'body-too-large': [413, 'Payload Too Large', 'payload_too_large'],
  unauthenticated: [401, 'Unauthorized', undefined],
  'insufficient-scope': [403, 'Forbidden', 'insufficient_scope'],
  'not-found': [404, 'Not Found', undefined],
  'events-expired': [410, 'Gone', 'events_expired'],
  'precondition-failed': [412, 'Precondition Failed', 'precondition_failed'],
  conflict: [409, 'Conflict', 'conflict'],
  'idempotency-in-progress': [409, 'Conflict', 'idempotency_in_progress'],
  'idempotency-mismatch': [422, 'Unprocessable Entity', 'idempotency_mismatch'],
  'too-many-requests': [429, 'Too Many Requests', 'too_many_requests'],
  'connection-empty': [409, 'Conflict', 'connection_empty'],
  'authorization-pending': [409, 'Conflict', 'authorization_pending'],
  'reauthorization-required': [409, 'Conflict', 'reauthorization_required'],
  'connection-frozen': [409, 'Conflict', 'connection_frozen'],
  'credential-unavailable': [503, 'Service Unavailable', 'credential_unavailable'],
  'provider-refused': [400, 'Bad Request', 'provider_refused'],
  'provider-unavailable': [503, 'Service Unavailable', 'provider_unavailable'],
  'store-unavailable': [503, 'Service Unavailable', 'store_unavailable'],
}

describe('problemResponse', () => {
  test.each(Object.entries(STATUSES))(
    'answers %s by its status and Auth0’s words',
    async (code, expected) => {
      const [statusCode, error, errorCode] = expected
      const { call } = failing(() => new VaultError(code as ErrorCode, 'Why it was refused'))
      const answer = await call()
      expect(answer.statusCode).toBe(statusCode)
      expect(answer.json).toEqual({
        statusCode,
        error,
        message: expect.stringContaining('Why it was refused'),
        ...(errorCode === undefined ? {} : { errorCode }),
      })
    },
  )

  test.each([
    ['invalid-body', 'Payload'],
    ['invalid-query', 'Query'],
    ['invalid-path', 'Path'],
    ['invalid-header', 'Header'],
  ] as const)('names the field and what is allowed of %s as Auth0 words it', async (code, place) => {
    const { call } = failing(
      () => new VaultError(code, 'It is wrong', { field: 'setup.token', allowed: 'text' }),
    )
    expect((await call()).json?.['message']).toBe(
      `${place} validation error: 'It is wrong' on property setup.token (text).`,
    )
  })

  test('names no field and nothing allowed where the error has none, and lists no part of it', async () => {
    const { call } = failing(() => new VaultError('invalid-body', 'It is wrong'))
    expect((await call()).json).toEqual({
      statusCode: 400,
      error: 'Bad Request',
      message: "Payload validation error: 'It is wrong'.",
      errorCode: 'invalid_body',
    })
  })

  test('lists the part that is wrong of a request that is not valid, and of no other error', async () => {
    const wrong = { field: 'name', allowed: 'text' }
    const invalid = failing(() => new VaultError('invalid-body', 'It is wrong', wrong))
    const part = { path: 'name', code: 'value', message: 'It is wrong', allowed: 'text' }
    expect((await invalid.call()).json?.['errors']).toEqual([part])
    const other = failing(() => new VaultError('conflict', 'Not now', wrong))
    expect((await other.call()).json).not.toHaveProperty('errors')
  })

  test('says how long the request took, to a tenth of a millisecond', async () => {
    const { target, call } = failing(() => {
      void target.clock.advance(1_234.56)
      return new VaultError('conflict', 'Not now')
    })
    await target.clock.advance(60_000)
    await call()
    expect(target.logged.at(-1)).toMatchObject({ ms: 1_234.6 })
  })

  test('says what is allowed of other errors after the message', async () => {
    const { call } = failing(() => new VaultError('conflict', 'Not now.', { field: 'x', allowed: 'later' }))
    expect((await call()).json?.['message']).toBe('Not now. Allowed: later.')
  })

  test('carries what the error adds: a code, headers, and when to try again', async () => {
    const detail = { errorCode: 'special', headers: { etag: '"v7"' }, retryAfterSeconds: 30 }
    const { call } = failing(() => new VaultError('conflict', 'Not now', detail))
    const answer = await call()
    expect(answer.json?.['errorCode']).toBe('special')
    expect(answer.headers).toMatchObject({ etag: '"v7"', 'retry-after': '30' })
  })

  test('puts the same headers on an error as on an answer that went well', async () => {
    const { call } = failing(() => new VaultError('conflict', 'Not now'))
    expect((await call()).headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-request-id': REQUEST_ID,
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': '999',
    })
  })

  test('writes one access line, with who asked for what and how it went', async () => {
    const { target, call } = failing(() => new VaultError('conflict', 'Not now'))
    await call()
    expect(target.logged).toEqual([
      {
        message: 'request',
        request_id: REQUEST_ID,
        tenant: 'acme',
        client: 'client',
        route: 'failing-route',
        status: 409,
        ms: 0,
      },
    ])
  })

  test('tells the log alone which check a token failed', async () => {
    const { target, call } = failing(
      () => new VaultError('unauthenticated', 'Invalid token', { logReason: 'the audience' }),
    )
    const { body } = await call()
    expect(JSON.stringify(body)).not.toContain('audience')
    expect(target.logged).toEqual([expect.objectContaining({ status: 401, reason: 'the audience' })])
  })

  test.each([
    ['a bug of ours', () => new InvariantError('canary'), 'InvariantError'],
    ['a fault of a library', () => new SyntaxError('Unexpected token in "canary"'), 'SyntaxError'],
    ['an error with a cause', () => new Error('canary', { cause: new Error('canary') }), 'Error'],
    ['a text', () => 'canary', 'string'],
    ['nothing', () => null, 'object'],
  ])('answers %s by a 500 of fixed text, and logs its name and place only', async (_what, error, name) => {
    const { target, call } = failing(error)
    const answer = await call()
    expect(answer.json).toEqual({
      statusCode: 500,
      error: 'Internal Server Error',
      message: 'An internal error occurred; the request id names it in the log.',
    })
    expect(target.logged[0]).toMatchObject({ message: 'a request failed unexpectedly', error: name })
    expect(JSON.stringify([answer, target.logged])).not.toContain('canary')
  })

  test('answers a key that cannot be used by a 503, and logs which and why', async () => {
    const { target, call } = failing(() => new KeyUnavailableError('KMS Decrypt failed: DisabledException'))
    const answer = await call()
    expect(answer.json).toMatchObject({ statusCode: 503, errorCode: 'store_unavailable' })
    expect(answer.headers['retry-after']).toBe('1')
    expect(target.logged[0]).toMatchObject({
      message: 'a store did not answer',
      reason: 'KMS Decrypt failed: DisabledException',
    })
  })

  test('logs what was wrong with the store behind an answer that says nothing was changed', async () => {
    const cause = new StoreUnavailableError('Secrets Manager CreateSecret failed', 'not-applied')
    const { target, call } = failing(() => new VaultError('store-unavailable', 'Try again.', { cause }))
    expect((await call()).json?.['message']).toBe('Try again.')
    expect(target.logged[0]).toMatchObject({
      message: 'a store did not answer',
      outcome: 'not-applied',
      reason: 'Secrets Manager CreateSecret failed',
    })
  })

  test('answers a store that did not by a 503, and logs what became of the write', async () => {
    const { target, call } = failing(() => new StoreUnavailableError('the table is throttled', 'unknown'))
    const answer = await call()
    expect(answer.json).toMatchObject({ statusCode: 503, errorCode: 'store_unavailable' })
    expect(answer.headers['retry-after']).toBe('1')
    expect(target.logged[0]).toMatchObject({ outcome: 'unknown', reason: 'the table is throttled' })
  })

  test.each([
    ['unknown', undefined, 'Look whether the change is there'],
    ['not-applied', '1', 'Try again.'],
  ] as const)(
    'says of a write whose outcome is %s whether to send it again',
    async (outcome, after, words) => {
      const { call } = failing(() => new StoreUnavailableError('the store is away', outcome), 'POST')
      const answer = await call()
      expect(answer.json).toMatchObject({ statusCode: 503, message: expect.stringContaining(words) })
      expect(answer.headers['retry-after']).toBe(after)
    },
  )
})
