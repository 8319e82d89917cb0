import { ManualClock } from '../../../support/manual-clock.ts'
import { runCommand } from '../../../support/run-command.ts'
import { type RunningVault, startRunningVault } from '../../../support/running-vault.ts'

const LIST = '/api/v2/flows/vault/connections'

describe('rotate-issuer-key command', () => {
  let vault: RunningVault
  let clock: ManualClock
  beforeEach(async () => {
    clock = new ManualClock(Date.now())
    vault = await startRunningVault({ clock })
  })
  afterEach(() => vault.stop())

  const run = (...args: string[]) => runCommand('rotate-issuer-key', args, { folder: vault.folder })
  const list = async (token: string) =>
    (await fetch(`${vault.url}${LIST}`, { headers: { authorization: `Bearer ${token}` } })).status
  const keyIds = async () => {
    const answer = await fetch(`${vault.url}/.well-known/jwks.json`)
    return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
  }

  it('gives a running server a new key, and lets the tokens in use come to their end', async () => {
    const token = await vault.token({ tenant: 'acme' })
    const [before] = await keyIds()
    expect(await run()).toMatchObject({ exitCode: 0 })
    await clock.advance(1000)
    expect(await list(token)).toBe(200)
    const [now, old] = await keyIds()
    expect([now === before, old]).toEqual([false, before])
  })

  it('ends every token in use at once when it is told so', async () => {
    const token = await vault.token({ tenant: 'acme' })
    expect(await list(token)).toBe(200)
    expect(await run('--now')).toMatchObject({ exitCode: 0 })
    await clock.advance(1000)
    expect(await list(token)).toBe(401)
    expect(await keyIds()).toHaveLength(1)
    expect(await list(await vault.token({ tenant: 'other' }))).toBe(200)
  })

  it('refuses an option it does not know, and a folder without a vault', async () => {
    expect(await run('--later')).toMatchObject({ exitCode: 2 })
    expect(await run('--data', `${vault.folder}/none`)).toMatchObject({ exitCode: 2 })
  })
})
