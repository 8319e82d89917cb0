import { jest } from '@jest/globals'
import { ManualClock } from '../support/manual-clock.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const caller = { tenant: 'acme' }
const setup = (password: string) => ({ type: 'BASIC_AUTH', username: 'ci', password })

describe('guessing a stored secret by changes of its setup', () => {
  let vault: RunningVault
  let clock: ManualClock
  let id: string
  beforeEach(async () => {
    clock = new ManualClock(Date.now())
    vault = await startRunningVault({ clock })
    const created = await vault.request(caller, 'POST', CONNECTIONS, {
      name: 'Pin',
      app_id: 'HTTP',
      setup: setup('1237'),
    })
    ;({ id } = (await created.json()) as { id: string })
  })
  afterEach(() => vault.stop())

  const guess = async (password: string) => {
    const answer = await vault.request(caller, 'PATCH', `${CONNECTIONS}/${id}?verify=true`, {
      setup: setup(password),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const events = async () =>
    (await (await vault.request(caller, 'GET', `${CONNECTIONS}/${id}/events`)).json()) as {
      changed: string[]
    }[]

  it('learns nothing from an answer, and writes nothing for either', async () => {
    const puts = jest.spyOn(vault.server.vault.items, 'transact')
    const wrong = await guess('9999')
    const ofWrong = puts.mock.calls.length
    const right = await guess('1237')
    expect(right).toEqual(wrong)
    expect(right.status).toBe(400)
    expect(puts.mock.calls.length).toBe(2 * ofWrong)
  })

  it('ends after twenty refusals in a minute, and the feed tells of it once', async () => {
    for (let n = 0; n < 20; n++) expect((await guess(`${1000 + n}`)).status).toBe(400)
    expect((await guess('1237')).status).toBe(429)
    expect((await guess('1237')).status).toBe(429)
    const told = (await events()).filter(({ changed }) => changed.includes('refused_changes'))
    expect(told).toHaveLength(1)
    const renamed = await vault.request(caller, 'PATCH', `${CONNECTIONS}/${id}`, { name: 'Still changed' })
    expect(renamed.status).toBe(200)
    await clock.advance(60_000)
    expect((await guess('1237')).status).toBe(400)
  })
})
