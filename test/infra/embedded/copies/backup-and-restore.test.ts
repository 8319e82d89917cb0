import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { pack } from 'tar-stream'
import { lockKeys } from '../../../../infra/embedded/commands/command.ts'
import { backUp as backUpVault } from '../../../../infra/embedded/copies/back-up.ts'
import { restoreVault } from '../../../../infra/embedded/copies/restore-vault.ts'
import { sealStream } from '../../../../infra/embedded/copies/sealed-stream.ts'
import { KEY_FILE, openStores } from '../../../../infra/embedded/open-stores.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { KEY_CHECK_KEY } from '../../../../shared/domain/store-keys.ts'
import { beginMove } from '../../../../tools/aws/move/moved-store.ts'
import { type CommandOutcome, runCommand } from '../../../support/run-command.ts'
import { fillVaultFolder, isMarkedRestored, lookIntoVaultFolder } from '../../../support/vault-folder.ts'

const PASSPHRASE = 'correct horse battery staple'
const SECRETS = 200

let root: string
let folder: string
let file: string
let target: string

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-backup-'))
  folder = path.join(root, 'vault')
  file = path.join(root, 'vault.backup')
  target = path.join(root, 'restored')
  fs.mkdirSync(folder, { mode: 0o700 })
})

afterEach(() => fs.rmSync(root, { recursive: true }))

const env = { FLOW_VAULT_BACKUP_PASSPHRASE: PASSPHRASE }
/** A terminal that nobody sits at. */
const terminal = { isTTY: false } as unknown as typeof process.stdin
const around = (given: Record<string, string>, data: string) => ({
  env: { FLOW_VAULT_DATA: data, ...given },
  terminal,
  say: () => undefined,
  workFactor: 4,
})
const backUp = (args: readonly string[] = [file], given: Record<string, string> = env) =>
  outcomeOf(backUpVault([...args], around(given, folder)))
const restore = (args: readonly string[] = [file], given: Record<string, string> = env) =>
  outcomeOf(restoreVault([...args], around(given, target)))

const REFUSALS = ['RefusedError', 'LockedError', 'KeyUnavailableError']

/** As the commands tell it, in the exit codes of `runCommand`. */
async function outcomeOf(running: Promise<string>): Promise<CommandOutcome> {
  try {
    return { exitCode: 0, out: await running, err: '' }
  } catch (error) {
    if (!(error instanceof Error) || !REFUSALS.includes(error.name)) throw error
    return { exitCode: 2, out: '', err: error.message }
  }
}

