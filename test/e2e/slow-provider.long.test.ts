import { setTimeout as sleep } from 'node:timers/promises'
import { type AskedAnswer, startTwoVaults, type TwoVaults, timesSent } from '../support/two-vaults.ts'

const MINUTE_MS = 60_000
const HOUR_S = 3600
/** Slower than the ten seconds that a fetch waits. */
const SLOWER_THAN_A_FETCH_MS = 11_000
/** Slower than the minute that a provider is given, and than the lease of 90 s. */
const SLOWER_THAN_THE_LEASE_MS = 95_000
/** More than any token of these tests has left, so that each fetch asks for a rotation. */
const WANTS_MORE = '?min_ttl=3000'
const BETWEEN_FETCHES_MS = 500
/** In real time: the lease is watched to its end, and reconcile comes each minute. */
const TEST_WITHIN_MS = 6 * MINUTE_MS

/*
 * The provider answers late, in real time and by the real sizes: nothing here is moved but the calendar at the
 * beginning, so that the token is nearly at its end.
 */
describe('two processes over one database, and a provider that answers late', () => {
  let vaults: TwoVaults
  beforeEach(async () => {
    vaults = await startTwoVaults({ accessTokenSeconds: HOUR_S })
  })
  afterEach(() => vaults.close())

  const provider = () => vaults.providers[0]!
  const tokensOf = (answers: readonly AskedAnswer[]) =>
    new Set(answers.map(({ body }) => body.fields?.access_token))
  const statusesOf = (answers: readonly AskedAnswer[]) => new Set(answers.map(({ status }) => status))
  /** Fetches from the given processes, all at a time and again and again, until `isOver`. */
  async function fetchUntil(
    isOver: () => Promise<boolean>,
    asked: { id: string; workers: readonly number[]; query?: string },
  ): Promise<AskedAnswer[]> {
    const answers: AskedAnswer[] = []
    while (!(await isOver())) {
      const round = asked.workers.map((worker) => vaults.fetchFrom(worker, asked.id, asked.query))
      answers.push(...(await Promise.all(round)))
      expect(timesSent(provider()).filter((times) => times > 1)).toEqual([])
      await sleep(BETWEEN_FETCHES_MS)
    }
    return answers
  }
  const answered = async () => provider().requestsInWork() === 0
  const arrived = async () => {
    while (provider().requestsInWork() === 0) await sleep(20)
  }

  /** The grant is alive: both hand out one token that the provider knows, and it can be renewed once more. */
  async function expectAlive(id: string, old: string): Promise<void> {
    const answers = await Promise.all([vaults.fetchFrom(0, id), vaults.fetchFrom(1, id)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const [token, ...others] = tokensOf(answers)
    expect(others).toEqual([])
    expect(token).not.toBe(old)
    await expect(provider().isActive(token)).resolves.toBe(true)
    provider().setDelayMs(0)
    const rotated = await vaults.request(1, 'POST', `/api/v2/flows/vault/connections/${id}/rotate`)
    expect(rotated.status).toBe(200)
    const renewed = (await vaults.fetchFrom(0, id)).body.fields.access_token
    expect(renewed).not.toBe(token)
    await expect(provider().isActive(renewed)).resolves.toBe(true)
  }

  it('goes on rotating when the answer takes longer than a fetch waits, and sends each token once', async () => {
    const expired = await vaults.connect('alice')
    await vaults.moveOn(50 * MINUTE_MS)
    const lasting = await vaults.connect('bob')
    await vaults.moveOn(11 * MINUTE_MS)
    const [oldOfExpired, old] = [expired, lasting].map((id) => vaults.view(0, id))
    expect(Date.parse((await oldOfExpired!).expires_at)).toBeLessThan(Date.parse((await old!).expires_at))
    const before = (await vaults.fetchFrom(0, lasting)).body.fields.access_token
    const sentBefore = provider().tokenRequests.length
    provider().setDelayMs(SLOWER_THAN_A_FETCH_MS)

    const many = Array.from({ length: 20 }, (_, index) => index % 2)
    const [ofExpired, ofLasting] = await Promise.all([
      Promise.all(many.map((worker) => vaults.fetchFrom(worker, expired))),
      Promise.all(many.map((worker) => vaults.fetchFrom(worker, lasting, WANTS_MORE))),
    ])
    // Nothing valid is left of the one: its flows are told when to come back. The other's have what is left.
    expect(statusesOf(ofExpired)).toEqual(new Set([503]))
    for (const { retryAfter } of ofExpired) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)
    expect(statusesOf(ofLasting)).toEqual(new Set([200]))
    expect(tokensOf(ofLasting)).toEqual(new Set([before]))

    const meanwhile = await fetchUntil(answered, { id: lasting, workers: [0, 1], query: WANTS_MORE })
    expect([...statusesOf(meanwhile)]).toEqual(meanwhile.length === 0 ? [] : [200])
    const after = await Promise.all(many.map((worker) => vaults.fetchFrom(worker, expired)))
    expect(statusesOf(after)).toEqual(new Set([200]))
    expect(tokensOf(after).size).toBe(1)
    expect(provider().tokenRequests.length - sentBefore).toBe(2)
    expect(timesSent(provider())).toEqual([1, 1])
    await expectAlive(lasting, before)
    expect(Math.max(...timesSent(provider()))).toBe(1)
  })

  it(
    'serves the old token and sends nothing again while the answer takes longer than the lease',
    async () => {
      const id = await vaults.connect('alice')
      const old = (await vaults.fetchFrom(0, id)).body.fields.access_token
      await vaults.moveOn(56 * MINUTE_MS)
      provider().setDelayMs(SLOWER_THAN_THE_LEASE_MS)
      const first = vaults.fetchFrom(0, id, WANTS_MORE)
      await arrived()
      const answers = await fetchUntil(answered, { id, workers: [0, 1], query: WANTS_MORE })
      answers.push(await first)
      expect(statusesOf(answers)).toEqual(new Set([200]))
      expect(tokensOf(answers)).toEqual(new Set([old]))
      // Whether the provider used the refresh token up nobody can know: both leave it alone, and say so.
      expect(timesSent(provider())).toEqual([1])
      const views = await Promise.all([vaults.view(0, id), vaults.view(1, id)])
      for (const view of views)
        expect(view).toMatchObject({ status: 'degraded', failure: { class: 'unknown', code: 'timeout' } })
      const still = await Promise.all([vaults.fetchFrom(0, id, WANTS_MORE), vaults.fetchFrom(1, id)])
      expect(tokensOf(still)).toEqual(new Set([old]))
      expect(timesSent(provider())).toEqual([1])
    },
    TEST_WITHIN_MS,
  )

  it(
    'keeps the grant whose sender stood still from before the answer until after the lease',
    async () => {
      const id = await vaults.connect('alice')
      const old = (await vaults.fetchFrom(0, id)).body.fields.access_token
      await vaults.moveOn(55 * MINUTE_MS)
      provider().setDelayMs(SLOWER_THAN_THE_LEASE_MS)
      const first = vaults.fetchFrom(0, id, WANTS_MORE)
      await arrived()
      vaults.worker(0).pause()
      const isUnknown = async () =>
        (await answered()) && (await vaults.view(1, id)).failure?.code === 'outcome_unknown'
      const answers = await fetchUntil(isUnknown, { id, workers: [1], query: WANTS_MORE })
      expect(timesSent(provider())).toEqual([1])
      vaults.worker(0).resume()
      answers.push(await first)
      const isReady = async () => (await vaults.view(1, id)).status === 'ready'
      answers.push(...(await fetchUntil(isReady, { id, workers: [0, 1], query: WANTS_MORE })))
      expect(statusesOf(answers)).toEqual(new Set([200]))
      expect(timesSent(provider())).toEqual([1])
      await expectAlive(id, old)
      expect(Math.max(...timesSent(provider()))).toBe(1)
    },
    TEST_WITHIN_MS,
  )
})
