import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { lockKeys } from '../../../infra/embedded/commands/command.ts'
import { tryFileLock } from '../../../infra/embedded/data-folder.ts'
import { KEY_FILE } from '../../../infra/embedded/open-stores.ts'
import { runCommand } from '../../support/run-command.ts'
import { startRunningVault } from '../../support/running-vault.ts'
import { fillVaultFolder, lookIntoVaultFolder } from '../../support/vault-folder.ts'

const SECRETS = 2000
const ENV = { FLOW_VAULT_BACKUP_PASSPHRASE: 'correct horse battery staple' }

let root: string
let source: string
let backup: string
let target: string

beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-leftovers-'))
  source = path.join(root, 'vault')
  fs.mkdirSync(source, { mode: 0o700 })
  await fillVaultFolder(source, SECRETS)
  backup = path.join(root, 'vault.backup')
  expect(await runCommand('backup', [backup], { folder: source, env: ENV })).toMatchObject({ exitCode: 0 })
}, 60_000)

afterAll(() => fs.rmSync(root, { recursive: true }))

beforeEach(() => {
  target = path.join(fs.mkdtempSync(path.join(root, 'case-')), '.flow-vault')
})

/** Beside the data folder. */
const around = (): string[] => fs.readdirSync(path.dirname(target)).sort()
const stagings = (): string[] => around().filter((name) => name.startsWith('.flow-vault.restore-'))
const modeOf = (...names: string[]): number =>
  fs.statSync(path.join(path.dirname(target), ...names)).mode & 0o777

/** Starts a restore and kills it when its staging folder holds the keys. */
async function killRestore(): Promise<string> {
  await killed('restore', target, () =>
    stagings().some((name) => fs.existsSync(path.join(path.dirname(target), name, 'vault.db'))),
  )
  const [staging] = stagings()
  return staging!
}

async function killed(command: string, folder: string, isTime: () => boolean): Promise<void> {
  const script = path.resolve(`infra/embedded/commands/${command}-command.ts`)
  const args = command === 'rotate-key' ? [] : [backup]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    env: { FLOW_VAULT_DATA: folder, ...ENV },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  while (!isTime()) {
    expect(child.exitCode).toBeNull()
    await new Promise((resolve) => setImmediate(resolve))
  }
  child.kill('SIGKILL')
  expect((await exited)[1]).toBe('SIGKILL')
}

async function startAndStop(): Promise<void> {
  await (await startRunningVault({ folder: target })).stop()
}

describe('a restore that was killed', () => {
  it('leaves its keys to their owner alone, and the next restore removes them', async () => {
    const staging = await killRestore()
    expect([modeOf(staging), modeOf(staging, KEY_FILE), modeOf(staging, 'vault.db')]).toEqual([
      0o700, 0o600, 0o600,
    ])
    expect(fs.existsSync(target)).toBe(false)
    const outcome = await runCommand('restore', [backup], {
      folder: root,
      env: { ...ENV, FLOW_VAULT_DATA: target },
    })
    expect(outcome).toMatchObject({ exitCode: 0 })
    expect(around()).toEqual(['.flow-vault'])
    expect(await lookIntoVaultFolder(target)).toMatchObject({ sound: SECRETS, damaged: 0 })
    expect(fs.readdirSync(target)).not.toContain('restore.lock')
  })

  it('leaves what the start of a server removes', async () => {
    await killRestore()
    await startAndStop()
    expect(around()).toEqual(['.flow-vault'])
  })
})

describe('the start of a server', () => {
  it('leaves a restore alone that runs, and a folder of a person', async () => {
    const running = `${target}.restore-abc123`
    const own = `${target}.restore-before`
    for (const folder of [running, own]) fs.mkdirSync(folder)
    const lock = tryFileLock(path.join(running, 'restore.lock'), 0)
    await startAndStop()
    expect(around()).toEqual(['.flow-vault', '.flow-vault.restore-abc123', '.flow-vault.restore-before'])
    lock?.release()
    await startAndStop()
    expect(around()).toEqual(['.flow-vault', '.flow-vault.restore-before'])
  })

  it('removes what killed writers have left in the data folder, and nothing else', async () => {
    await startAndStop()
    const before = fs.readdirSync(target, { recursive: true, encoding: 'utf8' }).sort()
    const left = [
      'backup-snapshot-0011aabb',
      'backup-snapshot-0011aabb-journal',
      `${KEY_FILE}.new`,
      `${KEY_FILE}.0011aabb.new`,
      'issuer-key.json.0011aabbccdd.tmp',
      'dev.json.0011aabbccdd.tmp',
      'tls/server-key.pem.0011aabbccdd.tmp',
      'restore.lock',
    ]
    const kept = ['clients.json.0011aabbccdd.tmp', 'notes.tmp', 'vault-key.json.bak']
    for (const name of [...left, ...kept]) fs.writeFileSync(path.join(target, name), 'x')
    await startAndStop()
    const after = fs.readdirSync(target, { recursive: true, encoding: 'utf8' }).sort()
    expect(after.filter((name) => name !== `${KEY_FILE}.lock`)).toEqual([...before, ...kept].sort())
  })

  it('leaves the files of a backup or a rotation alone that runs', async () => {
    await startAndStop()
    const snapshot = path.join(target, 'backup-snapshot-0011aabb')
    fs.writeFileSync(snapshot, 'x')
    const lock = lockKeys(target)
    await startAndStop()
    expect(fs.existsSync(snapshot)).toBe(true)
    lock.release()
    await startAndStop()
    expect(fs.existsSync(snapshot)).toBe(false)
  })
})

describe('a backup that was killed', () => {
  it('leaves nothing that others can read, and the next one removes it', async () => {
    const other = path.join(path.dirname(target), 'other.backup')
    const args = backup
    backup = other
    const drafts = () => around().filter((name) => /^other\.backup\.[0-9a-f]{12}\.tmp$/.test(name))
    await killed('backup', source, () => drafts().length > 0)
    const snapshots = () => fs.readdirSync(source).filter((name) => name.startsWith('backup-snapshot-'))
    expect(snapshots().map((name) => fs.statSync(path.join(source, name)).mode & 0o777)).toEqual([0o600])
    expect(modeOf(drafts()[0]!)).toBe(0o600)
    expect(await runCommand('backup', [other], { folder: source, env: ENV })).toMatchObject({ exitCode: 0 })
    backup = args
    expect(snapshots()).toEqual([])
    expect(around()).toEqual(['other.backup'])
  })
})