describe('backup and restore commands', () => {
  it('bring a vault back by the keys of its recipients, and say so when no key is named', async () => {
    await fillVaultFolder(folder, 3)
    const [identity, foreign] = [await generateIdentity(), await generateIdentity()]
    const keyFile = path.join(root, 'key.txt')
    expect(await backUp([file, '--recipient', await identityToRecipient(identity)], {})).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('the keys of its recipients'),
    })
    expect(await restore([file])).toMatchObject({ exitCode: 2, err: expect.stringContaining('--identity') })
    fs.writeFileSync(keyFile, `# another\n${foreign}\n`)
    expect(await restore([file, '--identity', keyFile])).toMatchObject({
      exitCode: 2,
      err: 'It was made for other keys, or the backup is damaged. Nothing was restored.',
    })
    expect(fs.existsSync(target)).toBe(false)
    fs.writeFileSync(keyFile, `# created: today\n${foreign}\n${identity}\n`)
    expect(await restore([file, '--identity', keyFile])).toMatchObject({ exitCode: 0, err: '' })
    expect(await lookIntoVaultFolder(target)).toMatchObject({ sound: 3 })
  })

  it('run from the command line, with the costly derivation', async () => {
    await fillVaultFolder(folder, 3)
    expect(await runCommand('backup', [file], { folder, env })).toMatchObject({ exitCode: 0, err: '' })
    expect(
      await runCommand('restore', [file], { folder: root, env: { FLOW_VAULT_DATA: target, ...env } }),
    ).toMatchObject({ exitCode: 0, err: '', out: expect.stringContaining('Restored 2 files') })
    expect(await lookIntoVaultFolder(target)).toMatchObject({ sound: 3 })
  })

  it('bring a vault back with everything in it, readable by its owner alone', async () => {
    await fillVaultFolder(folder, SECRETS)
    fs.writeFileSync(path.join(folder, 'clients.json'), '{"clients":[]}\n', { mode: 0o600 })
    fs.mkdirSync(path.join(folder, 'tls'))
    fs.writeFileSync(path.join(folder, 'tls', 'ca-key.pem'), 'a key', { mode: 0o600 })
    const before = await lookIntoVaultFolder(folder)
    expect(await backUp()).toMatchObject({
      exitCode: 0,
      err: '',
      out: expect.stringContaining(`Wrote ${file}`),
    })
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)

    expect(await restore()).toMatchObject({ exitCode: 0, out: expect.stringContaining('Restored 4 files') })
    expect(await lookIntoVaultFolder(target)).toEqual(before)
    expect(before).toMatchObject({ sound: SECRETS })
    expect(fs.readFileSync(path.join(target, 'clients.json'), 'utf8')).toBe('{"clients":[]}\n')
    expect(fs.readFileSync(path.join(target, 'tls', 'ca-key.pem'), 'utf8')).toBe('a key')
    const modes = [target, path.join(target, KEY_FILE), path.join(target, 'vault.db')].map(
      (name) => fs.statSync(name).mode & 0o777,
    )
    expect(modes).toEqual([0o700, 0o600, 0o600])
  })

  it('leave nothing behind but the file, and the folder', async () => {
    await fillVaultFolder(folder, 3)
    fs.writeFileSync(path.join(folder, 'backup-snapshot-of-a-killed-one'), 'old')
    await backUp()
    expect(fs.readdirSync(root).sort()).toEqual(['vault', 'vault.backup'])
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual([])
    await restore()
    expect(fs.readdirSync(root).sort()).toEqual(['restored', 'vault', 'vault.backup'])
    expect(fs.readdirSync(target).filter((name) => name.startsWith('restore'))).toEqual([])
  })

  it('put no key, ciphertext or name of a file into the backup in clear', async () => {
    await fillVaultFolder(folder, 3)
    await backUp()
    const bytes = fs.readFileSync(file)
    const keys = JSON.parse(fs.readFileSync(path.join(folder, KEY_FILE), 'utf8')) as { digest_key: string }
    for (const text of [keys.digest_key, 'vault.db', 'SQLite format', 'SECRET#', 'ciphertext']) {
      expect(bytes.includes(text)).toBe(false)
    }
  })

  it('mark what is restored, until its original is said to be gone', async () => {
    await fillVaultFolder(folder, 3)
    await backUp()
    expect(await restore()).toMatchObject({ exitCode: 0, out: expect.stringContaining('--source-is-gone') })
    expect([await isMarkedRestored(folder), await isMarkedRestored(target)]).toEqual([false, true])
    expect(await restore(['--source-is-gone'], {})).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('renews every grant from now on'),
    })
    expect(await isMarkedRestored(target)).toBe(false)
    expect(await restore(['--source-is-gone'], {})).toMatchObject({
      out: expect.stringContaining('carries no mark'),
    })
    fs.rmSync(target, { recursive: true })
    expect(await restore(['--source-is-gone'], {})).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining(`There is no vault.db in ${target}`),
    })
    const { out } = await restore([file, '--source-is-gone'])
    expect(out).not.toContain('--source-is-gone')
    expect(await isMarkedRestored(target)).toBe(false)
  })

  it('leave the mark of a vault that was moved, and say where its grants are', async () => {
    await fillVaultFolder(folder, 1)
    const { items } = await openStores(folder, { random: new SystemRandom() })
    await beginMove(items, { side: 'source', other: 'the stage prod' }, 1_900_000_000_000)
    await items.close()
    expect(await runCommand('restore', ['--source-is-gone'], { folder })).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^This vault is being moved to the stage prod: .* Nothing was changed\.\n$/),
    })
    expect(await isMarkedRestored(folder)).toBe(true)
  })

  it('restore into an empty folder that is there already', async () => {
    await fillVaultFolder(folder, 3)
    await backUp()
    fs.mkdirSync(target)
    expect(await restore()).toMatchObject({ exitCode: 0 })
    expect(await lookIntoVaultFolder(target)).toMatchObject({ sound: 3 })
  })

  it('do not let a backup and a rotation of keys meet', async () => {
    await fillVaultFolder(folder, 3)
    const before = fs.readFileSync(path.join(folder, KEY_FILE), 'utf8')
    const lock = lockKeys(folder)
    const refused = {
      exitCode: 2,
      out: '',
      err: expect.stringContaining('Another rotation of keys, or a backup, is running'),
    }
    expect(await runCommand('rotate-key', [], { folder })).toMatchObject(refused)
    expect(await backUp()).toMatchObject(refused)
    expect(fs.existsSync(file)).toBe(false)
    expect(fs.readFileSync(path.join(folder, KEY_FILE), 'utf8')).toBe(before)
    lock.release()
    expect(await backUp()).toMatchObject({ exitCode: 0 })
  })

  it('leave a backup that was killed to the next one, which cleans up', async () => {
    await fillVaultFolder(folder, 2000)
    const script = path.resolve('infra/embedded/commands/backup-command.ts')
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, file], {
      env: { FLOW_VAULT_DATA: folder, ...env },
      stdio: 'ignore',
    })
    const exited = once(child, 'exit')
    while (!fs.readdirSync(folder).some((name) => name.startsWith('backup-snapshot-'))) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    child.kill('SIGKILL')
    await exited
    expect(fs.existsSync(file)).toBe(false)
    expect(await backUp()).toMatchObject({ exitCode: 0 })
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual([])
  })
})

