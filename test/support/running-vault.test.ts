import { access } from 'node:fs/promises'
import { startRunningVault } from './running-vault.ts'
import { spawnVault } from './spawned-vault.ts'

describe('startRunningVault', () => {
  test('serves a tenant with a real token, logs the request, and leaves no folder behind', async () => {
    const vault = await startRunningVault()
    const caller = { tenant: 'acme', scopes: ['read:flows_vault_connections'] }
    const answer = await vault.request(caller, 'GET', '/api/v2/flows/vault/connections')
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual([])
    const refused = await vault.request(caller, 'POST', '/api/v2/flows/vault/connections', {})
    expect(refused.status).toBe(403)
    await vault.stop()
    const lines = vault.log().filter((line) => line.includes('"request"'))
    expect(lines.filter((line) => line.includes('"tenant":"acme"'))).toHaveLength(2)
    expect(lines.filter((line) => line.includes('POST /oauth/token'))).toHaveLength(1)
    await expect(access(vault.folder)).rejects.toThrow('ENOENT')
  })
})

describe('spawnVault', () => {
  test('survives a kill: another process over the same folder has what the first one stored', async () => {
    const first = await spawnVault()
    const caller = { tenant: 'acme' }
    const body = { name: 'empty', app_id: 'HTTP' }
    const created = await first.request(caller, 'POST', '/api/v2/flows/vault/connections', body)
    expect(created.status).toBe(201)
    await first.kill()
    expect((await first.exited).signal).toBe('SIGKILL')
    const second = await spawnVault({ folder: first.folder })
    const answer = await second.request(caller, 'GET', '/api/v2/flows/vault/connections')
    expect(await answer.json()).toMatchObject([body])
    await second.stop()
    expect((await second.exited).code).toBe(0)
    await first.stop()
    await expect(access(first.folder)).rejects.toThrow('ENOENT')
  })
})
