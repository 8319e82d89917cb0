import { classifyFailure } from '../../../../shared/adapters/dynamodb/store-failure.ts'

describe('classifyFailure', () => {
  test.each([
    ['ECONNREFUSED', 'not-sent'],
    ['ENOTFOUND', 'not-sent'],
    ['EAI_AGAIN', 'not-sent'],
    ['EHOSTUNREACH', 'not-sent'],
    ['ENETUNREACH', 'not-sent'],
    ['ECONNRESET', 'lost'],
    ['EPIPE', 'lost'],
    ['ETIMEDOUT', 'lost'],
  ])('sorts the connection failure %s as %s', (code, kind) => {
    expect(classifyFailure(Object.assign(new Error('connect'), { code }))).toEqual({ kind })
  })

  test.each([
    ['TimeoutError', undefined, 'lost'],
    ['AbortError', undefined, 'lost'],
    ['CredentialsProviderError', undefined, 'not-sent'],
    ['AccessDeniedException', 400, 'refused'],
    ['ExpiredTokenException', 400, 'refused'],
    ['SomethingNew', 503, 'lost'],
  ])('sorts %s with status %p as %s', (name, httpStatusCode, kind) => {
    const error = Object.assign(new Error('x'), { name, $metadata: { httpStatusCode } })
    expect(classifyFailure(error)).toEqual({ kind })
  })

  test.each([undefined, null, 'text', 7])('takes %p, which is no error at all, as lost', (thrown) => {
    expect(classifyFailure(thrown)).toEqual({ kind: 'lost' })
  })
})