describe('backup command', () => {
  it.each<[string, string[], Record<string, string>, string]>([
    ['no file', [], env, 'Name one file to write.'],
    ['two files', ['a', 'b'], env, 'Name one file to write.'],
    [
      'a passphrase in the arguments',
      ['a', '--passphrase', PASSPHRASE],
      env,
      "Unknown option '--passphrase'",
    ],
    ['a recipient that is none', ['a', '--recipient', 'bob'], {}, 'bob is not a recipient'],
    ['an option it does not know', ['a', '--plain'], env, "Unknown option '--plain'"],
    ['a folder that is not there', ['none/a'], env, 'There is no folder'],
    ['no passphrase', ['a'], {}, 'FLOW_VAULT_BACKUP_PASSPHRASE'],
    ['a short passphrase', ['a'], { FLOW_VAULT_BACKUP_PASSPHRASE: 'short' }, '15 characters or more'],
    ['a data folder without a vault', ['a', '--data', 'none'], env, 'There is no vault.db in'],
  ])('refuses %s with status 2, and writes nothing', async (_, args, given, message) => {
    await fillVaultFolder(folder, 1)
    const before = fs.readdirSync(folder)
    const outcome = await backUp(args, given)
    expect(outcome).toMatchObject({ exitCode: 2, out: '' })
    expect(outcome.err).toContain(message)
    expect(fs.readdirSync(folder)).toEqual(before)
  })

  it('refuses to write over a file, whatever it is', async () => {
    await fillVaultFolder(folder, 1)
    fs.writeFileSync(file, 'precious')
    const outcome = await backUp()
    expect(outcome).toMatchObject({ exitCode: 2, err: expect.stringContaining('is there already') })
    expect(fs.readFileSync(file, 'utf8')).toBe('precious')
  })

  it('refuses a vault whose key file is another’s: nobody could open the backup', async () => {
    await fillVaultFolder(folder, 1)
    const other = path.join(root, 'other')
    fs.mkdirSync(other)
    await fillVaultFolder(other, 1)
    fs.copyFileSync(path.join(other, KEY_FILE), path.join(folder, KEY_FILE))
    const outcome = await backUp()
    expect(outcome).toMatchObject({ exitCode: 2, err: expect.stringContaining('do not belong') })
    expect(fs.existsSync(file)).toBe(false)
  })
})

