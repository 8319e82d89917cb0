import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { createDispatcher } from '../../../infra/embedded/dispatcher.ts'
import type { ReferencePages } from '../../../infra/embedded/http/reference-pages.ts'
import { LocalBudgets } from '../../../shared/adapters/memory/local-budgets.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const LIST = 'GET /api/v2/flows/vault/connections'
const CREATE = 'POST /api/v2/flows/vault/connections'
const PER_SECOND = 100

/** The dispatcher over handlers that answer 200 while their tenant's budget lasts, and then 429. */
function dispatcherUnderTest() {
  const clock = new ManualClock()
  const budgets = new LocalBudgets({ requestsPerSecond: PER_SECOND, clock })
  const answered: string[] = []
  const log = { debug() {}, info() {}, warn() {}, error() {}, access() {} }
  const handler = async (event: APIGatewayProxyEventV2) => {
    const of = event.headers['authorization']!.slice('Bearer '.length)
    answered.push(of)
    const { isAllowed } = await budgets.take({ budget: 'requests', of })
    return { statusCode: isAllowed ? 200 : 429, headers: {}, body: '' }
  }
  const verifier = {
    verify: async (token: string) => {
      if (token === 'bad') throw new VaultError('unauthenticated', 'Invalid token')
      return {
        tenant: token,
        clientId: 'c',
        scopes: new Set<string>(),
        expiresAtMs: Number.POSITIVE_INFINITY,
      }
    },
  }
  const document = 'x'.repeat(320 * 1024)
  const dispatcher = createDispatcher({
    ...{ handlerOf: () => handler, elsewhere: handler, metrics: handler },
    reference: {
      paths: ['/openapi.json'],
      answer: async () => ({ statusCode: 200, headers: {}, body: document }),
    } as unknown as ReferencePages,
    ...{ local: [], verifier, budgets, corsOrigins: [], log, clock },
  })
  const event = (routeKey: string, token?: string) =>
    ({
      routeKey,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      requestContext: { requestId: 'r', http: { method: routeKey.split(' ')[0], sourceIp: '192.0.2.1' } },
    }) as unknown as APIGatewayProxyEventV2
  return { clock, answered, dispatcher, event }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('createDispatcher', () => {
  it('works little for 64 that ask again at each answer, and begins at once what another tenant asks', async () => {
    const { clock, answered, dispatcher, event } = dispatcherUnderTest()
    let isOver = false
    const askOn = async (): Promise<void> => {
      while (!isOver) await dispatcher.handle(event(LIST, 'evil'))
    }
    const asking = Array.from({ length: 64 }, askOn)
    for (let second = 0; second < 5; second++) {
      for (let rounds = 0; rounds < 400; rounds++) await settle()
      // All of them wait: nothing is begun but what another asks.
      const before = answered.length
      expect((await dispatcher.handle(event(LIST, 'acme'))).statusCode).toBe(200)
      expect(answered.slice(before)).toEqual(['acme'])
      await clock.advance(1_200)
    }
    // Its budget, and refusals: twenty at once and one each of those who ask, a second.
    const most = 6 * (1.2 * PER_SECOND + 1.2 * 20 + 64) + PER_SECOND
    expect(answered.filter((of) => of === 'evil').length).toBeLessThan(most)
    isOver = true
    await clock.advance(10_000)
    await Promise.all(asking)
  })

  it('reads a body for who has something left to send it with', async () => {
    const { dispatcher, event } = dispatcherUnderTest()
    expect(await dispatcher.admit(event(CREATE, 'acme'))).toEqual({
      holder: { tenant: 'acme', name: 'tenant acme' },
    })
    for (let sent = 0; sent < PER_SECOND; sent++) await dispatcher.handle(event(LIST, 'evil'))
    expect(await dispatcher.admit(event(CREATE, 'evil'))).toMatchObject({ answer: { statusCode: 429 } })
    expect(await dispatcher.admit(event(CREATE, 'bad'))).toHaveProperty('answer')
  })

  it('charges an address for the documents it is sent by their size', async () => {
    const { dispatcher, event } = dispatcherUnderTest()
    const statuses: (number | undefined)[] = []
    for (let sent = 0; sent < 12; sent++) {
      statuses.push((await dispatcher.handle(event('GET /openapi.json'))).statusCode)
    }
    // Eleven units each, of a hundred; the last one that fits may owe.
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429])
  })
})
