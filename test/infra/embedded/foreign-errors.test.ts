import { getReadinessRoute } from '../../../functions/api/routes/get-health.ts'
import { grantsAtWork } from '../../../functions/grants/grants-at-work.ts'
import { createHandler as createGrantsHandler } from '../../../functions/grants/handler.ts'
import { createHttpHandler } from '../../../functions/http-handler.ts'
import { createHandler as createReconcileHandler } from '../../../functions/reconcile/handler.ts'
import { defineRoute } from '../../../functions/route.ts'
import { createHandler as createSweepHandler } from '../../../functions/sweep/handler.ts'
import { startLoops } from '../../../infra/embedded/loops.ts'
import { PowertoolsLog } from '../../../shared/adapters/log/powertools-log.ts'
import { LocalBreaker } from '../../../shared/adapters/memory/local-breaker.ts'
import { LocalBudgets } from '../../../shared/adapters/memory/local-budgets.ts'
import { SystemRandom } from '../../../shared/adapters/system/system-random.ts'
import { captureLogLines } from '../../support/log-capture.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { NoMetrics } from '../../support/no-metrics.ts'

const CANARY = 'rt-canary-4711'

/** As a client library words it: the request with everything in it. */
function foreignError(): Error {
  return Object.assign(new TypeError(`POST https://api.test/?refresh_token=${CANARY} failed`), {
    cause: new Error(CANARY),
    config: { body: CANARY },
  })
}

/** Every port throws, whatever is called. */
function failingPort<Port extends object>(): Port {
  return new Proxy({} as Port, {
    get: () => () => {
      throw foreignError()
    },
  })
}

const capture = captureLogLines()
const log = new PowertoolsLog({ service: 'flow-vault', level: 'INFO' })
const ports = {
  ...({
    items: failingPort(),
    secrets: failingPort(),
    digester: failingPort(),
    oauth: failingPort(),
    grants: failingPort(),
    work: failingPort(),
    verifier: failingPort(),
    opened: failingPort(),
    freezes: failingPort(),
    attempts: failingPort(),
    random: failingPort(),
  } as Record<string, never>),
  clock: new ManualClock(),
  log,
  breaker: new LocalBreaker({ clock: new ManualClock(), random: new SystemRandom() }),
  metrics: new NoMetrics(),
  budgets: new LocalBudgets({ requestsPerSecond: 1000, clock: new ManualClock() }),
} as never

const grantsFunction = { ...(ports as object), ...grantsAtWork(ports) } as never

const failingRoute = defineRoute({
  name: 'failing-route',
  method: 'GET',
  path: '/fails',
  function: 'api',
  tag: 'Operations',
  summary: 'Fails.',
  responses: {},
  handle: async () => {
    throw foreignError()
  },
})

describe('a foreign error', () => {
  afterAll(() => capture.stop())

  it.each<[string, () => Promise<unknown>]>([
    ['a loop', () => startLoops([{ name: 'failing', everyMs: 60_000, run: throws }], log).stop()],
    [
      'a piece of work',
      () => createGrantsHandler(grantsFunction)(work('{"kind":"rotate","tenant":"t","id":"ac_1"}')),
    ],
    [
      'a piece of work that does not parse',
      () => createGrantsHandler(grantsFunction)(work(`{"id": ${CANARY}}`)),
    ],
    ['a sweep', () => createSweepHandler({ ...(ports as object), queueDepth: async () => 0 } as never)()],
    ['a reconciliation', () => createReconcileHandler(ports)({ task: 'work' })],
    ['a comparison', () => createReconcileHandler(ports)({ task: 'compare' })],
    ['a request', () => createHttpHandler([failingRoute], ports)(request('GET /fails'))],
    ['the readiness check', readiness],
  ])('in %s is logged without its words, and thrown without them', async (_where, run) => {
    const before = capture.lines().length
    const ended = await run().catch((error: unknown) => error)
    const lines = capture.lines().slice(before)
    expect(lines.filter((line) => line.includes('"level":"ERROR"'))).not.toEqual([])
    expect(lines.join('\n')).toMatch(/"error":"(?:TypeError|SyntaxError)"/)
    const thrown = ended instanceof Error ? [ended.message, ended.stack, ended.cause] : [ended]
    expect(JSON.stringify([lines, thrown])).not.toContain(CANARY)
  })
})

async function throws(): Promise<void> {
  throw foreignError()
}

function work(body: string) {
  return { Records: [{ messageId: 'm1', body }] } as never
}

function request(routeKey: string) {
  return {
    routeKey,
    headers: {},
    requestContext: { requestId: 'r1', routeKey, http: { method: 'GET', sourceIp: '192.0.2.1' } },
  } as never
}

function readiness(): Promise<unknown> {
  return createHttpHandler([getReadinessRoute], { ...(ports as object), checkReady: throws } as never)(
    request('GET /readyz'),
  )
}
