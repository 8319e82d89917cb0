import * as z from 'zod/mini'
import { createHttpHandler } from '../../functions/http-handler.ts'
import { FETCH_ROUTE } from '../../functions/measured-request.ts'
import type { HttpEvent } from '../../functions/middleware/request-state.ts'
import { type Answer, defineRoute, routeKeyOf } from '../../functions/route.ts'
import { LocalBudgets } from '../../shared/adapters/memory/local-budgets.ts'
import { PowertoolsMetrics } from '../../shared/adapters/metrics/powertools-metrics.ts'
import { type ErrorCode, VaultError } from '../../shared/domain/errors.ts'
import { ManualClock } from '../support/manual-clock.ts'

type EmfLine = Record<string, unknown> & { _aws: { CloudWatchMetrics: { Dimensions: string[][] }[] } }

/** The metric lines that one request to a function on AWS prints. */
async function printedBy(name: string, act: () => Promise<Answer>, tookMs = 0): Promise<EmfLine[]> {
  const clock = new ManualClock()
  const route = defineRoute({
    name,
    method: 'GET',
    path: '/measured/{id}',
    function: 'api',
    tag: 'Operations',
    summary: 'Is measured',
    responses: { 200: { description: 'Well', schema: z.object({}) } },
    handle: async () => {
      await clock.advance(tookMs)
      return act()
    },
  })
  const log = { debug() {}, info() {}, warn() {}, error() {}, access() {} }
  const metrics = new PowertoolsMetrics({ deployment: 'test' })
  const verifier = { verify: () => Promise.reject(new Error('nobody asks')) }
  const handler = createHttpHandler([route], {
    clock,
    log,
    metrics,
    verifier,
    permits: { find: async () => undefined },
    budgets: new LocalBudgets({ requestsPerSecond: 10, clock }),
  })
  const { write } = process.stdout
  let text = ''
  process.stdout.write = ((chunk: string) => {
    text += chunk
    return true
  }) as typeof write
  try {
    await handler({
      routeKey: routeKeyOf(route),
      headers: {},
      requestContext: { requestId: 'r1', http: { method: 'GET', sourceIp: '192.0.2.1' } },
    } as unknown as HttpEvent)
  } finally {
    process.stdout.write = write
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EmfLine)
}

function refusal(code: ErrorCode) {
  return async (): Promise<Answer> => {
    throw new VaultError(code, 'No.')
  }
}

describe('a request that a function on AWS answers', () => {
  it('is one line of metrics: counted and timed by route and class of status', async () => {
    const lines = await printedBy('list-things', async () => ({ status: 201, body: {} }), 40)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      route: 'list-things',
      status: '2xx',
      HttpRequests: 1,
      HttpRequestDuration: 40,
    })
    expect(lines[0]?._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([['service', 'route', 'status']])
  })

  it.each<[string, () => Promise<Answer>]>([
    ['3xx', async () => ({ status: 304 })],
    ['4xx', refusal('not-found')],
    ['5xx', refusal('store-unavailable')],
    ['5xx', () => Promise.reject(new TypeError('a bug'))],
  ])('is counted as %s when it ends so', async (status, act) => {
    expect(await printedBy('list-things', act)).toMatchObject([{ status, HttpRequests: 1 }])
  })

  it.each<[string, () => Promise<Answer>]>([
    ['served', async () => ({ status: 200, body: {} })],
    ['not-modified', async () => ({ status: 304 })],
    ['not-found', refusal('not-found')],
    ['connection-frozen', refusal('connection-frozen')],
    ['reauthorization-required', refusal('reauthorization-required')],
    ['conflict', refusal('conflict')],
    ['unavailable', refusal('credential-unavailable')],
    ['refused', refusal('invalid-query')],
    ['failed', () => Promise.reject(new TypeError('a bug'))],
  ])('is one line more when it is a fetch, by what came of it: %s', async (outcome, act) => {
    const lines = await printedBy(FETCH_ROUTE, act, 7)
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatchObject({ outcome, Fetches: 1, FetchDuration: 7 })
    expect(lines[1]?._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([['service', 'outcome']])
  })
})
