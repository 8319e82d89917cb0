import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import type { Clock } from '../../ports/clock.ts'
import {
  type GrantAnswer,
  type GrantCall,
  packMessage,
  resultOfGrantCall,
  unpackMessage,
} from '../../ports/grant-call.ts'
import type {
  AuthorizationUrl,
  AuthorizationUrlRequest,
  ExchangeRequest,
  ExchangeResult,
  FirstGrantRequest,
  FirstGrantResult,
  GrantRunner,
  ProbeStoredRequest,
  ProbeStoredResult,
  RevokeStoredRequest,
  RotationRequest,
  RotationResult,
} from '../../ports/grant-runner.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { awsFailure, describeAwsFailure } from '../aws-failure.ts'

/** Calls without a budget of their own end before the 29 s that API Gateway gives an answer at most. */
const LONGEST_WAIT_MS = 25_000

/**
 * The work that calls providers, done by the `grants` function. Whoever gives up waiting only lets go of the
 * connection: Lambda runs an invocation to its end whether or not somebody still listens.
 */
export class LambdaGrantRunner implements GrantRunner {
  readonly #client: LambdaClient
  readonly #functionName: string
  readonly #clock: Clock

  /** `client` must not retry by itself: an invocation whose answer was lost may have used up a code. */
  constructor(options: { client: LambdaClient; functionName: string; clock: Clock }) {
    this.#client = options.client
    this.#functionName = options.functionName
    this.#clock = options.clock
  }

  async mintFirst(request: FirstGrantRequest): Promise<FirstGrantResult> {
    const result = await this.#call({ op: 'mintFirst', request }, request.budgetMs)
    return (result ?? { kind: 'late' }) as FirstGrantResult
  }

  async rotate(request: RotationRequest, budgetMs: number): Promise<RotationResult | { kind: 'late' }> {
    const result = await this.#call({ op: 'rotate', request }, budgetMs)
    return (result ?? { kind: 'late' }) as RotationResult
  }

  async probe(request: ProbeStoredRequest): Promise<ProbeStoredResult> {
    return (await this.#callToEnd({ op: 'probe', request })) as ProbeStoredResult
  }

  async authorizationUrl(request: AuthorizationUrlRequest): Promise<AuthorizationUrl> {
    return (await this.#callToEnd({ op: 'authorizationUrl', request })) as AuthorizationUrl
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeResult> {
    return (await this.#callToEnd({ op: 'exchange', request })) as ExchangeResult
  }

  async revoke(request: RevokeStoredRequest): Promise<Record<string, 'revoked' | 'unsupported' | 'failed'>> {
    return (await this.#callToEnd({ op: 'revoke', request })) as Awaited<ReturnType<GrantRunner['revoke']>>
  }

  async #callToEnd(call: GrantCall): Promise<unknown> {
    const result = await this.#call(call, LONGEST_WAIT_MS)
    if (result === undefined)
      throw new StoreUnavailableError('the grants function did not answer in time', 'unknown')
    return result
  }

  /** The call's result, or undefined when the budget is over first. */
  async #call(call: GrantCall, budgetMs: number): Promise<unknown> {
    const [waiting, invocation] = [new AbortController(), new AbortController()]
    const budget = this.#clock.sleep(Math.min(budgetMs, LONGEST_WAIT_MS), waiting.signal).then(
      () => undefined,
      () => undefined,
    )
    const answer = this.#invoke(call, invocation.signal)
    try {
      return await Promise.race([answer, budget])
    } finally {
      waiting.abort()
      invocation.abort()
      // The race may be over: what an aborted request throws is nobody's any more.
      answer.catch(() => undefined)
    }
  }

  async #invoke(call: GrantCall, signal: AbortSignal): Promise<unknown> {
    const command = new InvokeCommand({
      FunctionName: this.#functionName,
      Payload: Buffer.from(JSON.stringify(packMessage(call)), 'utf8'),
    })
    try {
      const { FunctionError, Payload } = await this.#client.send(command, { abortSignal: signal })
      if (FunctionError !== undefined || Payload === undefined) {
        throw new StoreUnavailableError('the grants function ended without an answer', 'unknown')
      }
      const answer = unpackMessage(JSON.parse(Buffer.from(Payload).toString('utf8'))) as GrantAnswer
      return resultOfGrantCall(answer)
    } catch (error) {
      if (!isAwsError(error)) throw error
      const failure = awsFailure(error)
      throw new StoreUnavailableError(describeAwsFailure('Lambda Invoke', failure), failure.outcome)
    }
  }
}

/** What the client threw, as opposed to what the call itself ended with. */
function isAwsError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$metadata' in error
}
