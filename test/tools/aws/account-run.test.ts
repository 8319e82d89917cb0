import { RUN_REQUESTS, runAgainstAccount } from '../../../tools/aws/account-run.ts'
import { type RunningVault, startRunningVault } from '../../support/running-vault.ts'

const CALLER = { tenant: 'account-run' }
let vault: RunningVault

beforeAll(async () => {
  vault = await startRunningVault()
})
afterAll(() => vault.stop())

const run = async (through: typeof fetch) => {
  const said: string[] = []
  const token = await vault.token(CALLER)
  const target = {
    url: vault.url,
    token,
    fetch: through,
    runId: 'r1',
    say: (line: string) => void said.push(line),
  }
  return { results: await runAgainstAccount(target), said }
}
const left = async () =>
  ((await (await vault.request(CALLER, 'GET', '/api/v2/flows/vault/connections')).json()) as unknown[]).length

describe('runAgainstAccount', () => {
  it('holds of a vault that works, and leaves nothing behind', async () => {
    let requests = 0
    const { results, said } = await run((...call) => {
      requests += 1
      return fetch(...call)
    })
    expect(results.filter(({ fault }) => fault !== undefined)).toEqual([])
    expect(requests).toBe(RUN_REQUESTS)
    expect(results.length).toBeGreaterThan(8)
    expect(said.every((line) => line.startsWith('ok'))).toBe(true)
    expect(await left()).toBe(0)
  })

  it('ends at the first step that fails, and removes what it made', async () => {
    let fetches = 0
    const failing: typeof fetch = async (input, init) => {
      if (String(input).endsWith('/credentials') && init?.method === 'GET' && ++fetches === 2)
        return new Response('{"message":"away"}', {
          status: 503,
          headers: { 'content-type': 'application/json' },
        })
      return fetch(input, init)
    }
    const { results } = await run(failing)
    const failed = results.filter(({ fault }) => fault !== undefined)
    expect(failed).toEqual([
      { step: 'hands it out again, from memory or the store', fault: '503 instead of 200: away' },
    ])
    expect(results.at(-1)).toEqual({ step: 'and does not know it any more' })
    expect(await left()).toBe(0)
  })
})