describe('restore command', () => {
  it.each<[string, string[], Record<string, string>, string]>([
    ['no file', [], env, 'Name one file to restore from.'],
    ['a file that is not there', ['none'], env, 'There is no'],
    ['no passphrase', ['vault.backup'], {}, 'FLOW_VAULT_BACKUP_PASSPHRASE'],
    [
      'another passphrase',
      ['vault.backup'],
      { FLOW_VAULT_BACKUP_PASSPHRASE: `${PASSPHRASE}!` },
      'The passphrase is another one, or the backup is damaged. Nothing was restored.',
    ],
  ])('refuses %s with status 2, and makes nothing', async (_, args, given, message) => {
    await fillVaultFolder(folder, 1)
    await backUp()
    const outcome = await restore(
      args.map((name) => path.join(root, name)),
      given,
    )
    expect(outcome).toMatchObject({ exitCode: 2, out: '' })
    expect(outcome.err).toContain(message)
    expect(fs.readdirSync(root).sort()).toEqual(['vault', 'vault.backup'])
  })

  it('refuses a folder that is not empty, such as that of a running server', async () => {
    await fillVaultFolder(folder, 1)
    await backUp()
    fs.mkdirSync(target)
    fs.writeFileSync(path.join(target, 'mine'), 'precious')
    expect(await restore()).toMatchObject({ exitCode: 2, err: expect.stringContaining('is not empty') })
    expect(fs.readdirSync(target)).toEqual(['mine'])
  })

  it('refuses a backup that is cut off or changed anywhere', async () => {
    await fillVaultFolder(folder, SECRETS)
    await backUp()
    const whole = fs.readFileSync(file)
    const changed = Buffer.from(whole)
    changed[whole.byteLength >> 1] = changed[whole.byteLength >> 1]! ^ 1
    for (const bytes of [whole.subarray(0, -1), whole.subarray(0, 27 + 65_552), changed]) {
      fs.writeFileSync(file, bytes)
      expect(await restore()).toMatchObject({
        exitCode: 2,
        err: expect.stringContaining('Nothing was restored'),
      })
    }
    expect(fs.readdirSync(root).sort()).toEqual(['vault', 'vault.backup'])
  })

  it('refuses keys that do not fit the database, although the backup itself is whole', async () => {
    await fillVaultFolder(folder, 1)
    const other = path.join(root, 'other')
    fs.mkdirSync(other)
    await fillVaultFolder(other, 1)
    const database = fs.readFileSync(path.join(folder, 'vault.db'))
    await writeArchive([
      [KEY_FILE, fs.readFileSync(path.join(other, KEY_FILE))],
      ['vault.db', database],
    ])
    const outcome = await restore()
    expect(outcome).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('do not belong to this database'),
    })
    expect(fs.existsSync(target)).toBe(false)
  })

  it('refuses a database without a key check, which any key would fit', async () => {
    await fillVaultFolder(folder, 1)
    const { items } = await openStores(folder, { random: new SystemRandom() })
    await items.transact([{ op: 'delete', key: KEY_CHECK_KEY }])
    await items.close()
    await writeArchive([
      [KEY_FILE, fs.readFileSync(path.join(folder, KEY_FILE))],
      ['vault.db', fs.readFileSync(path.join(folder, 'vault.db'))],
    ])
    expect(await restore()).toMatchObject({ exitCode: 2, err: expect.stringContaining('has no key check') })
  })

  it.each([
    ['a name that leads out of the folder', '../escaped'],
    ['a file that no vault has', 'run-me.sh'],
  ])('refuses an archive with %s', async (_, name) => {
    await writeArchive([[name, Buffer.from('x')]])
    expect(await restore()).toMatchObject({ exitCode: 2, err: expect.stringContaining('no vault has') })
    expect(fs.readdirSync(root).sort()).toEqual(['vault', 'vault.backup'])
  })

  it('refuses a damaged database', async () => {
    await fillVaultFolder(folder, SECRETS)
    const database = fs.readFileSync(path.join(folder, 'vault.db'))
    database.fill(0xaa, database.byteLength - 8192, database.byteLength - 4096)
    await writeArchive([
      [KEY_FILE, fs.readFileSync(path.join(folder, KEY_FILE))],
      ['vault.db', database],
    ])
    expect(await restore()).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(
        /database in the backup (is damaged|does not open).* Nothing was restored\./,
      ),
    })
    expect(fs.existsSync(target)).toBe(false)
  })
})

/** A sealed archive with these files, as only a faulty or a foreign program would write it. */
async function writeArchive(files: readonly [string, Buffer][]): Promise<void> {
  const plain = pack()
  for (const [name, bytes] of files) plain.entry({ name }, bytes)
  plain.finalize()
  const pieces: Uint8Array[] = []
  const sealedFor = { passphrase: new SecretText(PASSPHRASE), workFactor: 4 }
  for await (const piece of sealStream(plain as AsyncIterable<Uint8Array>, sealedFor)) pieces.push(piece)
  fs.writeFileSync(file, Buffer.concat(pieces))
}
