import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { KEY_FILE } from '../../../../infra/embedded/open-stores.ts'
import { addKey } from '../../../../shared/adapters/sealed/key-file.ts'
import { SqliteItemStore } from '../../../../shared/adapters/sqlite/sqlite-item-store.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { COMPILE_CACHE } from '../../../support/compile-cache.ts'
import { runCommand } from '../../../support/run-command.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'
import { fillVaultFolder, lookIntoVaultFolder } from '../../../support/vault-folder.ts'

const SECRETS = 40
const MANY_SECRETS = 1000
const KILLS = 5

let folder: string
let keyFile: string

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-rotate-'))
  keyFile = path.join(folder, KEY_FILE)
})

afterEach(() => fs.rmSync(folder, { recursive: true }))

const rotate = (args: readonly string[] = []) => runCommand('rotate-key', args, { folder })

/** Starts the command and kills it after so many ms; whether it was still running then. */
async function killedAfter(ms: number): Promise<boolean> {
  const script = path.resolve('infra/embedded/commands/rotate-key-command.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    env: { ...COMPILE_CACHE, FLOW_VAULT_DATA: folder },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), ms)
  const [, signal] = await exited
  clearTimeout(timer)
  return signal === 'SIGKILL'
}

describe('rotate-key command', () => {
  it('puts everything under a new key, forgets the old one, and says how much is left meanwhile', async () => {
    await fillVaultFolder(folder, SECRETS)
    const before = await lookIntoVaultFolder(folder)
    const outcome = await rotate()
    expect(outcome).toMatchObject({ exitCode: 0 })
    const after = await lookIntoVaultFolder(folder)
    expect(after).toMatchObject({ sound: SECRETS, damaged: 0, keyIds: [after.active] })
    expect(after.wrappingKeyIds).toEqual([after.active])
    expect(after.active).not.toBe(before.active)
    // The key check is one of the sealed items.
    expect(outcome.err).toContain(`${SECRETS + 1} to re-wrap\n0 left\n`)
    expect(outcome.out).toContain(`under the key ${after.active}; ${before.active} opens nothing any more`)
    expect(fs.statSync(keyFile).mode & 0o777).toBe(0o600)
  })

  it('changes no ciphertext: no secret is opened for it', async () => {
    await fillVaultFolder(folder, 3)
    const sealed = async () => {
      const items = SqliteItemStore.open({ path: path.join(folder, 'vault.db') })
      const page = await items.scan({ limit: 100 })
      await items.close()
      return page.items.flatMap(({ attributes: { iv, ciphertext } }) =>
        iv === undefined ? [] : [iv, ciphertext],
      )
    }
    const before = await sealed()
    await rotate()
    expect(await sealed()).toEqual(before)
  })

  it('goes on with a rotation that was interrupted, and adds no third key', async () => {
    await fillVaultFolder(folder, SECRETS)
    const { active } = await addKey(keyFile, new SystemRandom())
    fs.writeFileSync(`${keyFile}.new`, 'half a draft')
    const outcome = await rotate()
    expect(outcome).toMatchObject({ exitCode: 0 })
    expect(outcome.err).toContain(`going on with an interrupted rotation to the key ${active}`)
    expect(await lookIntoVaultFolder(folder)).toMatchObject({ active, keyIds: [active], sound: SECRETS })
  })

  it(`loses nothing when it is killed ${KILLS} times, and ends when it is let (seed 5)`, async () => {
    await fillVaultFolder(folder, MANY_SECRETS)
    const random = new SeededRandom(5)
    const began = performance.now()
    await rotate()
    const wholeMs = performance.now() - began
    let kills = 0
    for (let n = 0; n < KILLS; n++) {
      if (await killedAfter(random.fraction() * wholeMs)) kills++
      expect(await lookIntoVaultFolder(folder)).toMatchObject({ sound: MANY_SECRETS, damaged: 0 })
    }
    // How many of the kills come before the command's own end is the machine's doing; one is the least that tells.
    expect(kills).toBeGreaterThan(0)
    expect(await rotate()).toMatchObject({ exitCode: 0 })
    const after = await lookIntoVaultFolder(folder)
    expect(after).toMatchObject({
      sound: MANY_SECRETS,
      keyIds: [after.active],
      wrappingKeyIds: [after.active],
    })
  }, 120_000)

  it('keeps the old key when something does not open, and names it', async () => {
    await fillVaultFolder(folder, 3)
    const items = SqliteItemStore.open({ path: path.join(folder, 'vault.db') })
    const key = { partition: 'SECRET#flow-vault/local/s/t1/ac_1/g1', sort: 'v#v1' }
    await items.transact([{ op: 'update', key, set: { wrapped: 'AAAA' } }])
    await items.close()
    const { active } = await lookKeys()
    const outcome = await rotate()
    expect(outcome).toMatchObject({ exitCode: 1, out: '' })
    expect(outcome.err).toContain('SECRET#flow-vault/local/s/t1/ac_1/g1 v#v1')
    expect((await lookKeys()).keyIds).toContain(active)
  })

  it('lets only one rotation run at a time', async () => {
    await fillVaultFolder(folder, MANY_SECRETS)
    const outcomes = await Promise.all([rotate(), rotate(), rotate()])
    expect(outcomes.map(({ exitCode }) => exitCode).filter((code) => code === 0).length).toBeGreaterThan(0)
    for (const { exitCode, err } of outcomes) {
      if (exitCode !== 0) expect([exitCode, err]).toEqual([2, expect.stringContaining('Another rotation')])
    }
    expect(await lookIntoVaultFolder(folder)).toMatchObject({ sound: MANY_SECRETS, damaged: 0 })
  })

  it.each([
    ['an empty folder', () => {}, 'There is no vault.db in'],
    [
      'a folder without its key file',
      () => fs.writeFileSync(path.join(folder, 'vault.db'), '', { mode: 0o600 }),
      'There is no vault-key.json',
    ],
  ])('refuses %s with status 2 and makes nothing in it', async (_, prepare, message) => {
    prepare()
    const before = fs.readdirSync(folder)
    const outcome = await rotate()
    expect(outcome).toMatchObject({ exitCode: 2, out: '' })
    expect(outcome.err).toContain(message)
    expect(fs.readdirSync(folder)).toEqual(before)
  })

  it('refuses the key file of another vault, and leaves it as it is', async () => {
    await fillVaultFolder(folder, 1)
    const other = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-rotate-'))
    await fillVaultFolder(other, 1)
    fs.copyFileSync(path.join(other, KEY_FILE), keyFile)
    fs.rmSync(other, { recursive: true })
    const before = fs.readFileSync(keyFile, 'utf8')
    const outcome = await rotate()
    expect(outcome).toMatchObject({ exitCode: 2, out: '' })
    expect(outcome.err).toContain('do not belong to this database')
    expect(fs.readFileSync(keyFile, 'utf8')).toBe(before)
  })

  it('refuses what it does not know, and tells its usage', async () => {
    expect(await rotate(['--force'])).toMatchObject({ exitCode: 2, err: expect.stringContaining('Usage:') })
    expect(await rotate(['--help'])).toMatchObject({ exitCode: 0, out: expect.stringContaining('Usage:') })
  })
})

async function lookKeys(): Promise<{ active: string; keyIds: string[] }> {
  const { active, keys } = JSON.parse(fs.readFileSync(keyFile, 'utf8')) as { active: string; keys: object }
  return { active, keyIds: Object.keys(keys) }
}
