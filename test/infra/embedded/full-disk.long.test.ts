import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type CommandOutcome, runCommand } from '../../support/run-command.ts'
import { spawnVault } from '../../support/spawned-vault.ts'
import { fillVaultFolder, lookIntoVaultFolder } from '../../support/vault-folder.ts'

const SECRETS = 200
/** Less than the database and its copies need, and more than a lock does. */
const SMALL_BLOCKS = 16

let root: string
let folder: string

beforeEach(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-full-'))
  folder = path.join(root, 'vault')
  fs.mkdirSync(folder, { mode: 0o700 })
  await fillVaultFolder(folder, SECRETS)
})

afterEach(() => fs.rmSync(root, { recursive: true }))

const env = { FLOW_VAULT_BACKUP_PASSPHRASE: 'correct horse battery staple' }
const file = () => path.join(root, 'vault.backup')
const target = () => path.join(root, 'restored')
const backUp = (maxFileBlocks?: number) =>
  runCommand('backup', [file()], {
    folder,
    env,
    ...(maxFileBlocks === undefined ? {} : { maxFileBlocks }),
  })
const restore = (maxFileBlocks?: number) =>
  runCommand('restore', [file(), '--data', target()], {
    folder: root,
    env,
    ...(maxFileBlocks === undefined ? {} : { maxFileBlocks }),
  })

/** Ended by the disk, in one line that says so and shows no place in our code. */
function expectToldOfDisk({ exitCode, err }: CommandOutcome): void {
  expect(exitCode).toBe(1)
  expect(err).toMatch(
    /\(EFBIG\)|EFBIG: .*ulimit -f|SQLite code \d+, (disk I\/O error|database or disk is full)\)\. \w/,
  )
  expect(err).not.toMatch(/\.ts:\d+/)
}

describe('a disk without room', () => {
  it('ends a backup, which leaves neither a file nor a copy behind, and works once there is room', async () => {
    expectToldOfDisk(await backUp(SMALL_BLOCKS))
    expect(fs.readdirSync(root)).toEqual(['vault'])
    expect(fs.readdirSync(folder).filter((name) => name.includes('snapshot'))).toEqual([])
    expect(await backUp()).toMatchObject({ exitCode: 0 })
  })

  it('ends a restore, which leaves no keys behind, and works once there is room', async () => {
    expect(await backUp()).toMatchObject({ exitCode: 0 })
    expectToldOfDisk(await restore(SMALL_BLOCKS))
    expect(fs.readdirSync(root).sort()).toEqual(['vault', 'vault.backup'])
    expect(await restore()).toMatchObject({ exitCode: 0 })
    expect(await lookIntoVaultFolder(target())).toMatchObject({ sound: SECRETS, damaged: 0 })
  })

  it('ends a rotation of keys in the middle, which loses nothing and goes on once there is room', async () => {
    const { active } = await lookIntoVaultFolder(folder)
    expectToldOfDisk(await runCommand('rotate-key', [], { folder, maxFileBlocks: SMALL_BLOCKS }))
    const between = await lookIntoVaultFolder(folder)
    expect(between).toMatchObject({ sound: SECRETS, damaged: 0 })
    expect(between.keyIds).toContain(active)
    expect(await runCommand('rotate-key', [], { folder })).toMatchObject({ exitCode: 0 })
    const after = await lookIntoVaultFolder(folder)
    expect(after).toMatchObject({ sound: SECRETS, damaged: 0, keyIds: [after.active] })
    expect(after.active).not.toBe(active)
  })

  it.each([0, 1, 2, 8, 24])(
    'ends a start with 2, naming the folder and what to do, with %i blocks a file, and then lets it start',
    async (maxFileBlocks) => {
      const fresh = path.join(root, 'fresh')
      const failure = String(await spawnVault({ folder: fresh, maxFileBlocks }).catch((error) => error))
      expect(failure).toMatch(/the vault did not start: exit 2\nflow-vault did not start\.\n/)
      expect(failure).toContain(fresh)
      expect(failure).toMatch(/\((EFBIG\)\. .*ulimit -f|SQLite code \d+, .*\)\. (Look at df|Make room))/)
      expect(failure).not.toMatch(/\.ts:\d+/)
      const vault = await spawnVault({ folder: fresh })
      await vault.stop()
    },
  )

  it('ends every command that cannot even take its lock, in words and not in a stack', async () => {
    expectToldOfDisk(await backUp(0))
    expectToldOfDisk(await runCommand('rotate-key', [], { folder, maxFileBlocks: 0 }))
    expect(await lookIntoVaultFolder(folder)).toMatchObject({ sound: SECRETS, damaged: 0 })
  })
})
