import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import type { Clock } from '../../ports/clock.ts'
import { type GrantAnswer, packMessage, resultOfGrantCall, unpackMessage } from '../../ports/grant-call.ts'
import { type GrantRunner, grantRunnerOver } from '../../ports/grant-runner.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { storeUnavailable } from '../aws-failure.ts'

/** Calls without a budget of their own end before the 29 s that API Gateway gives an answer at most. */
const LONGEST_WAIT_MS = 25_000

/**
 * The work that calls providers, done by the `grants` function. Whoever gives up waiting only lets go of the
 * connection: Lambda runs an invocation to its end whether or not somebody still listens. `client` must not retry
 * by itself: an invocation whose answer was lost may have used up a code.
 */
export function createLambdaGrantRunner(options: {
  client: Pick<LambdaClient, 'send'>
  functionName: string
  clock: Clock
}): GrantRunner {
  return grantRunnerOver(async (op, request, budgetMs) => {
    const result = await within(options.clock, budgetMs ?? LONGEST_WAIT_MS, (signal) =>
      invoke(options, { op, request }, signal),
    )
    if (result !== undefined) return result
    if (budgetMs !== undefined) return { kind: 'late' }
    throw new StoreUnavailableError('the grants function did not answer in time', 'unknown')
  })
}

/** What the work answers, or undefined when the budget is over first. */
async function within(
  clock: Clock,
  budgetMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<unknown> {
  const [waiting, working] = [new AbortController(), new AbortController()]
  const budget = clock.sleep(Math.min(budgetMs, LONGEST_WAIT_MS), waiting.signal).then(
    () => undefined,
    () => undefined,
  )
  const answer = work(working.signal)
  try {
    return await Promise.race([answer, budget])
  } finally {
    waiting.abort()
    working.abort()
    // The race may be over: what an aborted request throws is nobody's any more.
    answer.catch(() => undefined)
  }
}

async function invoke(
  { client, functionName }: { client: Pick<LambdaClient, 'send'>; functionName: string },
  call: { op: string; request: unknown },
  signal: AbortSignal,
): Promise<unknown> {
  const command = new InvokeCommand({
    FunctionName: functionName,
    Payload: Buffer.from(JSON.stringify(packMessage(call)), 'utf8'),
  })
  try {
    const { FunctionError, Payload } = await client.send(command, { abortSignal: signal })
    if (FunctionError !== undefined || Payload === undefined) {
      throw new StoreUnavailableError('the grants function ended without an answer', 'unknown')
    }
    const answer = unpackMessage(JSON.parse(Buffer.from(Payload).toString('utf8'))) as GrantAnswer
    return resultOfGrantCall(answer)
  } catch (error) {
    if (!isAwsError(error)) throw error
    throw storeUnavailable('Lambda Invoke', error)
  }
}

/** What the client threw, as opposed to what the call itself ended with. */
function isAwsError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$metadata' in error
}
