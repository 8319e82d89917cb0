import { InvariantError, VaultError } from '../domain/errors.ts'
import { SecretText } from '../domain/secret-text.ts'
import { errorFields } from './error-fields.ts'
import type {
  AuthorizationUrlRequest,
  ExchangeRequest,
  FirstGrantRequest,
  GrantRunner,
  ProbeStoredRequest,
  RevokeStoredRequest,
  RotationRequest,
} from './grant-runner.ts'
import { StoreUnavailableError } from './item-store.ts'

/** One call of the grant runner as a message between two functions. */
export type GrantCall =
  | { readonly op: 'mintFirst'; readonly request: FirstGrantRequest }
  | { readonly op: 'rotate'; readonly request: RotationRequest }
  | { readonly op: 'probe'; readonly request: ProbeStoredRequest }
  | { readonly op: 'authorizationUrl'; readonly request: AuthorizationUrlRequest }
  | { readonly op: 'exchange'; readonly request: ExchangeRequest }
  | { readonly op: 'revoke'; readonly request: RevokeStoredRequest }

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

function run(runner: GrantRunner, call: GrantCall, budgetMs: number): Promise<unknown> {
  switch (call.op) {
    case 'mintFirst':
      return runner.mintFirst({ ...call.request, budgetMs })
    case 'rotate':
      return runner.rotate(call.request, budgetMs)
    case 'probe':
      return runner.probe(call.request)
    case 'authorizationUrl':
      return runner.authorizationUrl(call.request)
    case 'exchange':
      return runner.exchange(call.request)
    case 'revoke':
      return runner.revoke(call.request)
  }
}
