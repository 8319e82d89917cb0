import { WORK_BUDGET_MS } from '../../functions/grants/handler.ts'
import { SERVICE_CLIENT_SETTINGS } from '../../functions/wire-aws-access.ts'
import { FUNCTION_TABLE, type VaultFunctionName } from '../../infra/function-table.ts'
import { createLambdaGrantRunner } from '../../shared/adapters/lambda/lambda-grant-runner.ts'
import { HOLD_MS, PROVIDER_TIMEOUT_MS } from '../../shared/domain/rotation-policy.ts'
import { StoreUnavailableError } from '../../shared/ports/item-store.ts'
import { ASKING_DEADLINE_MS, INTENT_DEADLINE_MS } from '../../shared/use-cases/commit/intent.ts'
import { FIRST_GRANT_BUDGET_MS } from '../../shared/use-cases/connections/first-grant.ts'
import { NEXT_PERMISSION_WITHIN_MS } from '../../shared/use-cases/rotation/rotate-connection.ts'
import { MAX_WAIT_TO_SEND_MS } from '../../shared/use-cases/rotation/take-attempt.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** API Gateway, HTTP API quotas: an integration has 30 s, and that is not adjustable. */
const GATEWAY_MS = 30_000

const timeoutMs = (name: VaultFunctionName) =>
  FUNCTION_TABLE.find((entry) => entry.name === name)!.timeoutSeconds * 1000
const answering = FUNCTION_TABLE.filter(({ routes }) => routes !== undefined)

/** How long the caller waits for a `grants` that never answers, in ms. */
async function longestWaitMs(): Promise<number> {
  const clock = new ManualClock()
  const never = { send: () => new Promise(() => undefined) } as never
  const runner = createLambdaGrantRunner({ client: never, functionName: 'grants', clock })
  const probe = runner.probe({} as never)
  const ended = probe.catch((error: unknown) => error)
  for (let waitedMs = 1000; waitedMs <= 60_000; waitedMs += 1000) {
    await clock.advance(1000)
    const seen = await Promise.race([ended, Promise.resolve(undefined)])
    if (seen instanceof StoreUnavailableError) return waitedMs
  }
  throw new Error('the caller waits for ever')
}

describe('the limits of time', () => {
  it('let each function that answers HTTP end by itself before API Gateway does', () => {
    expect(answering.map(({ name }) => name).sort()).toEqual(['api', 'authorize', 'credentials'])
    for (const { name } of answering) expect(timeoutMs(name)).toBeLessThan(GATEWAY_MS)
  })

  it('let the caller of grants give up early enough to answer and to undo', async () => {
    const waitMs = await longestWaitMs()
    for (const { name } of answering) expect(waitMs + 3_000).toBeLessThan(timeoutMs(name))
    expect(FIRST_GRANT_BUDGET_MS).toBeLessThan(waitMs)
  })

  it('let grants hear the slowest provider and store its answer, within its lease', () => {
    const { maxAttempts, requestHandler } = SERVICE_CLIENT_SETTINGS
    const onePutMs = maxAttempts * requestHandler.requestTimeout
    expect(PROVIDER_TIMEOUT_MS + onePutMs).toBeLessThan(HOLD_MS)
    expect(HOLD_MS).toBeLessThan(WORK_BUDGET_MS)
    expect(WORK_BUDGET_MS).toBeLessThan(timeoutMs('grants'))
  })

  it('leave a second permission of one invocation the time of a whole one', () => {
    const asLateAsMs = NEXT_PERMISSION_WITHIN_MS + MAX_WAIT_TO_SEND_MS
    for (const name of ['grants', 'rotations'] as const)
      expect(asLateAsMs + HOLD_MS + 5_000).toBeLessThanOrEqual(timeoutMs(name))
  })

  it('leave an operation alone until no request can still be at it', () => {
    for (const { name } of answering) expect(timeoutMs(name)).toBeLessThan(INTENT_DEADLINE_MS)
  })

  it('leave an operation that asks a provider alone until its answer is kept, however late it was asked', () => {
    for (const { name } of answering) expect(timeoutMs(name) + HOLD_MS).toBeLessThan(ASKING_DEADLINE_MS)
  })

  it('end a sweep before the next one', () => {
    expect(timeoutMs('sweep')).toBeLessThan(60_000)
  })
})
