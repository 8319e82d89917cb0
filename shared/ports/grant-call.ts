import { InvariantError, VaultError } from '../domain/errors.ts'
import { SecretText } from '../domain/secret-text.ts'
import { errorFields } from './error-fields.ts'
import { GRANT_OPERATIONS, type GrantOperation, type GrantRequest, type GrantRunner } from './grant-runner.ts'
import { StoreUnavailableError } from './item-store.ts'

/** One call of the grant runner as a message between two functions. */
export type GrantCall = {
  readonly [Op in GrantOperation]: { readonly op: Op; readonly request: GrantRequest<Op> }
}[GrantOperation]

/** What a call comes back with: its result, or an error in the words of our own classes. */
export type GrantAnswer =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'vault-error'; readonly error: Pick<VaultError, 'code' | 'message' | 'detail'> }
  | {
      readonly kind: 'store-unavailable'
      readonly message: string
      readonly outcome: 'not-applied' | 'unknown'
    }
  | { readonly kind: 'failed'; readonly name: string }

/** Marks a text that is a secret, so that the other side wraps it again. */
const SECRET_MEMBER = '$secret'

/**
 * The value as JSON may carry it, its secrets readable: for the one message that Lambda carries encrypted from
 * function to function and keeps nowhere. Members without a value are left out.
 */
export function packMessage(value: unknown): unknown {
  if (value instanceof SecretText) return { [SECRET_MEMBER]: value.reveal() }
  if (Array.isArray(value)) return value.map(packMessage)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([name, member]) => [name, packMessage(member)]))
}

/** The value that `packMessage` packed. */
export function unpackMessage(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpackMessage)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [first] = entries
  if (entries.length === 1 && first?.[0] === SECRET_MEMBER && typeof first[1] === 'string') {
    return new SecretText(first[1])
  }
  return Object.fromEntries(entries.map(([name, member]) => [name, unpackMessage(member)]))
}

/** Runs the call. The work is given `budgetMs`, which is the called function's own time and not the caller's. */
export async function answerGrantCall(
  runner: GrantRunner,
  call: GrantCall,
  budgetMs: number,
): Promise<GrantAnswer> {
  try {
    return { kind: 'result', result: await run(runner, call, budgetMs) }
  } catch (error) {
    if (error instanceof VaultError) {
      return {
        kind: 'vault-error',
        error: { code: error.code, message: error.message, detail: error.detail },
      }
    }
    if (error instanceof StoreUnavailableError) {
      return { kind: 'store-unavailable', message: error.message, outcome: error.outcome }
    }
    return { kind: 'failed', name: errorFields(error).error }
  }
}

/** The result of the call, or the error it ended with on the other side, thrown again. */
export function resultOfGrantCall(answer: GrantAnswer): unknown {
  switch (answer.kind) {
    case 'result':
      return answer.result
    case 'vault-error':
      throw new VaultError(answer.error.code, answer.error.message, answer.error.detail)
    case 'store-unavailable':
      throw new StoreUnavailableError(answer.message, answer.outcome)
    case 'failed':
      throw new InvariantError(`the grants function failed: ${answer.name}`)
  }
}

function run(runner: GrantRunner, { op, request }: GrantCall, budgetMs: number): Promise<unknown> {
  if (!Object.hasOwn(GRANT_OPERATIONS, op)) throw new InvariantError('a grant call names no operation')
  const work = runner[op] as (request: unknown, budgetMs: number) => Promise<unknown>
  return work(request, budgetMs)
}
