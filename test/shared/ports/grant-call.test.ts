import { InvariantError, VaultError } from '../../../shared/domain/errors.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import {
  answerGrantCall,
  type GrantAnswer,
  type GrantCall,
  packMessage,
  resultOfGrantCall,
  unpackMessage,
} from '../../../shared/ports/grant-call.ts'
import type { GrantRunner } from '../../../shared/ports/grant-runner.ts'
import { StoreUnavailableError } from '../../../shared/ports/item-store.ts'

const CANARY = 'message-canary'
const ROTATE: GrantCall = { op: 'rotate', request: { tenant: 't', id: 'c', cause: 'manual' } }

/** Over the wire, as Lambda carries it. */
function carried(value: unknown): unknown {
  return unpackMessage(JSON.parse(JSON.stringify(packMessage(value))))
}

function runnerThat(rotate: GrantRunner['rotate']): GrantRunner {
  return { rotate } as GrantRunner
}

describe('packMessage and unpackMessage', () => {
  it('carry plain values as they are, and leave out what is undefined', () => {
    const value = { a: [1, 'two', null, { b: false }], gone: undefined }
    expect(carried(value)).toEqual({ a: [1, 'two', null, { b: false }] })
    expect(Object.keys(carried(value) as object)).toEqual(['a'])
  })

  it('carry a secret, and wrap it again on the other side', () => {
    const sent = { op: 'exchange', request: { code: new SecretText('the-code'), scopes: ['read'] } }
    const got = carried(sent) as typeof sent
    expect(got.request.code).toBeInstanceOf(SecretText)
    expect(got.request.code.reveal()).toBe('the-code')
    expect(got.request.scopes).toEqual(['read'])
  })

  it('take only the very shape of a secret for one', () => {
    expect(carried({ $secret: 'a', more: 1 })).toEqual({ $secret: 'a', more: 1 })
    expect(carried({ $secret: 1 })).toEqual({ $secret: 1 })
  })
})

describe('answerGrantCall and resultOfGrantCall', () => {
  const answered = async (rotate: GrantRunner['rotate']): Promise<unknown> =>
    resultOfGrantCall(carried(await answerGrantCall(runnerThat(rotate), ROTATE, 1000)) as GrantAnswer)

  it('give the result, worked with the budget of the function that works', async () => {
    const seen: unknown[] = []
    const result = await answered(async (request, budgetMs) => {
      seen.push(request, budgetMs)
      return { kind: 'gone' }
    })
    expect(result).toEqual({ kind: 'gone' })
    expect(seen).toEqual([ROTATE.request, 1000])
  })

  it('throw a VaultError again, with its code, its words and its detail', async () => {
    const error = new VaultError('not-found', 'no such application', {
      field: 'oauth_app_id',
      retryAfterSeconds: 3,
    })
    await expect(answered(() => Promise.reject(error))).rejects.toMatchObject({
      name: 'VaultError',
      code: 'not-found',
      message: 'no such application',
      detail: { field: 'oauth_app_id', retryAfterSeconds: 3 },
    })
  })

  it.each(['not-applied', 'unknown'] as const)(
    'throw a store’s failure again, %s as it was',
    async (outcome) => {
      const failed = answered(() => Promise.reject(new StoreUnavailableError('throttled', outcome)))
      await expect(failed).rejects.toBeInstanceOf(StoreUnavailableError)
      await expect(failed).rejects.toMatchObject({ message: 'throttled', outcome })
    },
  )

  it('tell of any other error its name alone', async () => {
    const failed = answered(() => Promise.reject(new TypeError(CANARY)))
    await expect(failed).rejects.toBeInstanceOf(InvariantError)
    await expect(failed).rejects.toThrow(/TypeError$/)
    await expect(failed).rejects.not.toThrow(CANARY)
  })
})
