import fs from 'node:fs'
import path from 'node:path'
import { runCommand } from '../../support/run-command.ts'
import { newDataFolder } from '../../support/running-vault.ts'
import { type SpawnedVault, spawnVault } from '../../support/spawned-vault.ts'
import { lookIntoVaultFolder } from '../../support/vault-folder.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const CALLER = { tenant: 'acme' } as const
const WRITERS = 4
const env = { FLOW_VAULT_BACKUP_PASSPHRASE: 'correct horse battery staple' }

/** Writers that make connections and replace their setups until they are told to stop. */
function startWriters(vault: SpawnedVault): { stop(): Promise<Map<string, string>> } {
  const served = new Map<string, string>()
  let isStopped = false
  const setup = (key: string) => ({ setup: { type: 'API_KEY', api_key: key } })
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; !isStopped; n++) {
      const [first, second] = [`SG.${writer}-${n}-first`, `SG.${writer}-${n}-second`]
      const body = { name: `${writer}-${n}`, app_id: 'SENDGRID', ...setup(first) }
      const created = await vault.request(CALLER, 'POST', CONNECTIONS, body)
      expect(created.status).toBe(201)
      const { id } = (await created.json()) as { id: string }
      served.set(id, first)
      const updated = await vault.request(CALLER, 'PATCH', `${CONNECTIONS}/${id}`, setup(second))
      expect(updated.status).toBe(200)
      served.set(id, second)
    }
  }
  const writing = Array.from({ length: WRITERS }, (_, writer) => write(writer))
  return {
    async stop() {
      isStopped = true
      await Promise.all(writing)
      return served
    },
  }
}

async function wronglyServed(vault: SpawnedVault, expected: ReadonlyMap<string, string>): Promise<string[]> {
  const wrong: string[] = []
  for (const [id, key] of expected) {
    const answer = await vault.request(CALLER, 'GET', `${CONNECTIONS}/${id}/credentials`)
    const { fields } = (await answer.json()) as { fields?: { api_key: string } }
    if (fields?.api_key !== key)
      wrong.push(`${id} serves ${fields?.api_key} and not ${key} (${answer.status})`)
  }
  return wrong
}

describe('a serving vault', () => {
  let vault: SpawnedVault
  let folder: string
  let other: string

  beforeEach(async () => {
    folder = await newDataFolder()
    other = await newDataFolder()
    vault = await spawnVault({ folder })
  })

  afterEach(async () => {
    await vault.stop()
    for (const made of [folder, other]) fs.rmSync(made, { recursive: true, force: true })
  })

  it('is put under a new key without a request that fails, and starts again with that key alone', async () => {
    const writers = startWriters(vault)
    const outcome = await runCommand('rotate-key', [], { folder })
    const written = await writers.stop()
    expect(outcome).toMatchObject({ exitCode: 0 })
    expect(outcome.err).toContain('a server is running: waiting')
    expect(written.size).toBeGreaterThan(WRITERS * 10)
    // Whatever it has in memory, it reads by the new key as well.
    expect(await wronglyServed(vault, written)).toEqual([])
    await vault.stop()
    const { active, keyIds, wrappingKeyIds } = await lookIntoVaultFolder(folder)
    expect([keyIds, wrappingKeyIds]).toEqual([[active], [active]])
    vault = await spawnVault({ folder })
    expect(await wronglyServed(vault, written)).toEqual([])
  })

  it('is backed up as it was at one instant, and served again out of the backup', async () => {
    const before = startWriters(vault)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const early = await before.stop()
    const writers = startWriters(vault)
    const file = path.join(other, 'vault.backup')
    expect(await runCommand('backup', [file], { folder, env })).toMatchObject({ exitCode: 0 })
    const late = await writers.stop()
    expect(late.size).toBeGreaterThan(WRITERS)
    const restored = path.join(other, 'restored')
    const restoring = { folder: other, env: { ...env, FLOW_VAULT_DATA: restored } }
    expect(await runCommand('restore', [file], restoring)).toMatchObject({ exitCode: 0 })
    const second = await spawnVault({ folder: restored })
    try {
      expect(await wronglyServed(second, early)).toEqual([])
      // The clients are those of the vault that was backed up, and their certificate authority is too.
      const ca = (of: string) => fs.readFileSync(path.join(of, 'ca.pem'), 'utf8')
      expect(ca(restored)).toBe(ca(folder))
      const token = await runCommand('token', [], { folder: restored })
      expect(token).toMatchObject({ exitCode: 0 })
      const health = await fetch(`${second.url}/readyz`)
      expect(health.status).toBe(200)
      // Every row that came along is whole: each connection that is listed is served.
      const listed = await second.request(CALLER, 'GET', `${CONNECTIONS}?per_page=100&page=0`)
      for (const { id } of (await listed.json()) as { id: string }[]) {
        const answer = await second.request(CALLER, 'GET', `${CONNECTIONS}/${id}/credentials`)
        expect(answer.status).toBe(200)
      }
    } finally {
      await second.stop()
    }
  })
})
