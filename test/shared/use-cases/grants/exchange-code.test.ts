import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { CODE_SETUP } from '../../../support/oauth2-setups.ts'
import type { ScriptedAnswer } from '../../../support/scripted-provider.ts'

const GOOD = { body: { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3600 } }
const BUSY = { status: 503, headers: { 'retry-after': '1' }, body: {} }

describe('exchangeCode', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  /** A person comes back from the provider, which gives these answers in turn, the last one for ever. */
  async function comesBack(...answers: readonly ScriptedAnswer[]) {
    let n = 0
    world.provider.answerWith(() => answers[Math.min(n++, answers.length - 1)]!)
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    const state = (await world.authorize(id)).searchParams.get('state')
    const fromMs = world.clock.monotonicMs()
    let ended = false
    const finished = world.finish(state).finally(() => {
      ended = true
    })
    for (let step = 0; step < 300 && !ended; step++) await world.clock.advance(100)
    await finished
    return {
      status: (await world.row(id)).status,
      codes: world.provider.requests.map(({ parameters }) => parameters['code']),
      tookS: Math.ceil((world.clock.monotonicMs() - fromMs) / 1000),
    }
  }

  it('asks again for a code that the provider did not take, while the person waits', async () => {
    const { status, codes } = await comesBack(BUSY, { status: 429, body: {} }, GOOD)
    expect(status).toBe('ready')
    expect(codes).toEqual(['code-000', 'code-000', 'code-000'])
  })

  it('gives up after eight seconds', async () => {
    const { status, codes, tookS } = await comesBack(BUSY)
    expect(status).toBe('pending')
    expect(codes).toHaveLength(4)
    expect(tookS).toBeLessThanOrEqual(8)
  })

  it.each<[string, ScriptedAnswer]>([
    ['that asks for more patience', { ...BUSY, headers: { 'retry-after': '30' } }],
    ['that refused it', { status: 400, body: { error: 'invalid_grant' } }],
    ['that may have taken it', { status: 500, body: {} }],
    ['that hung up on it', { drop: true }],
  ])('does not ask a provider twice %s', async (_what, answer) => {
    const { codes } = await comesBack(answer, GOOD)
    expect(codes).toEqual(['code-000'])
  })
})
