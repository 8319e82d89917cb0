import { createHash } from 'node:crypto'
import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { ExchangeResult } from '../../../../shared/ports/grant-runner.ts'
import type { Authorization } from '../../../../shared/rows/authorization-row.ts'
import { authorizationIdOf, putAuthorization } from '../../../../shared/use-cases/authorize/authorization.ts'
import {
  type Finished,
  finishAuthorization,
} from '../../../../shared/use-cases/authorize/finish-authorization.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const STATE = new SecretText('state')
const CALLBACK = 'https://vault.example.com/oauth/return/ac_1'

describe('finishAuthorization, while the code is being exchanged', () => {
  let clock: ManualClock
  let exchanges: PromiseWithResolvers<ExchangeResult>[]
  let finish: () => ReturnType<typeof finishAuthorization>

  beforeEach(async () => {
    clock = new ManualClock()
    exchanges = []
    const digest = async (use: string, text: SecretText) =>
      createHash('sha256').update(`${use} ${text.reveal()}`).digest('hex')
    const log = { debug() {}, info() {}, warn() {}, error() {}, access() {} }
    const exchange = () => {
      exchanges.push(Promise.withResolvers())
      return exchanges.at(-1)!.promise
    }
    const ports = {
      items: new MemoryItemStore(),
      clock,
      log,
      digester: { digest },
      grants: { exchange, noteRefusal: async () => null },
    }
    const browser = new SecretText('browser')
    const authorization: Authorization = {
      id: await authorizationIdOf(ports, STATE),
      phase: 'bound',
      tenant: 'acme',
      connectionId: 'ac_1',
      connectionName: 'orders',
      appLabel: 'OAuth',
      setupType: 'AUTHORIZATION_CODE',
      redirectUri: CALLBACK,
      scopes: [],
      providerOrigin: 'https://login.example.com',
      browser: await digest('browser', browser),
      expiresAtMs: clock.nowMs() + 600_000,
    }
    await putAuthorization(ports, authorization)
    const input = { callbackUrl: CALLBACK, state: STATE, code: new SecretText('code'), browser }
    finish = () => finishAuthorization(ports, { ...input, error: undefined, issuer: undefined })
  })

  const REFUSED = { kind: 'failed', failure: { code: 'invalid_grant', message: 'No.' } } as ExchangeResult
  const ENDED = { kind: 'ended', end: { outcome: 'failed', words: 'No.', code: 'invalid_grant' } }

  it.each([
    ['ends', { accessExpiresAtMs: 1 }, true],
    ['ends nobody knows when', {}, false],
  ])('says that no refresh token came where the access token %s', async (_when, end, isTold) => {
    const main = { notes: ['no_refresh_token'], ...end }
    const row = { name: 'orders', status: 'ready', grants: { main } }
    const finished = finish()
    await clock.advance(0)
    exchanges[0]?.resolve({ kind: 'connected', row } as unknown as ExchangeResult)
    const { end: told } = (await finished) as Extract<Finished, { kind: 'ended' }>
    expect(told.words).toContain('Flows can use it now.')
    expect(told.words.includes('offline_access')).toBe(isTold)
  })

  it('answers who comes meanwhile with what came of it, and asks the provider once', async () => {
    const first = finish()
    await clock.advance(0)
    const second = finish()
    await clock.advance(0)
    await clock.advance(19_000)
    exchanges[0]!.resolve(REFUSED)
    await clock.advance(500)
    expect(await first).toMatchObject(ENDED)
    expect(await second).toMatchObject(ENDED)
    expect(await finish()).toMatchObject(ENDED)
    expect(exchanges).toHaveLength(1)
  })

  it('lets them wait for twenty seconds, and then come again', async () => {
    const first = finish()
    await clock.advance(0)
    let told: unknown
    const second = finish().then((finished) => {
      told = finished
    })
    await clock.advance(0)
    await clock.advance(19_999)
    expect(told).toBeUndefined()
    await clock.advance(1)
    await second
    expect(told).toMatchObject({ kind: 'waiting', authorization: { phase: 'exchanging' } })
    exchanges[0]!.resolve(REFUSED)
    expect(await first).toMatchObject(ENDED)
  })

  it('says after ninety seconds that nobody knows, and never sends the code again', async () => {
    finish()
    await clock.advance(0)
    await clock.advance(89_999)
    const late = finish()
    await clock.advance(0)
    await clock.advance(500)
    const unknown = { kind: 'ended', end: { outcome: 'failed', code: 'outcome_unknown' } }
    expect(await late).toMatchObject(unknown)
    expect(await finish()).toMatchObject(unknown)
    expect(exchanges).toHaveLength(1)
  })
})
