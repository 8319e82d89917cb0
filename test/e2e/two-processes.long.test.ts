import { startTwoVaults, type TwoVaults, timesSent } from '../support/two-vaults.ts'

const MINUTE_MS = 60_000
const HOUR_S = 3600
/** As many as arrive at once, half of them at each process. */
const FETCHES = 50

describe('two processes over one database', () => {
  let vaults: TwoVaults
  beforeEach(async () => {
    vaults = await startTwoVaults({ accessTokenSeconds: HOUR_S })
  })
  afterEach(() => vaults.close())

  const fetchAtOnce = (id: string, query = '') =>
    Promise.all(Array.from({ length: FETCHES }, (_, index) => vaults.fetchFrom(index % 2, id, query)))
  const allGood = Array.from({ length: FETCHES }, () => 200)

  it('renews an expired grant once for fifty fetches from both, and answers all of them', async () => {
    const [provider] = vaults.providers
    const id = await vaults.connect('alice')
    const old = (await vaults.fetchFrom(0, id)).body
    await vaults.moveOn(61 * MINUTE_MS)
    provider!.setDelayMs(300)
    const answers = await fetchAtOnce(id)
    expect(answers.map(({ status }) => status)).toEqual(allGood)
    const tokens = new Set(answers.map(({ body }) => body.fields.access_token))
    expect(tokens.size).toBe(1)
    expect(tokens.has(old.fields.access_token)).toBe(false)
    expect(timesSent(provider!)).toEqual([1])
    await expect(provider!.isActive([...tokens][0])).resolves.toBe(true)
  })

  it('serves what is left of the old token in both while the provider answers 503', async () => {
    const [provider] = vaults.providers
    const id = await vaults.connect('alice')
    const old = (await vaults.fetchFrom(0, id)).body
    await vaults.moveOn(56 * MINUTE_MS)
    provider!.setFault('status-503-retry-after')
    const answers = await fetchAtOnce(id, '?min_ttl=600')
    expect(answers.map(({ status }) => status)).toEqual(allGood)
    expect(new Set(answers.map(({ body }) => body.fields.access_token))).toEqual(
      new Set([old.fields.access_token]),
    )
    expect(timesSent(provider!)).toEqual([1])
    provider!.setFault(undefined)
    await vaults.moveOn(10 * MINUTE_MS)
    const renewed = await Promise.all([vaults.fetchFrom(0, id), vaults.fetchFrom(1, id)])
    expect(renewed.map(({ status }) => status)).toEqual([200, 200])
  })
})
