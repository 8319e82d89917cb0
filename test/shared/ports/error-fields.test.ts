import { InvariantError, VaultError } from '../../../shared/domain/errors.ts'
import { errorFields } from '../../../shared/ports/error-fields.ts'
import { StoreUnavailableError } from '../../../shared/ports/item-store.ts'
import { SealBrokenError } from '../../../shared/ports/secret-store.ts'

const CANARY = 'rt-canary-4711'

function foreign(message: string, members: object = {}): Error {
  return Object.assign(new Error(message), members)
}

describe('errorFields', () => {
  it('tells the class and the words of our own errors', () => {
    expect(errorFields(new StoreUnavailableError('the table is throttled', 'unknown'))).toEqual({
      error: 'StoreUnavailableError',
      reason: 'the table is throttled',
    })
    expect(errorFields(new SealBrokenError('a sealed value does not open'))).toEqual({
      error: 'SealBrokenError',
      reason: 'a sealed value does not open',
    })
  })

  it('tells the code of what a caller was told, which may hold a word of the caller', () => {
    const error = new VaultError('conflict', `The name ${CANARY} is taken.`)
    expect(errorFields(error)).toEqual({ error: 'VaultError', reason: 'conflict' })
  })

  it('tells the class, the code and the place of a foreign error', () => {
    const error = foreign(`connect to https://api.test/?token=${CANARY}`, { code: 'ECONNRESET' })
    expect(errorFields(error)).toEqual({
      error: 'Error',
      reason: 'ECONNRESET',
      at: expect.stringContaining('error-fields.test.ts:'),
    })
  })

  it('tells the place of a bug of ours, and not the value that was wrong', () => {
    expect(errorFields(new InvariantError(CANARY))).toMatchObject({ error: 'InvariantError' })
  })

  it.each<[string, unknown]>([
    ['its message', foreign(CANARY)],
    ['its message as the parser quotes the text', syntaxErrorOf(`{"refresh_token": ${CANARY}}`)],
    ['a message of several lines, one of which looks like a frame', foreign(`\n    at ${CANARY} (a.ts:1:2)`)],
    ['a message that was changed afterwards', changed(foreign(`\n    at ${CANARY} (a.ts:1:2)`), 'other')],
    ['an empty message and a stack that was written by hand', changedStack(`Error\n    at x (${CANARY})`)],
    ['its cause', new Error('failed', { cause: foreign(CANARY) })],
    ['its name', foreign('failed', { name: `Bearer ${CANARY}` })],
    ['its code', foreign('failed', { code: CANARY })],
    ['its other members', foreign('failed', { config: { headers: { authorization: CANARY } } })],
    ['a text that was thrown', CANARY],
    ['a bug of ours', new InvariantError(CANARY)],
    ['what a caller was told', new VaultError('conflict', CANARY, { field: CANARY })],
  ])('leaves out %s', (_where, error) => {
    expect(JSON.stringify(errorFields(error))).not.toContain(CANARY)
  })

  it.each([
    [null, 'object'],
    [undefined, 'undefined'],
    ['text', 'string'],
  ])('says what was thrown in the place of an error: %s', (thrown, error) => {
    expect(errorFields(thrown)).toEqual({ error })
  })
})

function syntaxErrorOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return error
  }
}

function changed(error: Error, message: string): Error {
  error.message = message
  return error
}

function changedStack(stack: string): Error {
  return Object.assign(new Error(''), { stack })
}
